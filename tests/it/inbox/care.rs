//! Whose a thread is, how it stands, what labels it bears (IN06, IN08).

use chrono::TimeDelta;
use kernel::clock::{Clock as _, SystemClock};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sim::Inbound;

use super::support::{ANA, Desk};

const LATER: &str = "/api/v1/conversations?status=snoozed";

impl Desk {
    async fn thread(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/conversations/{id}")).await
    }

    /// The thread, once it is as it should be.
    async fn thread_when(&self, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        self.until(what, async |desk| Some(desk.thread(id).await).filter(&is)).await
    }

    async fn how_many(&self, query: &str) -> usize {
        let page = self.get(&format!("/api/v1/conversations{query}")).await;
        page["items"].as_array().unwrap().len()
    }

    fn user(&self, role: &str) -> String {
        let users = self.seeded["users"].as_array().unwrap().iter();
        let found = users.into_iter().find(|user| user["role"] == role).unwrap();
        found["user"].as_str().unwrap().to_owned()
    }
}

fn at(thread: &str, verb: &str) -> String {
    format!("/api/v1/conversations/{thread}/{verb}")
}

#[tokio::test]
async fn in06_of_two_who_take_a_thread_one_wins_and_the_other_is_told_whose_it_is() {
    let desk = Desk::open().await;
    let thread = desk.ana_writes("Oi").await;
    let (caio, beatriz) = (desk.user("operator"), desk.user("supervisor"));
    let assign = at(&thread, "assign");
    let (status, body) = desk.post(&assign, json!({ "to": caio })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    let (status, problem) = desk.post(&assign, json!({ "to": beatriz })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["code"], "conversation_assigned_meanwhile");
    assert_eq!(problem["values"]["assignee"], json!(caio));
    let hers = desk.thread_when(&thread, "Caio's", |it| it["assignee"]["user"] == caio).await;
    assert_eq!(hers["assignee"]["name"], "Caio Mendes");
    let (status, _) = desk.post(&assign, json!({ "to": beatriz, "from": caio })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    desk.thread_when(&thread, "Beatriz's", |it| it["assignee"]["user"] == beatriz).await;

    // The auditor answers nobody, and somebody from elsewhere is nobody here.
    let nobody = "user_0000000000000000000000000000000f".to_owned();
    for to in [desk.user("auditor"), nobody] {
        let (status, problem) = desk.post(&assign, json!({ "to": to, "from": beatriz })).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("assignee_not_a_member")));
    }
    let page = desk.get("/api/v1/conversations/assignees").await;
    let names: Vec<&str> =
        page["items"].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["Beatriz Rocha", "Caio Mendes", "Helena Duarte", "Rafael Lima"]);
}

#[tokio::test]
async fn in06_views_show_whose_threads_are_and_count_them() {
    let desk = Desk::open().await;
    let thread = desk.ana_writes("Oi").await;
    let me = desk.user("owner");
    assert_eq!(desk.how_many("?assignee=none").await, 1);
    assert_eq!(desk.how_many("?assignee=me").await, 0);
    assert_eq!(desk.post(&at(&thread, "assign"), json!({ "to": me })).await.0, 204);
    desk.thread_when(&thread, "mine", |it| it["assignee"]["user"] == me).await;
    for (query, n) in [
        ("?assignee=none", 0),
        ("?assignee=me", 1),
        ("?assignee=me_or_none&status=open", 1),
        ("?status=resolved", 0),
    ] {
        assert_eq!(desk.how_many(query).await, n, "{query}");
    }
    let counts = desk.get("/api/v1/conversations/counts").await;
    assert_eq!(counts, json!({ "open": 1, "mine": 1, "unassigned": 0, "snoozed": 0 }));
    let (status, _) = desk.try_get(&desk.owner, "/api/v1/conversations?assignee=x").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn in08_what_is_dealt_with_or_put_off_comes_back_when_the_person_writes() {
    let desk = Desk::open().await;
    let thread = desk.ana_writes("Oi").await;
    assert_eq!(desk.post(&at(&thread, "resolve"), Value::Null).await.0, 204);
    desk.thread_when(&thread, "resolved", |it| it["status"] == "resolved").await;
    desk.sim.write(&Inbound::text(ANA, &desk.number(), "mais uma coisa")).unwrap();
    desk.thread_when(&thread, "open again", |it| it["status"] == "open").await;

    let until = SystemClock.now() + TimeDelta::hours(3);
    assert_eq!(desk.post(&at(&thread, "snooze"), json!({ "until": until })).await.0, 204);
    let off = desk.thread_when(&thread, "put off", |it| it["status"] == "snoozed").await;
    assert!(off["snoozed_until"].is_string(), "{off}");
    assert_eq!(desk.how_many("?status=snoozed").await, 1);
    desk.sim.write(&Inbound::text(ANA, &desk.number(), "oi?")).unwrap();
    let back = desk.thread_when(&thread, "back", |it| it["status"] == "open").await;
    assert!(back.get("snoozed_until").is_none(), "{back}");

    let past = json!({ "until": SystemClock.now() - TimeDelta::hours(1) });
    let (status, problem) = desk.post(&at(&thread, "snooze"), past).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("snooze_time_unfit")));
}

