//! The outermost layer: traces, panics, problem texts and the browser's orders (D26).

use std::{any::Any, net::SocketAddr, panic::AssertUnwindSafe};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use shared::problem::Kind;

use super::{
    Api,
    client::{Client, traced},
    guard::Speaks,
    problem::{Problem, Refused},
};

/// What a page may load: its own files, compiled code, and nothing written into the page itself.
const POLICY: [(&str, &str); 12] = [
    ("default-src", "'self'"),
    ("script-src", "'self' 'wasm-unsafe-eval'"),
    ("style-src", "'self'"),
    ("img-src", "'self' blob: data:"),
    ("media-src", "'self' blob:"),
    ("font-src", "'self'"),
    ("connect-src", "'self'"),
    ("worker-src", "'self'"),
    ("object-src", "'none'"),
    ("base-uri", "'none'"),
    ("form-action", "'self'"),
    ("frame-ancestors", "'none'"),
];

/// The content security policy. `scripts` are digests of scripts that the build wrote into the page,
/// such as `sha256-…`.
#[must_use]
pub fn content_security_policy(scripts: &[String]) -> String {
    let mut policy = String::new();
    for (name, sources) in POLICY {
        policy.extend([name, " ", sources]);
        if name == "script-src" {
            for script in scripts {
                policy.extend([" '", script, "'"]);
            }
        }
        policy.push_str("; ");
    }
    policy.trim_end_matches("; ").to_owned()
}

/// The digests of the scripts that stand inside a page.
#[must_use]
pub fn inline_scripts(page: &str) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};
    let mut digests = Vec::new();
    for tag in page.split("<script").skip(1) {
        let Some((attributes, rest)) = tag.split_once('>') else { continue };
        let Some((script, _)) = rest.split_once("</script>") else { continue };
        if !attributes.contains("src=") && !script.is_empty() {
            digests.push(format!("sha256-{}", STANDARD.encode(Sha256::digest(script))));
        }
    }
    digests
}

/// Goes around everything that the house answers.
pub(super) async fn edge(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let trace = traced(request.headers()).unwrap_or_else(|| api.ground().ids.v7().into_bytes());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = Client::of(peer, request.headers(), api.trusted_proxies(), trace);
    let is_api = ["/api/", "/hooks/"].iter().any(|root| request.uri().path().starts_with(root));
    let asked = client.language;
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(api.clone());

    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|panic| {
        let problem = Problem::new(Kind::Internal, "internal");
        tracing::error!(trace = %hex::encode(trace), "a handler panicked: {}", said(&*panic));
        problem.into_response()
    });
    if is_api && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response = Problem::new(Kind::NotFound, "not_found").into_response();
    }
    if let Some(Refused(problem)) = response.extensions().get::<Refused>().cloned() {
        let account = response.extensions().get::<Speaks>().map(|Speaks(language)| *language);
        response = problem.response(asked.or(account).unwrap_or_default(), trace);
    }
    order(&api, &mut response, trace, is_api);
    response
}

/// What every answer tells the browser.
fn order(api: &Api, response: &mut Response, trace: [u8; 16], is_api: bool) {
    let headers = response.headers_mut();
    if let Ok(trace) = HeaderValue::from_str(&hex::encode(trace)) {
        headers.insert("trace-id", trace);
    }
    // A file that people sent brings a stricter policy of its own (D32).
    headers.entry(CONTENT_SECURITY_POLICY).or_insert_with(|| api.policy());
    let fixed: [(HeaderName, &'static str); 6] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api.is_https() {
        let kept = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, kept);
    }
    if is_api {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::{content_security_policy, inline_scripts};

    #[test]
    fn d26_the_policy_allows_compiled_code_and_nothing_unsafe() {
        let policy = content_security_policy(&["sha256-abc=".to_owned()]);
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-abc='"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }

    #[test]
    fn only_scripts_inside_the_page_are_digested() {
        let page =
            r#"<script src="a.js"></script><script type="module">go()</script><script></script>"#;
        assert_eq!(inline_scripts(page), ["sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw="]);
    }
}
