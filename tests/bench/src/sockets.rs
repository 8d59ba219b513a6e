//! Open browsers: a socket a company, and when each message was on it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::{
    figures::Latencies,
    load::{Sighting, sighted},
    platform::Platform,
};

/// Somebody of a company who may open the page.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) company: String,
    pub(crate) access: Access,
}

/// How she gets in.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    Key(String),
    Password { email: String, password: String },
}

/// Every company of the seed's report, with a way in.
pub(crate) fn seats(report: &Value) -> Vec<Seat> {
    let whole = std::slice::from_ref(report);
    let companies = report.get("companies").and_then(Value::as_array);
    let companies = companies.map_or(whole, Vec::as_slice);
    companies
        .iter()
        .filter_map(|company| {
            let id = text(company, &|text| text.starts_with("company_"))?;
            let key = text(company, &|text| text.starts_with("mia_")).map(Access::Key);
            let access = key.or_else(|| password(company))?;
            Some(Seat { company: id, access })
        })
        .collect()
}

fn text(value: &Value, wanted: &dyn Fn(&str) -> bool) -> Option<String> {
    match value {
        Value::String(found) if wanted(found) => Some(found.clone()),
        Value::Array(items) => items.iter().find_map(|item| text(item, wanted)),
        Value::Object(fields) => fields.values().find_map(|item| text(item, wanted)),
        _ => None,
    }
}

fn password(value: &Value) -> Option<Access> {
    match value {
        Value::Array(items) => items.iter().find_map(password),
        Value::Object(fields) => {
            let field = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            match field("email").zip(field("password")) {
                Some((email, password)) => Some(Access::Password { email, password }),
                None => fields.values().find_map(password),
            }
        }
        _ => None,
    }
}

/// The open sockets, and what was seen on them first when.
#[derive(Debug)]
pub(crate) struct Browsers {
    seen: Arc<Mutex<HashMap<u64, Duration>>>,
    reading: JoinSet<anyhow::Result<()>>,
}

impl Browsers {
    /// Opens the list of threads of each company.
    pub(crate) async fn open(
        platform: &Platform,
        seats: &[Seat],
        run: &str,
    ) -> anyhow::Result<Self> {
        let seen: Arc<Mutex<HashMap<u64, Duration>>> = Arc::default();
        let mut reading = JoinSet::new();
        for seat in seats {
            let mut request =
                format!("ws://{}/api/v1/live", platform.address).into_client_request()?;
            let origin = HeaderValue::from_str(&format!("http://{}", platform.address))?;
            request.headers_mut().insert("origin", origin);
            let (name, value) = match &seat.access {
                Access::Key(key) => ("authorization", format!("Bearer {key}")),
                Access::Password { email, password } => {
                    ("cookie", platform.sign_in_as(email, password).await?)
                }
            };
            request.headers_mut().insert(name, HeaderValue::from_str(&value)?);
            let (mut socket, _) =
                connect_async(request).await.context("failed to open a browser's socket")?;
            let resume = json!({
                "type": "resume",
                "company": seat.company,
                "topics": [{"kind": "threads"}],
            });
            socket.send(Message::text(resume.to_string())).await?;
            let first = socket.next().await.context("the socket closed at once")??;
            let first = first.into_text()?;
            ensure!(first.contains("\"welcome\""), "no welcome but {first}");
            let (seen, run) = (Arc::clone(&seen), run.to_owned());
            reading.spawn(async move {
                while let Some(frame) = socket.next().await {
                    let Message::Text(frame) = frame? else { continue };
                    let now = now();
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    for Sighting { id, intended } in sighted(&frame, &run) {
                        seen.entry(id).or_insert_with(|| now.saturating_sub(intended));
                    }
                }
                Ok(())
            });
        }
        Ok(Self { seen, reading })
    }

    /// How many different messages were seen so far.
    pub(crate) fn n_seen(&self) -> u64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        u64::try_from(seen.len()).unwrap_or(u64::MAX)
    }

    /// Closes all and answers how long each message took.
    pub(crate) async fn close(mut self) -> Latencies {
        self.reading.shutdown().await;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latencies = Latencies::default();
        for took in seen.values() {
            latencies.add(*took);
        }
        latencies
    }
}

#[expect(clippy::disallowed_methods, reason = "it is compared with the time in the delivery")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_is_entered_by_its_key_or_by_somebodys_password() {
        let report = json!({"companies": [
            {"company": {"id": "company_1"}, "api_key": "mia_x"},
            {"company": {"id": "company_2"}, "users": [{"email": "a", "password": "b"}]},
            {"company": {"id": "company_3"}},
        ]});
        let seats = seats(&report);
        assert_eq!(seats.len(), 2);
        assert!(matches!(&seats[0].access, Access::Key(key) if key == "mia_x"));
        assert!(matches!(&seats[1].access, Access::Password { email, .. } if email == "a"));
    }
}
