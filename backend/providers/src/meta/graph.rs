//! One client for the Graph API: where it is, how it is asked, and what its answers are.
//!
//! **Invariant (D18).** A token is put only on requests to configured addresses: Graph's own, and the
//! hosts that the installation names as those of Meta's files. Nothing that a webhook, an answer or a
//! company says adds one.

use std::fmt;

use ports::{connect::Trouble, secret::Secret};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde::Serialize;

use super::errors;

/// The version of the API that we speak.
const VERSION: &str = "v25.0";

/// An answer is a few hundred bytes; whatever is larger is not one.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The Graph API at one address.
#[derive(Clone)]
pub struct Graph {
    client: Client,
    base: Url,
    /// Where Meta keeps files besides Graph itself.
    file_hosts: Vec<String>,
}

/// Why an address cannot be Graph's.
#[derive(Debug, thiserror::Error)]
#[error("the address of the Graph API is no http or https address")]
pub struct BadAddress;

/// What came back from one call.
#[derive(Debug)]
pub(super) enum Reply {
    /// A whole answer.
    Whole {
        /// Its status.
        status: StatusCode,
        /// Its body.
        body: Vec<u8>,
    },
    /// No connection: nothing was sent.
    NotConnected,
    /// Something went out and no whole answer came.
    Broken(&'static str),
}

impl Graph {
    /// Graph at this address, with or without a version at its end.
    pub fn new(client: Client, base: &str) -> Result<Self, BadAddress> {
        let mut base = Url::parse(base.trim_end_matches('/')).map_err(|_error| BadAddress)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(BadAddress);
        }
        let last = base.path().rsplit('/').next().unwrap_or("");
        let is_version = last.strip_prefix('v').is_some_and(|number| {
            number.starts_with(|digit: char| digit.is_ascii_digit())
                && number.chars().all(|sign| sign.is_ascii_digit() || sign == '.')
        });
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty();
            if !is_version {
                segments.push(VERSION);
            }
        }
        base.set_query(None);
        Ok(Self { client, base, file_hosts: vec![] })
    }

    /// The same, with the hosts that may hand out files: names, comma-separated.
    ///
    /// # Errors
    /// If one is no plain host name.
    pub fn with_file_hosts(mut self, hosts: &str) -> Result<Self, BadAddress> {
        for host in hosts.split(',').map(str::trim).filter(|host| !host.is_empty()) {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
            let url = Url::parse(&format!("https://{host}/")).map_err(|_error| BadAddress)?;
            if !host.chars().all(is_plain) || url.host_str() != Some(host) {
                return Err(BadAddress);
            }
            self.file_hosts.push(host.to_owned());
        }
        Ok(self)
    }

    /// The address of a node or an edge. What a person gave is one segment of the path, whatever it holds.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }

    /// Whether an address is on the configured host.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Whether an address is on a host that hands out Meta's files: exactly that name, by https at its
    /// usual port. A Graph that is itself not reached by https (a simulator) has none.
    pub(super) fn keeps_files_at(&self, url: &Url) -> bool {
        let is_there = |host: &str| self.file_hosts.iter().any(|known| known == host);
        self.base.scheme() == "https"
            && url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(is_there)
    }

    pub(super) fn request(&self, method: Method, url: Url, token: &Secret) -> RequestBuilder {
        self.client.request(method, url).bearer_auth(token.reveal())
    }

    /// Posts JSON.
    pub(super) async fn post(
        &self,
        segments: &[&str],
        token: &Secret,
        body: &impl Serialize,
    ) -> Reply {
        let request = self.request(Method::POST, self.url(segments), token).json(body);
        call(request).await
    }
}

/// Makes one call and reads its answer to the end.
pub(super) async fn call(request: RequestBuilder) -> Reply {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() => return Reply::NotConnected,
        Err(error) if error.is_builder() => return Reply::NotConnected,
        Err(error) if error.is_timeout() => return Reply::Broken("no answer in time"),
        Err(_) => return Reply::Broken("the line broke before an answer"),
    };
    let status = response.status();
    let mut body = vec![];
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST_ANSWER => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Reply::Broken("the answer is too large"),
            Ok(None) => return Reply::Whole { status, body },
            Err(_) => return Reply::Broken("the answer was cut"),
        }
    }
}

impl Reply {
    /// The body of a success, or what kept it from being one.
    pub(super) fn success(self) -> Result<Vec<u8>, Trouble> {
        match self {
            Self::Whole { status, body } if status.is_success() => Ok(body),
            Self::Whole { body, .. } => Err(errors::fault_in(&body)
                .map_or(Trouble::NotUnderstood, |fault| Trouble::Refused(Box::new(fault)))),
            Self::NotConnected | Self::Broken(_) => Err(Trouble::Unreachable),
        }
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({})", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;
    use crate::meta::fake;

    #[test]
    fn an_address_gets_the_version_that_it_lacks() {
        let at = |base: &str| {
            let graph = Graph::new(fake::client(), base).expect("an address");
            graph.url(&["1", "messages"]).to_string()
        };
        assert_eq!(at("https://graph.facebook.com"), "https://graph.facebook.com/v25.0/1/messages");
        assert_eq!(
            at("https://graph.facebook.com/v23.0/"),
            "https://graph.facebook.com/v23.0/1/messages"
        );
        assert_eq!(at("http://127.0.0.1:8090/meta"), "http://127.0.0.1:8090/meta/v25.0/1/messages");
        for base in ["", "graph.facebook.com", "file:///etc/passwd", "mailto:a@b"] {
            assert!(Graph::new(fake::client(), base).is_err(), "{base}");
        }
    }

    #[test]
    fn what_a_person_gives_stays_one_segment_of_the_path() {
        let graph = Graph::new(fake::client(), "https://graph.facebook.com").expect("an address");
        let url = graph.url(&["../me?access_token=x#", "messages"]).to_string();
        assert_eq!(url, "https://graph.facebook.com/v25.0/..%2Fme%3Faccess_token=x%23/messages");
    }
}
