//! D12: which life of the installation this is.

use chrono::TimeDelta;
use kernel::{
    PLATFORM,
    commit::Expected,
    incarnation::{Purpose, Standing, command_line, installation, release, restored, standing},
};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn d12_another_postgres_under_the_same_data_holds_everything_until_restored() {
    let db = Db::new("incarnation").await;
    let first = standing(&db.pools, &db.ground, Purpose::Live).await.unwrap();
    assert!(first.may_act());
    let again = standing(&db.pools, &db.ground, Purpose::Live).await.unwrap();
    assert_eq!(first, again, "a restart is the same life");
    let (ledger, vault) = (db.ledger(), db.vault().await);
    ledger.commit(one(company(1), new_id(), Expected::Empty)).await.unwrap();
    for change in ["system_identifier = '1'", "timeline = timeline + 1"] {
        db.run(&format!("update ledger.installation set {change}")).await;
        let moved = standing(&db.pools, &db.ground, Purpose::Live).await.unwrap();
        assert!(matches!(moved, Standing::Moved(..)), "{change}");
        assert!(!moved.may_act());
        let lost_from = db.ground.clock.now() - TimeDelta::minutes(5);
        let lost_from = lost_from
            - TimeDelta::nanoseconds(i64::from(lost_from.timestamp_subsec_nanos() % 1_000));
        let new = restored(&ledger, &vault, command_line(), lost_from).await.unwrap();
        assert_ne!(new.incarnation, moved.installation().incarnation);
        assert_eq!(new.lost_from, Some(lost_from));
        assert_eq!(ledger.incarnation(), new.incarnation);
        let now = standing(&db.pools, &db.ground, Purpose::Live).await.unwrap();
        assert!(!now.may_act(), "a person has to look first");
        assert_eq!(installation(&db.pools).await.unwrap(), new);
        let head = ledger.company_head(PLATFORM).await.unwrap();
        let event = ledger.read_company(PLATFORM, head, 1).await.unwrap().remove(0);
        assert_eq!(&*event.event_type, "platform.installation.restored");
        assert!(event.payload.contains(&new.incarnation.to_string()));
        release(&ledger, command_line()).await.unwrap();
        let now = standing(&db.pools, &db.ground, Purpose::Live).await.unwrap();
        assert!(now.may_act());
        release(&ledger, command_line()).await.unwrap();
    }
    assert_eq!(db.sound().await, 5);
}
