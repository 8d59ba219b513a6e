//! Signing in and out, sessions, who one is.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header::SET_COOKIE},
};
use kernel::{
    commit::{Context, Origin},
    execute::Request,
    http::{
        Answer, Api, Body, Caller, Client, Credential, Ended, Path, Principal, Problem, SignedIn,
        cookie, token_hash,
    },
    ids::PLATFORM,
    vault::{Opened, Place, Wanted},
};
use shared::{
    ids::{SessionId, UserId},
    page::Page,
    problem::Kind,
    session::{ChangePassword, Me, Session, SignIn},
    stored::{Actor, KeyClass, Sealed},
};
use uuid::Uuid;

use crate::{
    Tenancy,
    attempts::{self, Bucket},
    company::{CompanyCommand, CompanyStream},
    password, people, queries,
    sessions::{self as store, DEVICE, LONGEST},
    user::{UserCommand, UserStream},
};

/// The cookie that tells a known browser.
const KNOWN: &str = "masteria-known";
/// Where a session's origin is sealed for.
const ORIGIN: Place = Place { company: PLATFORM, event_type: "tenancy.sessions", field: "origin" };

pub(super) async fn sign_in(
    State(tenancy): State<Tenancy>,
    api: Api,
    client: Client,
    headers: HeaderMap,
    Body(body): Body<SignIn>,
) -> Result<Answer<Me>, Problem> {
    let now = tenancy.ground.clock.now();
    let device = cookie(&headers, KNOWN).map(token_hash);
    let email = people::canonical(&body.email);
    let user = match &email {
        Some(email) => tenancy.user_of(email).await?,
        None => None,
    };
    let known = match (user, device) {
        (Some(user), Some(device)) => {
            store::knows_device(&tenancy.pools.app, user, device, now).await?.then_some(device)
        }
        _ => None,
    };
    let account = email.unwrap_or_else(|| body.email.to_lowercase());
    let buckets = tenancy.buckets(&account, &client, known).await?;
    if let Some(wait) = attempts::take(&tenancy.pools.app, &buckets, now).await? {
        return Err(Problem::new(Kind::TooMany, "tenancy.sign_in_limited")
            .value("seconds", wait)
            .retry_after(wait));
    }

    // Whoever is not there is looked up too: the same questions, the same work.
    let hash = store::password(&tenancy.pools.app, user.unwrap_or_default()).await?;
    let fits = tenancy.passwords.verify(&body.password, hash).await?;
    let Some(user) = user.filter(|_| fits).map(UserId::from_uuid) else { return Err(refused()) };

    let (token, session) = (store::token(), SessionId::from_uuid(tenancy.ground.ids.v7()));
    let origin = tenancy.session_origin(user, &client).await?;
    store::begin(&tenancy.pools.app, session, user, token_hash(&token), &origin, now).await?;
    let context = Context {
        origin: api.seal_origin(PLATFORM, &client).await?,
        ..Context::new(Actor::User(user), tenancy.ground.ids.v7(), client.trace)
    };
    let signed_in = tenancy.tell(user, UserCommand::SignIn(session), Arc::new(context)).await;
    if let Err(refused) = signed_in {
        // Whoever is disabled gets no session, and the answer of a wrong password.
        store::end(&tenancy.pools.app, user, session).await?;
        return Err(refused);
    }
    attempts::forgive(&tenancy.pools.app, buckets.get(..1).unwrap_or_default()).await?;

    let credential = Credential::Session(token_hash(&token));
    let admitted = api.admitted(credential).await?;
    let me = queries::me::of(&tenancy, &admitted, credential).await?.ok_or_else(refused)?;
    let device = store::token();
    store::remember_device(&tenancy.pools.app, user, token_hash(&device), now).await?;
    Ok(Answer::created(me)
        .header(SET_COOKIE, set_cookie(&api, api.cookie_name(), &token, LONGEST.num_seconds())?)
        .header(SET_COOKIE, set_cookie(&api, KNOWN, &device, DEVICE.num_seconds())?))
}