#[tokio::test]
async fn in08_what_was_put_off_comes_back_by_itself_when_its_time_has_come() {
    let desk = Desk::open().await;
    let thread = desk.ana_writes("Oi").await;
    let until = SystemClock.now() + TimeDelta::seconds(2);
    assert_eq!(desk.post(&at(&thread, "snooze"), json!({ "until": until })).await.0, 204);
    desk.until("put off", async |desk| {
        let page = desk.get(LATER).await;
        (page["items"].as_array()?.len() == 1).then_some(())
    })
    .await;
    desk.thread_when(&thread, "awake", |it| it["status"] == "open").await;
    let types = desk.types(desk.company()).await;
    assert!(types.contains(&"conversations.conversation.woken".to_owned()), "{types:?}");
}

#[tokio::test]
async fn in06_labels_are_made_put_on_renamed_and_removed_from_all_threads() {
    let desk = Desk::open().await;
    let thread = desk.ana_writes("Oi").await;
    let (status, vip) =
        desk.post("/api/v1/labels", json!({ "name": " VIP ", "colour": "gold" })).await;
    assert_eq!((status, &vip["name"]), (StatusCode::CREATED, &json!("VIP")));
    let (status, problem) =
        desk.post("/api/v1/labels", json!({ "name": "vip", "colour": "grey" })).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("label_name_taken")));
    let caio = desk.person("operator").await;
    let (status, _) =
        desk.post_as(&caio, "/api/v1/labels", json!({ "name": "Do Caio", "colour": "grey" })).await;
    assert_eq!(status, StatusCode::FORBIDDEN);

    let label = vip["id"].as_str().unwrap();
    let body = json!({ "label": label });
    assert_eq!(desk.post_as(&caio, &at(&thread, "label"), body.clone()).await.0, 204);
    desk.thread_when(&thread, "labelled", |it| it["labels"] == json!([label])).await;
    assert_eq!(desk.how_many(&format!("?label={label}")).await, 1);
    let change = json!({ "name": "Cliente VIP", "colour": "purple" });
    assert_eq!(desk.post(&format!("/api/v1/labels/{label}/change"), change).await.0, 204);
    let (_, again) = desk.post("/api/v1/labels", json!({ "name": "VIP", "colour": "grey" })).await;
    assert_eq!(again["name"], "VIP", "the old name is free");
    desk.until("both, by name", async |desk| {
        let page = desk.get("/api/v1/labels").await;
        let names = page["items"].as_array()?.iter().filter_map(|it| it["name"].as_str());
        (names.collect::<Vec<_>>() == ["Cliente VIP", "VIP"]).then_some(())
    })
    .await;
    assert_eq!(desk.post(&format!("/api/v1/labels/{label}/remove"), Value::Null).await.0, 204);
    desk.thread_when(&thread, "bare", |it| it.get("labels").is_none()).await;
    assert_eq!(desk.post(&at(&thread, "label"), body).await.0, 404);

    let stranger = desk.stranger().await;
    let theirs = desk.post_as(&stranger, &at(&thread, "resolve"), Value::Null).await;
    let unknown = at("conversation_0000000000000000000000000000000f", "resolve");
    assert_eq!(theirs, desk.post_as(&stranger, &unknown, Value::Null).await);
}
