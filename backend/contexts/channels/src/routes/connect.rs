//! Connecting a number, and exchanging its secrets.
//!
//! **Invariant.** Meta confirms a token before anything is saved (CH02).

use axum::extract::State;
use kernel::{
    commit::Refused,
    error::Error,
    execute::{Executed, Failure},
    http::{Answer, Body, Can, IfMatch, Path, Problem, right},
};
use ports::{
    connect::{Connection, NumberInfo, Trouble},
    secret::Secret,
};
use shared::{
    channels::{
        Channel, ChannelState, ConnectChannel, ConnectedChannel, Health, Medium,
        ReplaceCredentials, WebhookProof,
    },
    ids::ChannelId,
    problem::Kind,
    stored::ConfigText,
};
use uuid::Uuid;

use super::Channels;
use crate::{
    channel::{self, Command, Connect, NUMBER},
    tables::{
        hooks::{self, HookKey, OVERLAP},
        secrets::{self, Secrets, SecretsError},
    },
};

const LONGEST_NAME: usize = 80;
const LONGEST_SECRET: usize = 4_096;

pub(super) async fn connect(
    State(app): State<Channels>,
    can: Can<right::ConnectWhatsapp>,
    Body(body): Body<ConnectChannel>,
) -> Result<Answer<ConnectedChannel>, Problem> {
    let name = name(&body.name)?;
    digits("/phone_number_id", &body.phone_number_id)?;
    digits("/waba_id", &body.waba_id)?;
    secret("/access_token", &body.access_token)?;
    secret("/app_secret", &body.app_secret)?;
    let connection = Connection {
        number_id: body.phone_number_id.clone(),
        account_id: body.waba_id.clone(),
        token: Secret::new(body.access_token.clone()),
    };
    let number = app.prover.connector.verify(&connection).await.map_err(refused)?;

    let (company, now) = (can.company(), app.prover.ground.clock.now());
    let pool = &app.prover.ledger.pools().app;
    let index = app.prover.vault.index(company).await?;
    // The same request makes the same channel.
    let channel = index.id(0, "channel", &[can.command_id().as_bytes()]);
    let secrets = Secrets {
        version: 1,
        token: connection.token.clone(),
        app_secret: Secret::new(body.app_secret.clone()),
        old_secret: None,
    };
    let command = Command::Connect(Connect {
        name,
        phone_number_id: body.phone_number_id.into(),
        waba_id: body.waba_id.into(),
        display_number: number.display_phone_number.clone().into(),
        verified_name: number.verified_name.clone().map(ConfigText),
        mps: mps(&number),
        secrets: secrets.version,
        quality: number.quality_rating.clone().map(ConfigText),
        tier: number.messaging_limit.clone().map(ConfigText),
        portfolio: number.business_id.clone().map(ConfigText),
    });
    // Secrets stand before the event that names them; without it nobody asks for them.
    secrets::store(pool, &app.prover.vault, (company, channel), &secrets, now)
        .await
        .map_err(sealed)?;
    let request = app.request(&can, channel, command.clone(), None);
    let done = match app.prover.ledger.execute(&request).await {
        Ok(done) => Ok(done),
        Err(failure) => match (owner_of(&failure), &command) {
            (Some(owner), Command::Connect(connect)) => {
                let taken_over = app.take_over(&can, (owner, channel), connect).await;
                taken_over.and_then(|done| done.ok_or_else(|| taken(failure)))
            }
            _ => Err(taken(failure)),
        },
    };
    let done = match done {
        Ok(done) => done,
        Err(refused) => {
            secrets::forget_before(pool, company, channel, i32::MAX).await?;
            return Err(refused);
        }
    };
    let key = HookKey::of(&index, channel, 1);
    hooks::add(pool, company, channel, (&key, 1), now).await?;
    app.prover.start(company, channel).await?;
    let Command::Connect(connect) = command else { return Err(Problem::not_found()) };
    let channel = as_connected(channel, connect, &done);
    Ok(Answer::created(app.connected(channel, &key)).after(&done))
}

