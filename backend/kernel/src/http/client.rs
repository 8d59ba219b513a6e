//! Where a request comes from: its address, program, language and trace.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header::USER_AGENT, request::Parts},
};

use super::language::Language;

/// The most of a program's name that is kept.
const AGENT_LIMIT: usize = 400;

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The network address, behind trusted proxies only.
    pub address: IpAddr,
    /// What the program calls itself.
    pub agent: String,
    /// The language that it asks for.
    pub language: Option<Language>,
    /// The trace that this request belongs to.
    pub trace: [u8; 16],
}

impl Client {
    /// Reads it off a request; `proxies` are believed when they name another address.
    pub(super) fn of(
        peer: Option<&ConnectInfo<SocketAddr>>,
        headers: &HeaderMap,
        proxies: &[IpAddr],
        trace: [u8; 16],
    ) -> Self {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip().to_canonical());
        let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            address: behind(peer, headers, proxies),
            agent: agent.unwrap_or_default().chars().take(AGENT_LIMIT).collect(),
            language: Language::asked(headers),
            trace,
        }
    }
}

/// The nearest address in `X-Forwarded-For` that is not one of our own proxies.
fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    if !proxies.contains(&peer) {
        return peer;
    }
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.parse::<IpAddr>() else { return nearest };
        nearest = address.to_canonical();
        if !proxies.contains(&nearest) {
            return nearest;
        }
    }
    nearest
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::of(None, &parts.headers, &[], [0; 16])))
    }
}

/// The trace of `traceparent`, if a well-formed one was sent.
pub(super) fn traced(headers: &HeaderMap) -> Option<[u8; 16]> {
    let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    if version.len() != 2 || version == "ff" || parts.next()?.len() != 16 {
        return None;
    }
    let mut bytes = [0; 16];
    hex::decode_to_slice(trace, &mut bytes).ok()?;
    (bytes != [0; 16]).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, IpAddr, behind, traced};
    use axum::http::HeaderValue;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_a_trusted_proxy_may_name_another_address() {
        let (proxy, stranger): (IpAddr, IpAddr) =
            ("10.0.0.1".parse().unwrap(), "9.9.9.9".parse().unwrap());
        let sent = headers("x-forwarded-for", "1.1.1.1, 2.2.2.2, 10.0.0.2");
        let ours = [proxy, "10.0.0.2".parse().unwrap()];
        assert_eq!(behind(stranger, &sent, &ours), stranger);
        assert_eq!(behind(proxy, &sent, &ours), "2.2.2.2".parse::<IpAddr>().unwrap());
        assert_eq!(behind(proxy, &headers("x-forwarded-for", "no"), &ours), proxy);
        assert_eq!(behind(proxy, &HeaderMap::new(), &ours), proxy);
    }

    #[test]
    fn a_well_formed_traceparent_is_taken() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = hex::encode(traced(&headers("traceparent", good)).unwrap());
        assert_eq!(good.split('-').nth(1), Some(trace.as_str()));
        for bad in [
            "",
            "00-zz-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(traced(&headers("traceparent", bad)), None, "{bad}");
        }
    }
}
