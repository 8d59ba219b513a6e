//! A lane's owner stands still, or dies, and another one takes over.

use std::time::{Duration, Instant};

use crate::{
    company::Company,
    house::{House, eventually},
};

const FRONT: (&str, &str) = ("front", "api,intake,digest,relay,projector,worker");

/// Between pick and call the owner stops for longer than it may; another one takes over and sends;
/// then the first goes on, and none is sent twice.
#[tokio::test]
async fn d19_faults_of_an_owner_that_stands_still_send_nothing_twice() {
    let house = House::open();
    let mut front = house.serve_as(FRONT, &house.url, None).await;
    let mut company = Company::of(&house);
    company.write(&mut front, 1, "Oi, quanto custa?").await;
    let (one, two) = (House::free_url(), House::free_url());
    let asleep = house.serve_as(("one", "lanes"), &one, Some("after_pick:2:stop")).await;
    for at in 0..4 {
        company.answer(&mut front, &format!("before {at}")).await;
    }
    eventually("the owner stands still", async || asleep.stands_still()).await;
    let stood = Instant::now();
    let _other = house.serve_as(("two", "lanes"), &two, None).await;
    company.answer(&mut front, "meanwhile").await;
    company.reaches_an_end("meanwhile").await;
    assert!(stood.elapsed() < Duration::from_secs(12), "{:?}", stood.elapsed());
    // Ten seconds, as a machine that swaps would stand; the provider has answered all others by then.
    let left = Duration::from_secs(10).saturating_sub(stood.elapsed());
    tokio::time::sleep(left).await;
    asleep.go_on();
    company.answer(&mut front, "after").await;
    company.check(&house).await;
    // At most the one that was under way is unknown, or was sent once by its late call.
    assert!(company.n_unknown().await <= 1);
}

/// Killed between pick and outcome, it sends again within two seconds of being started.
#[tokio::test]
async fn d16_faults_of_the_only_owner_stop_sending_for_less_than_two_seconds() {
    let house = House::open();
    let mut front = house.serve_as(FRONT, &house.url, None).await;
    let mut company = Company::of(&house);
    company.write(&mut front, 1, "Oi, quanto custa?").await;
    let at = House::free_url();
    for point in ["after_pick:2", "after_call:2", "after_outcome:2"] {
        let mut owner = house.serve_as(("owner", "lanes"), &at, Some(point)).await;
        for n in 0..3 {
            company.answer(&mut front, &format!("{point} {n}")).await;
        }
        eventually("it died", async || owner.is_dead()).await;
        let unknown = company.n_unknown().await;
        let begun = Instant::now();
        let mut again = house.serve_as(("owner", "lanes"), &at, None).await;
        company.reaches_an_end(&format!("{point} 2")).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2), "{point}: sending again took {took:?}");
        // A kill leaves at most what was under way then: one conversation, so one message.
        assert!(company.n_unknown().await <= unknown + 1, "{point}");
        again.kill();
    }
    let _owner = house.serve_as(("owner", "lanes"), &at, None).await;
    company.check(&house).await;
}
