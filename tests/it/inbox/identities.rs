//! CH07, CH08, CA02, IN13: who somebody is, through deliveries and screens.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{Desk, now, traffic};

/// A text by number, by user id, or by both.
async fn says(desk: &Desk, id: &str, number: &str, user: &str, body: &str) {
    let mut contact = json!({ "profile": { "name": format!("Person {number}{user}") } });
    let mut message = json!({ "id": id, "timestamp": now().to_string(), "type": "text",
        "text": { "body": body } });
    for (value, whose, whom) in [(number, "wa_id", "from"), (user, "user_id", "from_user_id")] {
        if !value.is_empty() {
            contact[whose] = json!(value);
            message[whom] = json!(value);
        }
    }
    let value = json!({ "contacts": [contact], "messages": [message] });
    assert_eq!(desk.deliver(traffic(&desk.number(), &value)).await, StatusCode::OK);
}

async fn system(desk: &Desk, id: &str, from: &str, system: Value) {
    let mut message = json!({ "id": id, "timestamp": now().to_string(), "type": "system",
        "system": system });
    if !from.is_empty() {
        message["from"] = json!(from);
    }
    let value = json!({ "messages": [message] });
    assert_eq!(desk.deliver(traffic(&desk.number(), &value)).await, StatusCode::OK);
}

/// What is said in each thread, once so much is there.
async fn threads(desk: &Desk, n_messages: usize) -> Vec<(String, Vec<String>)> {
    desk.until("all that was said", async |desk| {
        let list = desk.get("/api/v1/conversations").await;
        let mut all = vec![];
        for thread in list["items"].as_array()? {
            let id = thread["id"].as_str()?.to_owned();
            let page = desk.get(&format!("/api/v1/conversations/{id}/messages")).await;
            let items = page["items"].as_array()?.iter().rev();
            let texts = items.filter_map(|item| item["content"]["body"].as_str());
            all.push((id, texts.map(str::to_owned).collect::<Vec<_>>()));
        }
        let n: usize = all.iter().map(|(_, texts)| texts.len()).sum();
        all.sort_by(|one, other| one.1.cmp(&other.1));
        (n == n_messages).then_some(all)
    })
    .await
}

async fn people(desk: &Desk) -> Vec<Value> {
    desk.get("/api/v1/contacts").await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn ch07_ch08_whoever_has_no_number_is_answered_and_stays_herself_through_every_change() {
    let desk = Desk::open().await;
    says(&desk, "w1", "", "BR.1349", "sem número").await;
    let thread = threads(&desk, 1).await.remove(0).0;
    let found = desk.get("/api/v1/contacts?search=br.1349").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "she is found");
    let answer = json!({ "content": { "kind": "text", "body": "Oi!" } });
    let path = format!("/api/v1/conversations/{thread}/messages");
    assert_eq!(desk.post(&path, answer).await.0, StatusCode::ACCEPTED);
    desk.until("an answer to her user id", async |desk| {
        let sent =
            desk.sim.requests().into_iter().find(|call| call.body["text"]["body"] == "Oi!")?;
        assert_eq!((&sent.body["recipient"], sent.body.get("to")), (&json!("BR.1349"), None));
        Some(())
    })
    .await;

    // The number comes with the user id, changes, the user id changes: one person, one thread.
    says(&desk, "w2", "5541988887777", "BR.1349", "com número").await;
    let changed = json!({ "type": "user_changed_number", "wa_id": "5541977776666" });
    system(&desk, "w3", "5541988887777", changed).await;
    says(&desk, "w4", "5541977776666", "", "número novo").await;
    let changed = json!({ "type": "user_changed_user_id", "previous_user_id": "BR.1349",
        "user_id": "BR.2468" });
    system(&desk, "w5", "5541977776666", changed).await;
    says(&desk, "w6", "", "BR.2468", "id novo").await;
    let all = threads(&desk, 5).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, thread);
    // Meta's clock tells seconds, ours less: where our answer stands among hers is not looked at.
    let hers: Vec<_> = all[0].1.iter().filter(|text| *text != "Oi!").collect();
    assert_eq!(hers, ["sem número", "com número", "número novo", "id novo"]);
    let people = people(&desk).await;
    assert_eq!(people.len(), 1);
    let identities = people[0]["identities"].as_array().unwrap().iter();
    let current: Vec<_> = identities
        .filter(|identity| identity["is_former"] == false)
        .map(|identity| identity["address"].as_str().unwrap())
        .collect();
    assert!(current.contains(&"+5541977776666") && current.contains(&"BR.2468"), "{current:?}");
}

#[tokio::test]
async fn ca02_spellings_of_a_number_are_one_person_and_two_records_become_one_and_two_again() {
    let desk = Desk::open().await;
    for (id, number, body) in [
        ("b1", "5541988887777", "com nove"),
        ("b2", "554188887777", "sem nove"),
        ("m1", "5215512345678", "com um"),
        ("m2", "525512345678", "sem um"),
        ("a1", "541112345678", "sem nove"),
        ("a2", "5491112345678", "com nove"),
    ] {
        says(&desk, id, number, "", body).await;
    }
    let all = threads(&desk, 6).await;
    let texts: Vec<_> = all.iter().map(|(_, texts)| texts.clone()).collect();
    assert_eq!(texts, [["com nove", "sem nove"], ["com um", "sem um"], ["sem nove", "com nove"]]);

    let listed = people(&desk).await;
    let with = |digits: &str| {
        let found = listed.iter().find(|person| person.to_string().contains(digits));
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (brazilian, mexican) = (with("41988887777"), with("5512345678"));
    let merge = format!("/api/v1/contacts/{mexican}/merge");
    assert!(desk.post(&merge, json!({ "into": brazilian })).await.0.is_success());
    desk.until("one person less", async |desk| (people(desk).await.len() == 2).then_some(())).await;
    let one = desk.get(&format!("/api/v1/contacts/{brazilian}")).await;
    assert_eq!(one["conversations"].as_array().unwrap().len(), 2, "both threads are hers");
    assert_eq!(one["identities"].as_array().unwrap().len(), 2, "{one}");
    // What is written meanwhile goes to the thread of the address it came from.
    says(&desk, "m3", "5215512345678", "", "enquanto isso").await;
    threads(&desk, 7).await;
    let unmerge = format!("/api/v1/contacts/{mexican}/unmerge");
    assert!(desk.post(&unmerge, json!({})).await.0.is_success());
    desk.until("both again", async |desk| (people(desk).await.len() == 3).then_some(())).await;
    let hers = desk.get(&format!("/api/v1/contacts/{mexican}")).await;
    let thread = hers["conversations"].as_array().unwrap();
    assert_eq!(thread.len(), 1);
    let texts = threads(&desk, 7).await;
    let texts = &texts.iter().find(|(id, _)| thread[0] == id.as_str()).unwrap().1;
    assert_eq!(*texts, ["com um", "sem um", "enquanto isso"]);
    let brazilian = desk.get(&format!("/api/v1/contacts/{brazilian}")).await;
    assert_eq!(brazilian["conversations"].as_array().unwrap().len(), 1);
}
