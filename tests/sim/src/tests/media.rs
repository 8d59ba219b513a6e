//! Files.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{CUSTOMER, NUMBER, World, answer, code};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

async fn upload(world: &World, kind: &str, bytes: &'static [u8]) -> (u16, Value) {
    let part = Part::bytes(bytes).file_name("a.png").mime_str(kind).unwrap();
    let form = Form::new()
        .text("messaging_product", "whatsapp")
        .text("type", kind.to_owned())
        .part("file", part);
    let url = world.url(&format!("{NUMBER}/media"));
    answer(world.http.post(url).bearer_auth("EAAtoken").multipart(form)).await
}

#[tokio::test]
async fn a_file_is_uploaded_described_fetched_and_deleted() {
    let world = World::start().await;
    let (status, body) = upload(&world, "image/png", PNG).await;
    assert_eq!(status, 200);
    let id = body["id"].as_str().unwrap().to_owned();
    let (_, about) = world.get(&id).await;
    assert_eq!(about["mime_type"], "image/png");
    assert_eq!(about["sha256"], hex::encode(Sha256::digest(PNG)));
    assert_eq!(about["file_size"], PNG.len());
    let url = about["url"].as_str().unwrap();
    assert!(url.starts_with(&world.sim.url()), "tokens go to the Graph host only");
    let fetch = async |token: Option<&str>| {
        let request = world.http.get(url);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap()
    };
    assert_eq!(fetch(None).await.status(), 401);
    assert_eq!(fetch(Some("EAAtoken")).await.bytes().await.unwrap(), PNG);
    let image = json!({"type": "image", "image": {"id": id, "caption": "Oi"}});
    assert_eq!(world.send(image.clone()).await.0, 200);
    world.sim.configure(|config| config.clock_offset_s = 301);
    assert_eq!(fetch(Some("EAAtoken")).await.status(), 403, "the address lives five minutes");
    assert_eq!(world.delete(&id).await.1, json!({"success": true}));
    assert_eq!(code(&world.get(&id).await), 100);
    assert_eq!(code(&world.send(image).await), 131_053);
}

#[tokio::test]
async fn kinds_and_sizes_are_minded() {
    let world = World::start().await;
    assert_eq!(code(&upload(&world, "image/gif", PNG).await), 100);
    assert_eq!(code(&upload(&world, "image/png", b"").await), 131_053);
    let (_, body) = upload(&world, "application/pdf", b"%PDF-1.7").await;
    let image = json!({"type": "image", "image": {"id": body["id"]}});
    assert_eq!(code(&world.send(image).await), 131_053, "a PDF is no image");
}

#[tokio::test]
async fn a_file_of_a_customer_is_told_with_its_hash() {
    let (world, platform) = World::subscribed().await;
    let url =
        format!("{}/phone/api/media?number={NUMBER}&name=a.png&type=image/png", world.sim.url());
    let (_, body) = answer(world.http.post(url).body(PNG)).await;
    let image = json!({"type": "image", "image": {"id": body["id"], "caption": "veja"}});
    world.sim.write(&crate::Inbound::message(CUSTOMER, NUMBER, image)).unwrap();
    let changes = platform.changes(1).await;
    let image = &changes[0]["value"]["messages"][0]["image"];
    assert_eq!(image["mime_type"], "image/png");
    let hash =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(PNG));
    assert_eq!(image["sha256"], hash, "a webhook writes it in base64");
    let (_, about) = world.get(image["id"].as_str().unwrap()).await;
    assert_eq!(about["sha256"], hex::encode(Sha256::digest(PNG)), "the look-up in hex");
}
