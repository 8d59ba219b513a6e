//! The only place that builds HTTP clients.
//!
//! **Invariants (D24, D27).** A client never repeats a call, follows no redirect and takes no proxy from the
//! environment. `provider_client` is for the addresses in the configuration only, not for one that a company
//! could influence.

use std::time::Duration;

use reqwest::{Client, redirect, retry};

const CONNECT: Duration = Duration::from_secs(5);

/// How long a call may take, from the first byte out to the last one in.
pub const CALL: Duration = Duration::from_secs(30);

/// A client for the configured providers.
pub fn provider_client(call: Duration) -> Result<Client, reqwest::Error> {
    // Whoever comes first sets the process' provider; a second one changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(call)
        .pool_idle_timeout(Duration::from_secs(50))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("MasterIA/", env!("CARGO_PKG_VERSION")))
        .build()
}