pub(super) async fn replace(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
    seen: IfMatch,
    Body(body): Body<ReplaceCredentials>,
) -> Result<Answer<()>, Problem> {
    let (company, id) = (can.company(), channel.into_uuid());
    let pool = &app.prover.ledger.pools().app;
    let (_, state) = app.prover.ledger.load::<channel::Channel>(company, id).await?;
    let Some(number) = state.phone_number_id.clone() else { return Err(Problem::not_found()) };
    let known = secrets::load(pool, &app.prover.vault, company, id).await.map_err(sealed)?;
    let known = known.ok_or_else(Problem::not_found)?;
    let mut next = Secrets { version: known.version + 1, ..known.clone() };
    if let Some(token) = &body.access_token {
        secret("/access_token", token)?;
        next.token = Secret::new(token.clone());
        let connection = Connection {
            number_id: number.0,
            account_id: state.waba_id.0.clone(),
            token: next.token.clone(),
        };
        app.prover.connector.verify(&connection).await.map_err(refused)?;
    }
    if let Some(app_secret) = &body.app_secret {
        secret("/app_secret", app_secret)?;
        next.old_secret = Some(known.app_secret.clone());
        next.app_secret = Secret::new(app_secret.clone());
    }
    if body.drop_old_secret {
        next.old_secret = None;
    }
    let now = app.prover.ground.clock.now();
    let others = match &body.access_token {
        Some(_) => secrets::with_token_of(pool, company, id).await?,
        None => vec![],
    };
    secrets::store(pool, &app.prover.vault, (company, id), &next, now).await.map_err(sealed)?;
    let command = Command::ReplaceCredentials {
        secrets: next.version,
        token: body.access_token.is_some(),
        app_secret: body.app_secret.is_some(),
    };
    let answer = app.execute(&can, id, command, seen.version()).await?;
    secrets::forget_before(pool, company, id, next.version).await?;
    for (owner, other) in others {
        if owner == company {
            app.renew(&can, other, &next.token).await?;
        }
    }
    Ok(answer)
}

pub(super) async fn rotate(
    State(app): State<Channels>,
    can: Can<right::ManageChannels>,
    Path(channel): Path<ChannelId>,
) -> Result<Answer<ConnectedChannel>, Problem> {
    let (company, id) = (can.company(), channel.into_uuid());
    let pool = &app.prover.ledger.pools().app;
    let known = app.read(company, Some(id)).await?.into_iter().next();
    let known = known.ok_or_else(Problem::not_found)?;
    let now = app.prover.ground.clock.now();
    let command = Command::RotateHookKey { old_until: now + OVERLAP };
    let request = app.request(&can, id, command, None);
    let done = app.prover.ledger.execute(&request).await?;
    let generation = hooks::generation(pool, company, id).await?.unwrap_or(0) + 1;
    let key = HookKey::of(&app.prover.vault.index(company).await?, id, generation);
    hooks::add(pool, company, id, (&key, generation), now).await?;
    app.prover.start(company, id).await?;
    Ok(Answer::ok(app.connected(known, &key)).after(&done))
}

impl Channels {
    /// Gives the token to another channel of the company that had the old one too, if the provider
    /// confirms it for that number; what stood still for it goes on.
    async fn renew(
        &self,
        can: &Can<right::ManageChannels>,
        channel: Uuid,
        token: &Secret,
    ) -> Result<(), Problem> {
        let (company, pool) = (can.company(), &self.prover.ledger.pools().app);
        let (_, state) = self.prover.ledger.load::<channel::Channel>(company, channel).await?;
        let Some(number) = state.phone_number_id.filter(|_| !state.is_disconnected) else {
            return Ok(());
        };
        let connection =
            Connection { number_id: number.0, account_id: state.waba_id.0, token: token.clone() };
        if self.prover.connector.verify(&connection).await.is_err() {
            return Ok(());
        }
        let known = secrets::load(pool, &self.prover.vault, company, channel).await;
        let Some(known) = known.map_err(sealed)? else { return Ok(()) };
        let next = Secrets { version: known.version + 1, token: token.clone(), ..known };
        let now = self.prover.ground.clock.now();
        secrets::store(pool, &self.prover.vault, (company, channel), &next, now)
            .await
            .map_err(sealed)?;
        let secrets = next.version;
        let command = Command::ReplaceCredentials { secrets, token: true, app_secret: false };
        let request = kernel::execute::Request {
            fingerprint: None,
            ..self.request(can, channel, command, None)
        };
        self.prover.ledger.execute(&request).await?;
        Ok(secrets::forget_before(pool, company, channel, secrets).await?)
    }

