use bytes::Bytes;
use futures::TryStreamExt as _;
use ports::{
    connect::Trouble,
    media::{MediaError, MediaStore as _, Upload},
    outbound::Access,
    secret::Secret,
};
use reqwest::Url;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::digest;
use crate::meta::{
    fake::{self, Fake, Script},
    graph::Graph,
};

fn access() -> Access {
    Access { number_id: "100".to_owned(), token: Secret::new("EAAG".to_owned()) }
}

fn sha256(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

fn located(sha256: &str, url: &str) -> Script {
    let body = json!({ "id": "9", "url": url, "mime_type": "image/jpeg", "sha256": sha256, "file_size": 5 });
    Script::Answer(200, body.to_string().into_bytes())
}

async fn fetch(
    scripts: Vec<Script>,
    announced: Option<[u8; 32]>,
    limit_bytes: u64,
) -> (Result<Vec<u8>, MediaError>, Fake) {
    let fake = Fake::start(scripts);
    let graph = fake.graph();
    let result = match graph.download(&access(), "9", announced, limit_bytes).await {
        Ok(download) => {
            let chunks: Result<Vec<Bytes>, _> = download.content.try_collect().await;
            chunks.map(|chunks| chunks.concat())
        }
        Err(error) => Err(error),
    };
    (result, fake)
}

#[tokio::test]
async fn a_file_is_fetched_by_its_id_from_the_configured_host() {
    let hex = hex::encode(sha256(b"hello"));
    let scripts = vec![located(&hex, "{here}/files/9?x=1"), Script::Answer(200, b"hello".to_vec())];
    let (content, fake) = fetch(scripts, Some(sha256(b"hello")), 100).await;
    assert_eq!(content.expect("a file"), b"hello");
    let requests = fake.requests();
    assert_eq!(requests[0].line, "GET /v25.0/9?phone_number_id=100 HTTP/1.1");
    assert_eq!(requests[1].line, "GET /files/9?x=1 HTTP/1.1");
    assert!(requests[1].headers.contains("authorization: bearer eaag"));
}

#[tokio::test]
async fn d27_a_file_on_another_host_is_not_fetched_and_the_token_stays_here() {
    let other = Fake::start(vec![Script::Answer(200, b"hello".to_vec())]);
    let scripts = vec![located("", &format!("{}/9", other.address))];
    let (content, _) = fetch(scripts, None, 100).await;
    assert!(matches!(content, Err(MediaError::ForeignAddress)));
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn d18_only_the_configured_file_host_is_taken_beside_graph() {
    let with = |base: &str, hosts: &str, url: &str| {
        let graph = Graph::new(fake::client(), base).expect("an address");
        let graph = graph.with_file_hosts(hosts).expect("hosts");
        graph.may_fetch(&Url::parse(url).expect("an address"))
    };
    let may = |base: &str, url: &str| with(base, "lookaside.fbsbx.com", url);
    let metas = "https://graph.facebook.com";
    assert!(may(metas, "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"));
    assert!(!may(metas, "http://lookaside.fbsbx.com/x"));
    assert!(!may(metas, "https://lookaside.fbsbx.com:8443/x"));
    assert!(!may(metas, "https://lookaside.fbsbx.com.evil.example/x"));
    assert!(!may(metas, "https://user@lookaside.fbsbx.com/x"));
    assert!(!may("http://127.0.0.1:8090", "https://lookaside.fbsbx.com/x"));
    assert!(!may("http://127.0.0.1:8090", "http://127.0.0.1:8091/x"));
    assert!(!may(metas, "https://scontent.xx.fbcdn.net/x") && !may(metas, "https://fbsbx.com/x"));
    assert!(!with(metas, "", "https://lookaside.fbsbx.com/x"));
    assert!(with(metas, "", "https://graph.facebook.com/x"));
    for wrong in ["https://x.example", "x.example:8443", "user@x.example", "x.example/path", "*"] {
        let graph = Graph::new(fake::client(), metas).expect("an address");
        assert!(graph.with_file_hosts(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_what_was_announced_is_an_error() {
    let scripts = || vec![located("", "{here}/9"), Script::Answer(200, b"hello".to_vec())];
    let (content, _) = fetch(scripts(), Some(sha256(b"other")), 100).await;
    assert!(matches!(content, Err(MediaError::WrongDigest)));
    let (content, _) = fetch(scripts(), None, 4).await;
    assert!(matches!(content, Err(MediaError::TooLarge { limit_bytes: 4 })));
    let wrong = hex::encode(sha256(b"other"));
    let scripts = vec![located(&wrong, "{here}/9"), Script::Answer(200, b"hello".to_vec())];
    assert!(matches!(fetch(scripts, None, 100).await.0, Err(MediaError::WrongDigest)));
    let scripts = vec![located("", "{here}/9"), Script::Cut(200, b"hel".to_vec())];
    assert!(matches!(fetch(scripts, None, 100).await.0, Err(MediaError::Cut)));
}

#[tokio::test]
async fn a_file_that_is_larger_than_it_says_is_cut_off() {
    let body = json!({ "id": "9", "url": "{here}/9" }).to_string().into_bytes();
    let scripts = vec![Script::Answer(200, body), Script::Answer(200, vec![0; 5000])];
    assert!(matches!(fetch(scripts, None, 4999).await.0, Err(MediaError::TooLarge { .. })));
}

#[tokio::test]
async fn metas_words_about_a_missing_file_are_carried() {
    let body = json!({ "error": { "message": "Unsupported get request.", "code": 100 } });
    let (content, _) =
        fetch(vec![Script::Answer(400, body.to_string().into_bytes())], None, 9).await;
    let Err(MediaError::Trouble(Trouble::Refused(fault))) = content else { panic!("refused") };
    assert_eq!(fault.message, "Unsupported get request.");
}

#[tokio::test]
async fn an_upload_names_product_type_and_file() {
    let fake = Fake::json(200, &json!({ "id": "4490709327384033" }));
    let file = Upload {
        mime_type: "image/png".to_owned(),
        filename: "a.png".to_owned(),
        content: Bytes::from_static(b"\x89PNG"),
    };
    let id = fake.graph().upload(&access(), file).await.expect("uploaded");
    assert_eq!(id, "4490709327384033");
    let request = &fake.requests()[0];
    assert_eq!(request.line, "POST /v25.0/100/media HTTP/1.1");
    let body = String::from_utf8_lossy(&request.body).into_owned();
    for part in
        ["name=\"messaging_product\"", "whatsapp", "name=\"type\"", "filename=\"a.png\"", "PNG"]
    {
        assert!(body.contains(part), "{part} in {body}");
    }
}

#[test]
fn digests_are_read_in_both_spellings() {
    let digest_of_it = sha256(b"hello");
    assert_eq!(digest(&hex::encode(digest_of_it)), Some(digest_of_it));
    assert_eq!(digest("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="), Some(digest_of_it));
    for text in
        ["", "4654+8g=", "E3dxS/PdYZE7ppA3pQ4mpCFaXBJ8pX4SRN/dsfvds/iPGA=", "a1b2c3d4e5f6..."]
    {
        assert_eq!(digest(text), None, "{text}");
    }
}
