//! The proof that a channel's webhook arrives (CH03): step by step, the failing one is named.
//!
//! What makes the provider come: telling it our address anew (`subscribed_apps` with
//! `override_callback_uri`) makes it shake hands with that address before it answers, which proves
//! address, certificate and subscription. It sends no signed delivery by itself, and none can be asked
//! for without changing the company's account; so the last step waits two minutes for any delivery of
//! the account: a message written to the number from any phone, a status of one that was sent.
//!
//! **Invariant.** Green comes from a delivery that was stored after its signature fitted, never from
//! an answer to a call of ours.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db,
    decider::Decider as _,
    error::Error,
    execute::Request,
    ids::Ground,
    ledger::Ledger,
    tasks::Tasks,
    timers::{Due, TimerHandler},
    vault::Vault,
};
use ports::{
    connect::{Callback, Connection, Connector, Trouble},
    secret::Secret,
};
use shared::{
    channels::{PauseReason, ProofStep},
    stored::{Actor, ConfigText},
};
use uuid::Uuid;

use crate::{
    channel::{Channel, Command, PROOF_TIMER, State},
    queries,
    tables::{
        hooks::{self, HookKey},
        secrets,
        signs::{self, Signs},
    },
};

/// Meta's code for a token that is not valid any more.
const TOKEN_EXPIRED: i64 = 190;
/// How often the signs of life are looked at.
const LOOK: Duration = Duration::from_millis(400);
/// How long a good delivery is waited for after a bad one.
const AFTER_BAD: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// What a proof works with. Clones share it.
#[derive(Clone)]
pub struct Prover {
    /// The ledger.
    pub ledger: Ledger,
    /// Secrets.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// Work in the background.
    pub tasks: Tasks,
    /// The provider.
    pub connector: Arc<dyn Connector>,
    /// Where the world reaches us.
    pub public_url: String,
}

/// How a proof ended, or why it goes on.
enum Step {
    Failed(ProofStep, Option<String>),
    Passed,
}

impl Prover {
    /// The address that the provider delivers to.
    #[must_use]
    pub fn callback_url(&self, key: &HookKey) -> String {
        format!("{}/hooks/meta/{}", self.public_url.trim_end_matches('/'), key.as_str())
    }