/// The same for an unknown address, a wrong password and a disabled user.
fn refused() -> Problem {
    Problem::new(Kind::Unauthenticated, "tenancy.sign_in_refused")
}

fn set_cookie(api: &Api, name: &str, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let secure = if api.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).map_err(|error| Problem::internal(&error))
}

impl Tenancy {
    /// What a try counts against: a known browser only against itself.
    async fn buckets(
        &self,
        account: &str,
        client: &Client,
        device: Option<[u8; 32]>,
    ) -> Result<Vec<Bucket>, Problem> {
        let index = self.vault.index(PLATFORM).await?;
        let key = |kind: &str, value: &str| index.blind(kind, value);
        if let Some(device) = device {
            let device = hex::encode(device);
            return Ok(vec![Bucket::device(key("tenancy.try.device", &device))]);
        }
        let address = network(client);
        Ok(vec![
            Bucket::account_from(key("tenancy.try.pair", &format!("{address}\n{account}"))),
            Bucket::account(key("tenancy.try.account", account)),
            Bucket::address(key("tenancy.try.address", &address)),
        ])
    }

    async fn session_origin(
        &self,
        user: UserId,
        client: &Client,
    ) -> Result<Sealed<Origin>, Problem> {
        let at = self.ground.clock.now();
        let (company, subject, class) = (PLATFORM, user.into_uuid(), KeyClass::Identity);
        let keys = self.vault.keys(&[Wanted { company, subject, class, at }]).await?;
        let origin = Origin { ip: client.address.to_string(), user_agent: client.agent.clone() };
        Ok(keys.seal(ORIGIN, subject, class, at, &origin)?)
    }

    /// An event of a user's own.
    pub(super) async fn tell(
        &self,
        user: UserId,
        command: UserCommand,
        context: Arc<Context>,
    ) -> Result<(), Problem> {
        self.ledger
            .execute::<UserStream>(&Request {
                company: PLATFORM,
                id: user.into_uuid(),
                command,
                facts: (),
                context,
                seen: None,
                fingerprint: None,
                also: vec![],
                more_claims: vec![],
            })
            .await?;
        Ok(())
    }
}

/// An address as it is counted: of IPv6 the network, since a household has all of it.
fn network(client: &Client) -> String {
    match client.address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

pub(super) async fn me(
    State(tenancy): State<Tenancy>,
    caller: SignedIn,
) -> Result<Answer<Me>, Problem> {
    let me = queries::me::me(&tenancy, &caller).await?;
    me.map(Answer::ok).ok_or_else(Problem::not_found)
}

pub(super) async fn list(
    State(tenancy): State<Tenancy>,
    caller: SignedIn,
) -> Result<Answer<Page<Session>>, Problem> {
    let user = own_name(&caller)?;
    let now = tenancy.ground.clock.now();
    let rows = store::list(&tenancy.pools.app, user, now).await?;
    let sealed: Vec<_> = rows.iter().map(|row| (ORIGIN, &row.origin.0)).collect();
    let origins = tenancy.vault.open_many(&sealed).await?;
    let items = rows.iter().zip(origins).map(|(row, origin)| {
        let (address, agent) = match origin {
            Opened::Value(Origin { ip, user_agent }) => (ip, user_agent),
            Opened::Erased => (String::new(), String::new()),
        };
        Session {
            id: SessionId::from_uuid(row.session_id),
            is_current: caller.session().map(SessionId::into_uuid) == Some(row.session_id),
            created_at: row.created_at,
            seen_at: row.seen_at,
            client: in_words(&agent),
            address,
        }
    });
    Ok(Answer::ok(Page { items: items.collect(), next: None }))
}

/// What touches how somebody signs in is not done in another's place (D31).
fn own_name(caller: &Caller) -> Result<UserId, Problem> {
    match caller.principal() {
        Principal::User { user, .. } => Ok(*user),
        Principal::Impersonator { .. } => {
            Err(Problem::new(Kind::Forbidden, "forbidden_while_impersonating"))
        }
        Principal::ApiKey { .. } | Principal::System(_) => {
            Err(Problem::new(Kind::Forbidden, "session_required"))
        }
    }
}

/// A browser and its system in words.
fn in_words(agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => {
            agent.split_whitespace().next().unwrap_or_default().chars().take(40).collect()
        }
    }
}

