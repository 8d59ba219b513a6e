//! The vault: classes and periods, shredding, places, rings, secrets, signatures.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use kernel::{
    commit::Expected,
    error::{Error, Result},
    vault::{FRESH, KekRing, Opened, Place, Shred, ShredRecord, ShredStore, Vault, Wanted},
};
use shared::stored::{KeyClass, Sealed};
use uuid::Uuid;

use crate::support::*;

const COMPANY: Uuid = Uuid::from_u128(0xc000_0000_0000_8000_8000_0000_0000_0001);
const PLACE: Place = Place { company: COMPANY, event_type: "demo.message.received", field: "text" };

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn spring() -> DateTime<Utc> {
    at("2026-05-01T00:00:00Z")
}

async fn seal(vault: &Vault, subject: Uuid, class: KeyClass, text: &str) -> Result<Sealed<String>> {
    vault.seal(PLACE, subject, class, spring(), &text.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_an_erased_subject_cannot_be_read_and_the_chain_stays_whole() {
    let db = Db::new("erase").await;
    let vault = db.vault().await;
    let (erased, merged, other) = (new_id(), new_id(), new_id());
    let mut texts = Vec::new();
    for subject in [erased, merged, other] {
        let sealed = seal(&vault, subject, KeyClass::Content, "meu CPF 123.456").await.unwrap();
        let mut commit = one(COMPANY, new_id(), Expected::Empty);
        commit.appends[0].events[0].payload = serde_json::to_string(&sealed).unwrap();
        db.ledger().commit(commit).await.unwrap();
        texts.push(sealed);
    }
    let name = seal(&vault, erased, KeyClass::Identity, "Ana").await.unwrap();
    let consent = seal(&vault, erased, KeyClass::Proof, "sim").await.unwrap();
    assert_eq!(
        db.number("select count(*) from ledger.events where payload::text like '%CPF%'").await,
        0
    );
    let classes = [KeyClass::Identity, KeyClass::Content];
    let second = db.vault().await;
    for _ in 0..2 {
        vault.shred(COMPANY, &[erased, merged], &classes).await.unwrap();
    }
    second.forget(&Shred::Subjects {
        company: COMPANY,
        subjects: vec![erased, merged],
        classes: classes.to_vec(),
    });
    for vault in [vault, second, db.vault().await] {
        assert_eq!(vault.open(PLACE, &texts[0]).await.unwrap(), Opened::Erased);
        assert_eq!(vault.open(PLACE, &texts[1]).await.unwrap(), Opened::Erased);
        assert_eq!(vault.open(PLACE, &name).await.unwrap(), Opened::Erased);
        let left = vault.open(PLACE, &texts[2]).await.unwrap();
        assert_eq!(left, Opened::Value("meu CPF 123.456".into()));
        let proof = vault.open(PLACE, &consent).await.unwrap();
        assert_eq!(proof, Opened::Value("sim".into()), "proof survives (D3)");
        let again = seal(&vault, erased, KeyClass::Content, "x").await;
        assert!(matches!(again, Err(Error::Erased)));
    }
    assert_eq!(db.sound().await, 3);
}

/// Whether an erased subject stays erased, also in quarters to come.
pub(crate) async fn erased_stays_erased(db: &Db) -> bool {
    let vault = db.vault().await;
    let subject = new_id();
    let text = seal(&vault, subject, KeyClass::Content, "x").await.unwrap();
    vault.shred(COMPANY, &[subject], &[KeyClass::Content]).await.unwrap();
    let autumn = at("2026-11-01T00:00:00Z");
    let next = vault.seal(PLACE, subject, KeyClass::Content, autumn, &"y".to_owned()).await;
    let same = seal(&vault, subject, KeyClass::Content, "z").await;
    matches!(next, Err(Error::Erased))
        && matches!(same, Err(Error::Erased))
        && vault.open(PLACE, &text).await.unwrap() == Opened::Erased
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_what_was_destroyed_gets_no_second_key() {
    let db = Db::new("second_key").await;
    assert!(erased_stays_erased(&db).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_retention_destroys_a_class_of_one_quarter_for_everybody() {
    let db = Db::new("retention_keys").await;
    let vault = db.vault().await;
    let autumn = at("2026-11-01T00:00:00Z");
    let mut sealed = Vec::new();
    for when in [spring(), autumn] {
        for company in [company(1), company(2)] {
            let place = Place { company, ..PLACE };
            let text = "x".to_owned();
            let value = vault.seal(place, new_id(), KeyClass::Content, when, &text).await.unwrap();
            sealed.push((place, value));
        }
    }
    assert_eq!(sealed[0].1.period, 20_262);
    vault.shred_period(KeyClass::Content, 20_262).await.unwrap();
    let pairs: Vec<_> = sealed.iter().map(|(place, value)| (*place, value)).collect();
    let opened = db.vault().await.open_many(&pairs).await.unwrap();
    let is_erased: Vec<bool> = opened.iter().map(|value| *value == Opened::Erased).collect();
    assert_eq!(is_erased, [true, true, false, false]);
    let late = seal(&vault, new_id(), KeyClass::Content, "x").await;
    assert!(matches!(late, Err(Error::Erased)), "the period is over for new subjects, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_the_shred_of_a_company_is_one_row() {
    let db = Db::new("company_shred").await;
    let vault = db.vault().await;
    let text = seal(&vault, new_id(), KeyClass::Content, "x").await.unwrap();
    let secret = vault.secret_seal(COMPANY, new_id(), "token", b"EAAG").await.unwrap();
    let index = vault.index(COMPANY).await.unwrap().blind("phone", "1");
    assert_eq!(db.vault().await.index(COMPANY).await.unwrap().blind("phone", "1"), index);
    vault.shred_company(COMPANY).await.unwrap();
    for vault in [vault, db.vault().await] {
        assert_eq!(vault.open(PLACE, &text).await.unwrap(), Opened::Erased);
        assert!(matches!(vault.index(COMPANY).await, Err(Error::Erased)));
        let opened = vault.secret_open(COMPANY, new_id(), "token", &secret).await;
        assert!(matches!(opened, Err(Error::Erased)));
        let again = seal(&vault, new_id(), KeyClass::Content, "x").await;
        assert!(matches!(again, Err(Error::Erased)));
    }
    assert_eq!(db.number("select count(*) from vault.company_keys where wrapped is null").await, 1);
}

/// Whether a value opens nowhere but in its place.
pub(crate) async fn opens_elsewhere(db: &Db) -> bool {
    let vault = db.vault().await;
    let subject = new_id();
    let sealed = seal(&vault, subject, KeyClass::Content, "x").await.unwrap();
    let elsewhere = [
        Place { field: "name", ..PLACE },
        Place { event_type: "contacts.contact.registered", ..PLACE },
    ];
    let mut opened = false;
    for place in elsewhere {
        opened |= vault.open(place, &sealed).await.is_ok();
    }
    opened
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_a_sealed_value_opens_in_its_own_place_only() {
    let db = Db::new("place").await;
    assert!(!opens_elsewhere(&db).await);
    let vault = db.vault().await;
    let subject = new_id();
    let sealed = seal(&vault, subject, KeyClass::Content, "x").await.unwrap();
    // Another company's place, with a key of the same name there.
    let place = Place { company: company(2), ..PLACE };
    vault.seal(place, subject, KeyClass::Content, spring(), &"y".to_owned()).await.unwrap();
    assert!(matches!(vault.open(place, &sealed).await, Err(Error::Seal)));
    // Another subject, another version.
    let other_subject = new_id();
    seal(&vault, other_subject, KeyClass::Content, "z").await.unwrap();
    let moved: Sealed<String> =
        Sealed::new(other_subject, sealed.class, sealed.period, 1, sealed.data.clone());
    assert!(matches!(vault.open(PLACE, &moved).await, Err(Error::Seal)));
    let newer: Sealed<String> =
        Sealed::new(subject, sealed.class, sealed.period, 2, sealed.data.clone());
    assert!(matches!(vault.open(PLACE, &newer).await, Err(Error::Seal)));
    // A key cannot be moved to another subject either.
    db.run(&format!(
        "update vault.subject_keys k set wrapped = o.wrapped from vault.subject_keys o
         where k.subject_id = '{other_subject}' and o.subject_id = '{subject}'
           and o.company_id = k.company_id and o.company_id = '{COMPANY}'"
    ))
    .await;
    assert!(matches!(db.vault().await.open(PLACE, &moved).await, Err(Error::Seal)));
    assert!(format!("{sealed:?}").starts_with("Sealed("));
}

#[tokio::test(flavor = "multi_thread")]
async fn d34_another_process_forgets_a_key_within_a_minute() {
    let db = Db::new("fresh").await;
    let (here, there) = (db.vault().await, db.vault().await);
    let subject = new_id();
    let sealed = seal(&here, subject, KeyClass::Content, "x").await.unwrap();
    assert!(there.open(PLACE, &sealed).await.unwrap().value().is_some());
    let mut told = here.shreds();
    here.shred(COMPANY, &[subject], &[KeyClass::Content]).await.unwrap();
    assert!(matches!(told.recv().await.unwrap(), Shred::Subjects { .. }));
    db.clock.on(FRESH);
    assert_eq!(there.open(PLACE, &sealed).await.unwrap(), Opened::Erased);
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_the_key_encryption_key_is_exchanged_while_values_stay_readable() {
    let db = Db::new("rewrap").await;
    let old = db.vault().await;
    let mut sealed = Vec::new();
    let owner = new_id();
    for n in 0..60u128 {
        let place = Place { company: company(n), ..PLACE };
        let text = n.to_string();
        let class = KeyClass::Content;
        let value = old.seal(place, new_id(), class, spring(), &text).await.unwrap();
        let secret = old.secret_seal(company(n), owner, "token", text.as_bytes()).await.unwrap();
        sealed.push((place, value, secret));
    }
    let signature = old.signer().await.unwrap().sign(b"x");
    let new = Vault::unlock(&db.pools, ring("k2"), db.ground.clone()).await.unwrap();
    while new.rewrap(25).await.unwrap() > 0 {
        let reader = db.vault().await;
        for (n, (place, value, secret)) in sealed.iter().enumerate() {
            let text = n.to_string();
            assert_eq!(reader.open(*place, value).await.unwrap(), Opened::Value(text.clone()));
            let plain = reader.secret_open(place.company, owner, "token", secret).await.unwrap();
            assert_eq!(plain, text.as_bytes());
        }
    }
    for table in ["company_keys", "signing_keys"] {
        let left = format!("select count(*) from vault.{table} where kek <> 'k2'");
        assert_eq!(db.number(&left).await, 0);
    }
    let alone = KekRing::new("k2", [("k2".to_owned(), [2; 32])]).unwrap();
    let alone = Vault::unlock(&db.pools, alone, db.ground.clone()).await.unwrap();
    assert_eq!(alone.signer().await.unwrap().sign(b"x"), signature);
    assert!(alone.open(sealed[0].0, &sealed[0].1).await.unwrap().value().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn d28_a_secret_opens_for_its_company_owner_and_field_only() {
    let db = Db::new("secret").await;
    let vault = db.vault().await;
    let owner = new_id();
    let sealed = vault.secret_seal(COMPANY, owner, "token", b"EAAG").await.unwrap();
    assert_eq!(vault.secret_open(COMPANY, owner, "token", &sealed).await.unwrap(), b"EAAG");
    let again = vault.secret_seal(COMPANY, owner, "token", b"EAAG").await.unwrap();
    assert_ne!(sealed, again, "the nonce is random");
    for (company, owner, field) in
        [(company(2), owner, "token"), (COMPANY, new_id(), "token"), (COMPANY, owner, "app_secret")]
    {
        assert!(vault.secret_open(company, owner, field, &sealed).await.is_err());
    }
    for place in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[place] ^= 1;
        assert!(vault.secret_open(COMPANY, owner, "token", &bent).await.is_err());
    }
}

/// Whether wrong rings are refused.
pub(crate) async fn wrong_rings_are_refused(db: &Db) -> bool {
    let unlock = async |ring| Vault::unlock(&db.pools, ring, db.ground.clone()).await;
    let wrong = KekRing::new("k1", [("k1".to_owned(), [9; 32])]).unwrap();
    let foreign = KekRing::new("k9", [("k9".to_owned(), [9; 32])]).unwrap();
    matches!(unlock(wrong).await, Err(Error::Keys(_)))
        && matches!(unlock(foreign).await, Err(Error::Keys(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn d28_a_wrong_ring_is_refused_and_never_a_new_one_on_a_database_with_data() {
    let db = Db::new("ring").await;
    assert!(!Vault::has_data(&db.pools).await.unwrap());
    let vault = db.vault().await;
    seal(&vault, new_id(), KeyClass::Content, "x").await.unwrap();
    assert!(Vault::has_data(&db.pools).await.unwrap());
    assert!(wrong_rings_are_refused(&db).await);
    // Even if the check values are gone, events alone are enough to refuse a new ring.
    db.ledger().commit(one(COMPANY, new_id(), Expected::Empty)).await.unwrap();
    db.run("truncate vault.keks; delete from vault.company_keys").await;
    let foreign = KekRing::new("k9", [("k9".to_owned(), [9; 32])]).unwrap();
    let refused = Vault::unlock(&db.pools, foreign, db.ground.clone()).await;
    assert!(matches!(refused, Err(Error::Keys(_))));
}

/// A blob store in memory.
#[derive(Default)]
pub(crate) struct Store(Mutex<Vec<ShredRecord>>);

impl ShredStore for Store {
    fn keep<'a>(
        &'a self,
        record: &'a ShredRecord,
    ) -> BoxFuture<'a, std::result::Result<(), Box<dyn std::error::Error + Send + Sync>>> {
        self.0.lock().unwrap().push(record.clone());
        Box::pin(async { Ok(()) })
    }

    fn all(
        &self,
    ) -> BoxFuture<
        '_,
        std::result::Result<Vec<ShredRecord>, Box<dyn std::error::Error + Send + Sync>>,
    > {
        let records = self.0.lock().unwrap().clone();
        Box::pin(async { Ok(records) })
    }
}

/// Whether a person who was erased after the backup shows again after the restore.
pub(crate) async fn shows_after_a_restore(db: &Db) -> bool {
    let store = Arc::new(Store::default());
    let vault = db.vault().await.with_store(store.clone());
    let subject = new_id();
    let text = seal(&vault, subject, KeyClass::Content, "x").await.unwrap();
    db.run(
        "create schema backup;
         create table backup.keys as select * from vault.subject_keys",
    )
    .await;
    vault.shred(COMPANY, &[subject], &[KeyClass::Content]).await.unwrap();
    db.run(
        "alter table vault.subject_keys no force row level security;
         truncate vault.subject_keys, vault.shreds;
         insert into vault.subject_keys select * from backup.keys;
         alter table vault.subject_keys force row level security",
    )
    .await;
    let restored = db.vault().await.with_store(store.clone());
    let n_new = restored.apply_shreds().await.unwrap();
    assert_eq!(restored.apply_shreds().await.unwrap(), 0);
    // A record that somebody made up is refused, and nothing is served.
    let mut forged = store.0.lock().unwrap()[0].clone();
    forged.record = forged.record.replace(&subject.to_string(), &new_id().to_string());
    store.0.lock().unwrap().push(forged);
    if n_new == 1 {
        assert!(matches!(restored.apply_shreds().await, Err(Error::Store(_))));
    }
    restored.open(PLACE, &text).await.unwrap() != Opened::Erased
}

#[tokio::test(flavor = "multi_thread")]
async fn d34_a_restored_database_applies_the_shreds_again() {
    let db = Db::new("restore_shreds").await;
    assert!(!shows_after_a_restore(&db).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_two_processes_that_make_the_same_keys_agree_and_do_not_deadlock() {
    let db = Db::new("same_keys").await;
    let (a, b) = (db.vault().await, db.vault().await);
    for round in 0..10u128 {
        let wanted: Vec<Wanted> = (0..200u128)
            .map(|n| Wanted {
                company: company(n % 5),
                subject: Uuid::from_u128(round * 1_000 + n),
                class: KeyClass::Identity,
                at: spring(),
            })
            .collect();
        let reversed: Vec<Wanted> = wanted.iter().rev().copied().collect();
        let (first, second) = tokio::join!(a.keys(&wanted), b.keys(&reversed));
        let (first, second) = (first.unwrap(), second.unwrap());
        for wanted in &reversed {
            let place = Place { company: wanted.company, ..PLACE };
            let text = "x".to_owned();
            let class = KeyClass::Identity;
            let sealed = first.seal(place, wanted.subject, class, spring(), &text).unwrap();
            assert_eq!(second.open(place, &sealed).unwrap(), Opened::Value(text));
        }
    }
}

/// However young the table's statistics are, a key is taken by its own index: walking the keys of a
/// period was 27 times dearer than all the rest of a delivery.
#[tokio::test(flavor = "multi_thread")]
async fn k25_a_key_is_found_without_walking_those_of_others() {
    let db = Db::new("young_keys").await;
    db.run("alter table vault.subject_keys set (autovacuum_enabled = false)").await;
    let subjects: Vec<Uuid> = (0..2_000).map(|_| new_id()).collect();
    // Made by one, and looked up by another, which has none of them in memory.
    for vault in [db.vault().await, db.vault().await] {
        for some in subjects.chunks(100) {
            let wanted = some.iter().map(|subject| Wanted {
                company: COMPANY,
                subject: *subject,
                class: KeyClass::Content,
                at: spring(),
            });
            vault.keys(&wanted.collect::<Vec<_>>()).await.unwrap();
        }
    }
    db.pools.close().await;
    let of = async |what: &str| {
        let table = "pg_stat_user_tables where relname = 'subject_keys'";
        db.number(&format!("select ({what})::bigint from {table}")).await
    };
    while of("n_tup_ins").await < 2_000 {
        tokio::task::yield_now().await;
    }
    let touched = of("seq_tup_read + coalesce(idx_tup_fetch, 0)").await;
    assert!(touched <= 3 * 2_000, "{touched} rows touched for 2000 keys");
}