    /// Starts a proof and walks through its steps in the background.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn start(&self, company: Uuid, channel: Uuid) -> Result<(), Error> {
        self.tell(company, channel, Command::StartProof).await?;
        self.begin(company, channel);
        Ok(())
    }

    /// Walks through the steps in the background.
    pub fn begin(&self, company: Uuid, channel: Uuid) {
        let prover = self.clone();
        self.tasks.spawn_until_stop(async move {
            if let Err(error) = prover.run(company, channel).await {
                tracing::warn!(channel.id = %channel, "failed to prove a channel: {error}");
            }
        });
    }

    async fn run(&self, company: Uuid, channel: Uuid) -> Result<(), Error> {
        let begun = self.ground.clock.now();
        let (_, state) = self.ledger.load::<Channel>(company, channel).await?;
        let Some((until, _)) = &state.proof else { return Ok(()) };
        let pool = &self.ledger.pools().app;
        let loaded = secrets::load(pool, &self.vault, company, channel).await;
        let Ok(Some(secrets)) = loaded else {
            return self.tell(company, channel, fail(ProofStep::Token, Some("no_secrets"))).await;
        };
        let connection = Connection {
            number_id: state.phone_number_id.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
            account_id: state.waba_id.0.clone(),
            token: secrets.token,
        };
        let verified = self.connector.verify(&connection).await;
        if let Err(trouble) = verified {
            if let Trouble::Refused(fault) = &trouble
                && fault.code == TOKEN_EXPIRED
            {
                let code = i32::try_from(fault.code).ok();
                let pause = Command::Pause(PauseReason::TokenExpired, code);
                self.tell(company, channel, pause).await?;
            }
            let detail = told(&trouble);
            return self.tell(company, channel, fail(ProofStep::Token, Some(&detail))).await;
        }
        self.tell(company, channel, Command::PassProof(ProofStep::Token)).await?;
        match self.subscribe(company, channel, &connection, begun).await? {
            Step::Failed(step, detail) => {
                self.tell(company, channel, fail(step, detail.as_deref())).await
            }
            Step::Passed => {
                for step in [ProofStep::Address, ProofStep::Tls, ProofStep::Subscription] {
                    self.tell(company, channel, Command::PassProof(step)).await?;
                }
                self.wait(company, channel, &state, &connection, (begun, *until)).await
            }
        }
    }

    /// Tells the provider our address; it comes and shakes hands before it answers.
    async fn subscribe(
        &self,
        company: Uuid,
        channel: Uuid,
        connection: &Connection,
        begun: DateTime<Utc>,
    ) -> Result<Step, Error> {
        if let Some(step) = self.address_fault() {
            return Ok(Step::Failed(step, Some(self.public_url.clone())));
        }
        let pool = &self.ledger.pools().app;
        let generation = hooks::generation(pool, company, channel).await?.unwrap_or(1);
        let key = HookKey::of(&self.vault.index(company).await?, channel, generation);
        let callback = Callback {
            url: self.callback_url(&key),
            verify_token: Secret::new(key.verify_token()),
        };
        let Err(trouble) = self.connector.subscribe(connection, Some(&callback)).await else {
            return Ok(Step::Passed);
        };
        // The sign of the handshake may be on its way to the table.
        tokio::time::sleep(LOOK).await;
        let signs = signs::of(pool, company, &[channel]).await?;
        let has_shaken = signs.handshake_at.is_some_and(|at| at >= begun);
        let detail = told(&trouble);
        let step = match &trouble {
            _ if has_shaken => ProofStep::Subscription,
            // The provider has one code for all that goes wrong on the way to us; only its words tell
            // the certificate from the address.
            Trouble::Refused(fault) if speaks_of_tls(&fault.message) => ProofStep::Tls,
            Trouble::Refused(fault)
                if speaks_of_tls(fault.details.as_deref().unwrap_or_default()) =>
            {
                ProofStep::Tls
            }
            Trouble::Refused(fault) if matches!(fault.code, 0 | 3 | 10 | 190 | 200..=299) => {
                ProofStep::Subscription
            }
            Trouble::Refused(_) => ProofStep::Address,
            Trouble::Unreachable | Trouble::NotUnderstood => ProofStep::Subscription,
        };
        Ok(Step::Failed(step, Some(detail)))
    }

    /// What is wrong with our own address before anybody is asked.
    fn address_fault(&self) -> Option<ProofStep> {
        let url = self.public_url.as_str();
        let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .any(|local| url.starts_with(local));
        if url.starts_with("https://") || is_local {
            None
        } else if url.starts_with("http://") {
            Some(ProofStep::Tls)
        } else {
            Some(ProofStep::Address)
        }
    }

    async fn wait(
        &self,
        company: Uuid,
        channel: Uuid,
        state: &State,
        connection: &Connection,
        (begun, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(), Error> {
        let heard_on = self.heard_on(company, channel, &state.waba_id.0).await?;
        let pool = &self.ledger.pools().reader;
        // The provider repeats what is refused: what counts is since when it is.
        let mut bad_since = None;
        loop {
            let signs = signs::of(pool, company, &heard_on).await?;
            let now = self.ground.clock.now();
            if signs.last_bad_signature_at.is_some_and(|at| at >= begun) {
                bad_since = bad_since.or(Some(now));
            }
            if let Some(command) = verdict(&signs, (begun, until), bad_since, now) {
                if command == Command::Prove {
                    self.tell(company, channel, Command::PassProof(ProofStep::Signature)).await?;
                    self.tell(company, channel, Command::PassProof(ProofStep::Delivery)).await?;
                } else if matches!(command, Command::FailProof(ProofStep::Delivery, _)) {
                    let is_subscribed = self.connector.is_subscribed(connection).await;
                    if matches!(is_subscribed, Ok(false)) {
                        let gone = fail(ProofStep::Subscription, Some("not_subscribed"));
                        return self.tell(company, channel, gone).await;
                    }
                }
                return self.tell(company, channel, command).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The channels on whose address a delivery proves this one: its own, and those of its account
    /// that are signed with the same secret, as the provider delivers an account to one address.
    async fn heard_on(&self, company: Uuid, channel: Uuid, waba: &str) -> Result<Vec<Uuid>, Error> {
        let pools = self.ledger.pools();
        let mut tx = db::reading_as(&pools.reader, company).await?;
        let siblings = queries::list::of_account(&mut tx, waba).await.unwrap_or_default();
        drop(tx);
        let own = self.app_secret(company, channel).await;
        let mut channels = vec![channel];
        for sibling in siblings.into_iter().filter(|sibling| *sibling != channel) {
            if own.is_some() && self.app_secret(company, sibling).await == own {
                channels.push(sibling);
            }
        }
        Ok(channels)
    }

    async fn app_secret(&self, company: Uuid, channel: Uuid) -> Option<String> {
        let pool = &self.ledger.pools().app;
        let loaded = secrets::load(pool, &self.vault, company, channel).await.ok().flatten();
        loaded.map(|secrets| secrets.app_secret.reveal().to_owned())
    }

    async fn tell(&self, company: Uuid, channel: Uuid, command: Command) -> Result<(), Error> {
        let request = Request::<Channel> {
            company,
            id: channel,
            command,
            facts: self.ground.clock.now(),
            context: Arc::new(context(&self.ground)),
            seen: None,
            fingerprint: None,
            also: vec![],
            more_claims: vec![],
        };
        match self.ledger.execute(&request).await {
            Err(kernel::execute::Failure::Kernel(error)) => Err(error),
            // Or it was taken off meanwhile.
            Ok(_) | Err(kernel::execute::Failure::Rejected(_)) => Ok(()),
        }
    }
}

fn context(ground: &Ground) -> Context {
    let actor = Actor::System(ConfigText::from("channels.proof"));
    Context::new(actor, ground.ids.v7(), ground.ids.v7().into_bytes())
}

/// What the signs of life say of a proof; nothing yet: `None`.
fn verdict(
    signs: &Signs,
    (begun, until): (DateTime<Utc>, DateTime<Utc>),
    bad_since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<Command> {
    if signs.last_webhook_at.is_some_and(|at| at >= begun) {
        return Some(Command::Prove);
    }
    if bad_since.is_some_and(|at| now >= at + AFTER_BAD || now >= until) {
        return Some(fail(ProofStep::Signature, Some("401")));
    }
    (now >= until).then(|| fail(ProofStep::Delivery, Some("no_delivery")))
}

fn fail(step: ProofStep, detail: Option<&str>) -> Command {
    // The provider's words may be long.
    let detail = detail.map(|detail| detail.chars().take(500).collect::<String>().into());
    Command::FailProof(step, detail)
}

fn told(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused(fault) => match &fault.details {
            Some(details) => format!("{} {details}", fault.message),
            None => fault.message.clone(),
        },
        other => other.to_string(),
    }
}

fn speaks_of_tls(text: &str) -> bool {
    let text = text.to_lowercase();
    ["ssl", "tls", "certificate"].iter().any(|word| text.contains(word))
}

/// Ends a proof whose process ended before it did.
#[derive(Clone)]
pub struct ProofTimer(pub Prover);

impl TimerHandler for ProofTimer {
    fn kind(&self) -> &'static str {
        PROOF_TIMER
    }

    fn fire<'a>(&'a self, timer: &'a Due) -> BoxFuture<'a, Result<Commit, Error>> {
        async move {
            let prover = &self.0;
            let (version, state) = prover.ledger.load::<Channel>(timer.company, timer.id).await?;
            let Some((until, _)) = &state.proof else { return Ok(Commit::default()) };
            let begun = *until - crate::channel::PROOF_LASTS;
            let heard_on = prover.heard_on(timer.company, timer.id, &state.waba_id.0).await?;
            let pool = &prover.ledger.pools().reader;
            let signs = signs::of(pool, timer.company, &heard_on).await?;
            let now = prover.ground.clock.now().max(*until);
            let bad_since = signs.last_bad_signature_at.filter(|at| *at >= begun);
            let over = fail(ProofStep::Delivery, Some("no_delivery"));
            let command = verdict(&signs, (begun, *until), bad_since, now).unwrap_or(over);
            let events = Channel::decide(&state, &command, &now).unwrap_or_default();
            let events = events.iter().map(|event| NewEvent::of(&*prover.ground.ids, event));
            // That the timer is gone is the kernel's part of the commit.
            let append = Append {
                company: timer.company,
                stream: Stream { kind: Channel::STREAM, id: timer.id },
                expected: Expected::Exact(version),
                context: Arc::new(context(&prover.ground)),
                events: events.collect::<Result<_, _>>()?,
            };
            Ok(Commit { appends: vec![append], ..Commit::default() })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use shared::channels::ProofStep;

    use super::{Signs, fail, speaks_of_tls, verdict};
    use crate::channel::Command;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn judge(signs: Signs, now: i64) -> Option<Command> {
        let bad_since = signs.last_bad_signature_at.filter(|bad| *bad >= at(100));
        verdict(&signs, (at(100), at(220)), bad_since, at(now))
    }

    #[test]
    fn only_a_delivery_after_the_beginning_is_green() {
        let heard = |second| Signs { last_webhook_at: Some(at(second)), ..Signs::default() };
        assert_eq!(judge(heard(99), 150), None);
        assert_eq!(judge(heard(101), 150), Some(Command::Prove));
        assert_eq!(judge(heard(99), 220), Some(fail(ProofStep::Delivery, Some("no_delivery"))));
    }

    #[test]
    fn a_wrong_signature_is_named_unless_a_good_one_follows() {
        let bad = Signs { last_bad_signature_at: Some(at(110)), ..Signs::default() };
        assert_eq!(judge(bad, 114), None);
        assert_eq!(judge(bad, 115), Some(fail(ProofStep::Signature, Some("401"))));
        let good = Signs { last_webhook_at: Some(at(112)), ..bad };
        assert_eq!(judge(good, 120), Some(Command::Prove));
    }

    #[test]
    fn the_certificate_is_told_from_the_address_by_the_providers_words() {
        assert!(speaks_of_tls("curl_errno = 60; curl_error = SSL certificate problem"));
        assert!(!speaks_of_tls("HTTP Status Code = 404; HTTP Message = Not Found"));
    }
}