pub(super) async fn end(
    State(tenancy): State<Tenancy>,
    api: Api,
    caller: SignedIn,
    Path(session): Path<SessionId>,
) -> Result<Answer<()>, Problem> {
    let is_own = caller.session() == Some(session);
    let user = match caller.user() {
        Some(user) if is_own => user,
        _ => own_name(&caller)?,
    };
    if let (true, Principal::Impersonator { company, .. }) = (is_own, caller.principal()) {
        tenancy.stop_acting(&caller, *company, session).await?;
    }
    if !store::end(&tenancy.pools.app, user, session).await? {
        return Err(Problem::not_found());
    }
    let command =
        if is_own { UserCommand::SignOut(session) } else { UserCommand::RevokeSession(session) };
    tenancy.tell(user, command, caller.context()).await?;
    api.end(Ended::Session(session));
    let answer = Answer::empty();
    Ok(if is_own {
        answer.header(SET_COOKIE, set_cookie(&api, api.cookie_name(), "", 0)?)
    } else {
        answer
    })
}

pub(super) async fn change_password(
    State(tenancy): State<Tenancy>,
    api: Api,
    caller: SignedIn,
    Body(body): Body<ChangePassword>,
) -> Result<Answer<()>, Problem> {
    let user = own_name(&caller)?;
    password::check("/new_password", &body.new_password)?;
    let now = tenancy.ground.clock.now();
    let index = tenancy.vault.index(PLATFORM).await?;
    let bucket = Bucket::device(index.blind("tenancy.try.change", &user.to_string()));
    if let Some(wait) = attempts::take(&tenancy.pools.app, &[bucket], now).await? {
        return Err(Problem::new(Kind::TooMany, "tenancy.sign_in_limited")
            .value("seconds", wait)
            .retry_after(wait));
    }
    let known = store::password(&tenancy.pools.app, user.into_uuid()).await?;
    if !tenancy.passwords.verify(&body.password, known).await? {
        return Err(Problem::invalid("/password", "wrong"));
    }
    attempts::forgive(&tenancy.pools.app, &[bucket]).await?;
    let hash = tenancy.passwords.hash(&body.new_password).await?;
    store::set_password(&tenancy.pools.app, user, &hash).await?;
    store::end_all(&tenancy.pools.app, user, caller.session()).await?;
    tenancy.tell(user, UserCommand::ChangePassword, caller.context()).await?;
    api.end(Ended::User(user));
    Ok(Answer::empty())
}

impl Tenancy {
    /// Ends an impersonation: in the company's chain and at the session.
    pub(super) async fn stop_acting(
        &self,
        caller: &Caller,
        company: Uuid,
        session: SessionId,
    ) -> Result<(), Problem> {
        self.ledger
            .execute::<CompanyStream>(&Request {
                company,
                id: company,
                command: CompanyCommand::EndImpersonation { session },
                facts: self.ground.clock.now(),
                context: caller.context_in(company).await?,
                seen: None,
                fingerprint: None,
                also: vec![],
                more_claims: vec![],
            })
            .await?;
        store::act(&self.pools.app, session, None).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_browser_is_told_in_words() {
        let edge =
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(in_words(edge), "Edge · Windows");
        assert_eq!(
            in_words("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"),
            "Safari · iPhone"
        );
        assert_eq!(in_words("curl/8.1 x"), "curl/8.1");
        assert_eq!(in_words(""), "");
    }
}
