//! AD01: 10,000 requests with ids that exist in another company, wherever an id can stand; each is
//! answered as a random id is, byte for byte.

use std::collections::HashMap;

use futures::{StreamExt as _, stream};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;
use shared::{
    ids::{ApiKeyId, CompanyId, SessionId, UserId},
    permission::Role,
};
use uuid::Uuid;

use super::support::{Call, House, Reply};

/// So many requests with an id of the other company.
const REQUESTS: usize = 10_000;

/// Where an id stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    MemberPath,
    MemberRolePath,
    MemberQuery,
    KeyPath,
    SessionPath,
    CompanyHeader,
    ImpersonationBody,
}

const PLACES: [Place; 7] = [
    Place::MemberPath,
    Place::MemberRolePath,
    Place::MemberQuery,
    Place::KeyPath,
    Place::SessionPath,
    Place::CompanyHeader,
    Place::ImpersonationBody,
];

/// What exists in the other company.
struct Foreign {
    company: CompanyId,
    members: Vec<UserId>,
    keys: Vec<ApiKeyId>,
    sessions: Vec<SessionId>,
}

fn call<'a>(house: &'a House, place: Place, id: Uuid, cookie: &str, key: &str) -> Call<'a> {
    let call = match place {
        Place::MemberPath => house.delete(&format!("/api/v1/members/{}", UserId::from_uuid(id))),
        Place::MemberRolePath => house
            .post(&format!("/api/v1/members/{}/role", UserId::from_uuid(id)))
            .json(&json!({ "role": "operator" })),
        Place::MemberQuery => house
            .get(&format!("/api/v1/members?limit=1&after={}", UserId::from_uuid(Uuid::max())))
            .company(&CompanyId::from_uuid(id).to_string()),
        Place::KeyPath => house.delete(&format!("/api/v1/api-keys/{}", ApiKeyId::from_uuid(id))),
        Place::SessionPath => {
            house.delete(&format!("/api/v1/sessions/{}", SessionId::from_uuid(id)))
        }
        Place::CompanyHeader => {
            house.get("/api/v1/members").company(&CompanyId::from_uuid(id).to_string())
        }
        Place::ImpersonationBody => {
            let body = json!({ "company": CompanyId::from_uuid(id), "reason": "x", "minutes": 5 });
            house.post("/api/v1/platform/impersonations").json(&body)
        }
    };
    call.cookie(cookie).header("idempotency-key", key)
}

/// Everything that an answer tells, but for the time and the trace.
fn told(reply: &Reply) -> (u16, Vec<u8>, Vec<(String, String)>) {
    let heads = reply.headers.iter();
    let heads = heads.filter(|(name, _)| !["date", "trace-id"].contains(&name.as_str()));
    let heads = heads.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (reply.status.as_u16(), reply.body.clone(), heads.collect())
}

#[tokio::test]
async fn ad01_an_id_of_another_company_is_answered_as_a_random_one_byte_for_byte() {
    let house = House::start("isolation").await;
    let owner = house.session(Role::Owner).await;
    let other = house.other.users[0].clone();
    let others = house.sign_in(&other.email, &other.password).await;
    let mut foreign = Foreign {
        company: house.other.company,
        members: vec![other.user],
        keys: vec![],
        sessions: vec![],
    };
    for n in 0..5 {
        let body = json!({ "name": "P", "email": format!("p{n}@load.example"), "role": "operator",
            "password": "uma senha bem longa" });
        let added = house.post("/api/v1/members").cookie(&others).json(&body).send().await.json();
        foreign.members.push(added["user"].as_str().unwrap().parse().unwrap());
        let body = json!({ "name": "K", "scopes": ["read_team"] });
        let made = house.post("/api/v1/api-keys").cookie(&others).json(&body).send().await.json();
        foreign.keys.push(made["key"]["id"].as_str().unwrap().parse().unwrap());
    }
    let list = house.get("/api/v1/sessions").cookie(&others).send().await.json();
    foreign.sessions.push(list["items"][0]["id"].as_str().unwrap().parse().unwrap());
    let before = house.events(foreign.company.into_uuid()).await.len();

    // What a random id is answered is the same for a hundred of them; each foreign one must be too.
    let mut random = StdRng::seed_from_u64(7);
    let mut expected = HashMap::new();
    for place in PLACES {
        for n in 0..100 {
            let mut bytes = [0; 16];
            random.fill_bytes(&mut bytes);
            let unknown = Uuid::from_bytes(bytes);
            let reply =
                call(&house, place, unknown, &owner, &format!("r{n}{place:?}")).send().await;
            assert!(matches!(reply.status.as_u16(), 403 | 404), "{place:?}: {}", reply.text());
            let known = expected.entry(place).or_insert_with(|| told(&reply));
            assert_eq!(*known, told(&reply), "{place:?}");
        }
    }
    let asked: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let place = *PLACES.choose(&mut random).unwrap();
            let known = match place {
                Place::MemberPath | Place::MemberRolePath => {
                    foreign.members.choose(&mut random).unwrap().into_uuid()
                }
                Place::KeyPath => foreign.keys.choose(&mut random).unwrap().into_uuid(),
                Place::SessionPath => foreign.sessions[0].into_uuid(),
                Place::MemberQuery | Place::CompanyHeader | Place::ImpersonationBody => {
                    foreign.company.into_uuid()
                }
            };
            (place, known)
        })
        .collect();
    stream::iter(asked.into_iter().enumerate())
        .for_each_concurrent(16, |(n, (place, known))| {
            let (house, owner, expected) = (&house, &owner, &expected);
            async move {
                let reply = call(house, place, known, owner, &format!("f{n}")).send().await;
                assert_eq!(told(&reply), expected[&place], "{place:?}");
            }
        })
        .await;
    assert_eq!(house.events(foreign.company.into_uuid()).await.len(), before, "nothing happened");
    assert_eq!(house.get("/api/v1/me").cookie(&others).send().await.status, 200);
}