    fn connected(&self, channel: Channel, key: &HookKey) -> ConnectedChannel {
        ConnectedChannel {
            channel,
            callback_url: self.prover.callback_url(key),
            verify_token: key.verify_token(),
        }
    }
}

fn as_connected(id: Uuid, connect: Connect, done: &Executed) -> Channel {
    let version = match done {
        Executed::Stored(_, version) | Executed::Unchanged(version) => *version,
        Executed::Replayed(_) => 1,
    };
    Channel {
        id: id.into(),
        name: connect.name.0,
        medium: Medium::Whatsapp,
        display_number: connect.display_number.0,
        verified_name: connect.verified_name.map(|name| name.0),
        phone_number_id: connect.phone_number_id.0,
        waba_id: connect.waba_id.0,
        state: ChannelState::Active,
        proof: WebhookProof::Untested,
        health: Health {
            quality: connect.quality.map(|quality| quality.0),
            tier: connect.tier.map(|tier| tier.0),
            mps: connect.mps,
            ..Health::default()
        },
        n_queued: 0,
        version,
    }
}

/// What a number may send in a second, as Meta words it.
fn mps(number: &NumberInfo) -> u32 {
    match number.throughput.as_deref() {
        _ if number.is_on_biz_app => 20,
        Some("HIGH") => 1_000,
        _ => 80,
    }
}

pub(super) fn name(text: &str) -> Result<ConfigText, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::invalid("/name", "missing"));
    }
    if text.chars().nth(LONGEST_NAME).is_some() {
        return Err(Problem::invalid("/name", "too_long"));
    }
    Ok(text.into())
}

fn digits(pointer: &str, text: &str) -> Result<(), Problem> {
    let is_fit = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_fit { Ok(()) } else { Err(Problem::invalid(pointer, "invalid")) }
}

fn secret(pointer: &str, text: &str) -> Result<(), Problem> {
    let is_fit = (1..=LONGEST_SECRET).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fit { Ok(()) } else { Err(Problem::invalid(pointer, "invalid")) }
}

fn refused(trouble: Trouble) -> Problem {
    match trouble {
        Trouble::Refused(fault) => {
            let words = match fault.details {
                Some(details) => format!("{} {details}", fault.message),
                None => fault.message,
            };
            Problem::new(Kind::Invalid, "channel_refused")
                .value("message", words)
                .value("provider_code", fault.code)
        }
        Trouble::Unreachable | Trouble::NotUnderstood => {
            Problem::new(Kind::Unavailable, "provider_unreachable").retry_after(10)
        }
    }
}

/// The channel that holds the number already.
fn owner_of(failure: &Failure<channel::ChannelError>) -> Option<Uuid> {
    match failure {
        Failure::Kernel(Error::Refused(Refused::ClaimTaken { kind: NUMBER, owner })) => {
            Some(*owner)
        }
        _ => None,
    }
}

fn taken(failure: Failure<channel::ChannelError>) -> Problem {
    match failure {
        Failure::Kernel(Error::Refused(Refused::ClaimTaken { kind: NUMBER, .. })) => {
            Problem::new(Kind::Conflict, "phone_number_taken")
        }
        other => other.into(),
    }
}

fn sealed(error: SecretsError) -> Problem {
    match error {
        SecretsError::Database(error) => error.into(),
        SecretsError::Vault(error) => error.into(),
        SecretsError::NotText(_) => Problem::internal(&error),
    }
}
