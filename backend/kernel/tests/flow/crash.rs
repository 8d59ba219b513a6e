//! A process that is killed at any moment, and at each named one, loses nothing and repeats nothing.
//!
//! The process is this test's own program, started again as [`a_node`].

use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use kernel::{
    bus::Addresses,
    db::{Pools, Sizes, Urls},
    digest::Digest,
    engine::{self, Engine, Work},
    gate::Gate,
    ids::Ground,
    intake::Intake,
    module::Module,
    nodes::Nodes,
    tasks::Tasks,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    activity::Activity,
    demo::{Demo, RECEIVED, message_id, received},
    policies::{ANSWERED, Answer},
    support::*,
    timers::{KIND, Remind},
};

/// What a node is told.
const URL: &str = "FLOW_NODE_URL";
const PREFIX: &str = "FLOW_NODE_PREFIX";
const REBUILDS: &str = "FLOW_NODE_REBUILDS";

/// Every named moment of this side of the kernel.
const POINTS: &[&str] = &[
    "after_intake_commit",
    "before_digest_commit",
    "after_digest_commit",
    "before_relay",
    "after_publish",
    "in_projection_tx",
    "after_projection_tx",
    "in_rebuild",
    "in_swap",
    "after_swap",
    "before_policy_commit",
    "after_policy_commit",
    "before_timer_commit",
    "after_timer_commit",
];

/// Not a test: the process that is killed. Without its environment it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_node() {
    let Ok(url) = std::env::var(URL) else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sizes = Sizes { app: 8, direct: 4, reader: 2, forgetful: true };
    let pools = Pools::connect(&Urls::same(&url), sizes).await.unwrap();
    let kernel_ground = Ground::system();
    let ledger = open_ledger(&pools, &kernel_ground).await;
    let vault = vault(&pools, &kernel_ground).await;
    let intake =
        Intake::open(pools.clone(), vault.clone(), kernel_ground.clone(), 0).await.unwrap();
    let relay_url = std::env::var("NATS_RELAY_URL").ok();
    let addresses = Addresses { url: given("NATS_URL"), relay_url };
    let bus = kernel::bus::Bus::open(&addresses, &given(PREFIX)).await.unwrap();
    let ground = engine::Ground {
        ledger: ledger.clone(),
        vault,
        intake: intake.clone(),
        bus,
        nodes: Nodes::new(pools.clone(), kernel_ground, "node"),
        gate: Gate::new(),
        keep_deliveries: Duration::from_hours(24),
    };
    let modules = [Module {
        name: "demo",
        projections: vec![Arc::new(Activity::default())],
        policies: vec![Arc::new(Answer::new(1, RECEIVED, ANSWERED))],
        timers: vec![Arc::new(Remind::default())],
    }];
    let engine = Engine::prepare(&ground, &modules).await.unwrap();
    let digesting = (intake.clone(), ledger.clone());
    engine.start(&Tasks::new(), &ground, &modules, &Work::all(), move || {
        let (intake, ledger) = digesting.clone();
        let demo = Demo { reminds: Some(KIND), ledger: ledger.clone() };
        Digest::new(intake, ledger, demo)
    });
    if std::env::var(REBUILDS).is_ok() {
        tokio::spawn(async move {
            loop {
                let _ = engine.models.rebuild(&["activity"]).await;
            }
        });
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on {}", listener.local_addr().unwrap().port());
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let intake = intake.clone();
        tokio::spawn(async move {
            let (reading, mut writing) = socket.into_split();
            let mut lines = BufReader::new(reading).lines();
            let mut n = 0;
            while let Ok(Some(line)) = lines.next_line().await {
                n += 1;
                if intake.put("demo", route(n % 3), Bytes::from(line)).await.is_err()
                    || writing.write_all(b"ok\n").await.is_err()
                {
                    return;
                }
            }
        });
    }
}

struct Node {
    child: Child,
    port: u16,
}

/// Starts the node; `None` if it died on its way, which is what some points are for.
fn start(db: &Db, prefix: &str, fault: Option<&str>, rebuilds: bool) -> Option<Node> {
    use std::io::BufRead as _;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::a_node", "--nocapture"]);
    command.env(URL, &db.url).env(PREFIX, prefix);
    if let Some(fault) = fault {
        command.env("MASTERIA_FAULT", fault);
    }
    if rebuilds {
        command.env(REBUILDS, "1");
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let port = loop {
        let Some(Ok(line)) = lines.next() else { break None };
        if let Some(port) = line.split("listening on ").nth(1) {
            break port.trim().parse().ok();
        }
    };
    let Some(port) = port else {
        child.wait().unwrap();
        return None;
    };
    // Somebody must read what it prints.
    std::thread::spawn(move || lines.for_each(drop));
    Some(Node { child, port })
}

/// Every fifth delivery cannot be understood: no stream would notice if its event came twice.
fn is_garbage(n: u64) -> bool {
    n % 5 == 3
}

/// Sends its deliveries one after the other, each until it is acknowledged, as a provider does; every
/// fourth is sent once more even so. Returns how many were acknowledged before the line died.
async fn send(port: u16, sender: u128, from: u64) -> u64 {
    let Ok(socket) = TcpStream::connect(("127.0.0.1", port)).await else { return from };
    let (reading, mut writing) = socket.into_split();
    let mut answers = BufReader::new(reading).lines();
    let mut next = from;
    while next < from + 60 {
        for _ in 0..=u64::from(next.is_multiple_of(4)) {
            let body = if is_garbage(next) {
                format!("garbage {sender}-{next}")
            } else {
                received(company(sender % 5), &format!("{sender}-{next}"), &sender.to_string())
            };
            if writing.write_all(format!("{body}\n").as_bytes()).await.is_err() {
                return next;
            }
            match answers.next_line().await {
                Ok(Some(answer)) if answer == "ok" => {}
                _ => return next,
            }
        }
        next += 1;
    }
    next
}

async fn send_all(port: u16, acknowledged: &mut HashMap<u128, u64>) {
    const SENDERS: u128 = 8;
    let mut sending = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let from = acknowledged.get(&sender).copied().unwrap_or(0);
        sending.spawn(async move { (sender, send(port, sender, from).await) });
    }
    for (sender, sent) in sending.join_all().await {
        acknowledged.insert(sender, sent);
    }
}

/// Until the digest, the policy, the timers and the read model are through.
async fn through(db: &Db) {
    let waits = "select
        (select coalesce(max(position), 0) from intake.deliveries)
        - coalesce((select position from ledger.checkpoints where consumer = 'digest'), 0)
        + (select count(*) from ledger.timers)
        + (select coalesce(max(position), 0) from ledger.events)
        - (select min(position) from projection.checkpoints where name = 'activity')";
    until("all work is done", async || db.number(waits).await == 0).await;
    until("all reactions are there", async || {
        db.events_of(ANSWERED).await == db.events_of(RECEIVED).await && db.number(waits).await == 0
    })
    .await;
}

async fn nothing_is_lost_and_nothing_came_twice(db: &Db, acknowledged: &HashMap<u128, u64>) {
    let events = db.sound().await;
    assert_eq!(db.number("select count(*) - max(position) from intake.deliveries").await, 0);
    let ledger = db.ledger().await;
    let mut garbage = 0;
    for (sender, &count) in acknowledged {
        let company = company(sender % 5);
        let ids: Vec<_> = (0..count)
            .filter(|n| !is_garbage(*n))
            .map(|n| (company, message_id(company, &format!("{sender}-{n}"))))
            .collect();
        let found = ledger.read_streams(&ids).await.unwrap();
        let messages = found.iter().filter(|event| &*event.event_type == RECEIVED).count();
        assert_eq!(messages, ids.len(), "acknowledged deliveries of sender {sender} are missing");
        garbage += i64::try_from((0..count).filter(|n| is_garbage(*n)).count()).unwrap();
    }
    let once = |event_type: &str, key: &str| {
        format!(
            "select count(*) - count(distinct {key}) from ledger.events e
             join ledger.words w on w.id = e.event_type where w.word = '{event_type}'"
        )
    };
    assert_eq!(db.number(&once(RECEIVED, "stream_id")).await, 0, "a message came twice");
    assert_eq!(db.number(&once(ANSWERED, "causation_id")).await, 0, "a policy reacted twice");
    assert_eq!(db.number(&once("demo.thing.happened", "stream_id")).await, 0, "a timer twice");
    assert_eq!(db.events_of("demo.thing.happened").await, db.events_of(RECEIVED).await);
    let quarantined = "intake.delivery.quarantined";
    assert_eq!(db.number(&once(quarantined, "stream_id")).await, 0, "in quarantine twice");
    assert!(db.events_of(quarantined).await >= garbage);
    db.equals_the_ledger("activity").await;
    println!("{events} events of {} acknowledged deliveries", acknowledged.values().sum::<u64>());
}

#[tokio::test(flavor = "multi_thread")]
async fn k14_fault_a_kill_at_each_named_point_loses_nothing_and_repeats_nothing() {
    let rounds: u64 = std::env::var("MASTERIA_FAULT_ROUNDS").map_or(2, |n| n.parse().unwrap());
    let seed: u64 = std::env::var("MASTERIA_FAULT_SEED").map_or(7, |n| n.parse().unwrap());
    println!("seed {seed}");
    let db = Db::new("crash").await;
    let bus = bus("crash").await;
    let mut acknowledged = HashMap::new();
    let mut random = seed;
    for round in 0..rounds {
        for point in POINTS {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let rare = point.contains("rebuild") || point.contains("swap");
            let nth = if rare { 1 } else { 1 + (random >> 33) % 5 };
            let fault = format!("{point}:{nth}");
            let Some(mut node) = start(&db, "crash_", Some(&fault), rare) else { continue };
            send_all(node.port, &mut acknowledged).await;
            // It dies by itself, at the latest with what it still has to do.
            until(&format!("it dies at {fault} in round {round}"), async || {
                node.child.try_wait().unwrap().is_some()
            })
            .await;
        }
    }
    let mut node = start(&db, "crash_", None, false).unwrap();
    send_all(node.port, &mut acknowledged).await;
    through(&db).await;
    let head = db.number("select max(position) from ledger.events").await;
    until("all is relayed", async || {
        crate::relay::positions(&bus).await.last().copied() == Some(head)
    })
    .await;
    // An empty stream begins behind what every read model has: a process that died before it first
    // published has left it empty. From there on it is the ledger, in order, without holes or repeats.
    let published = crate::relay::positions(&bus).await;
    let first = published.first().copied().unwrap_or_default();
    assert_eq!(published, (first..=head).collect::<Vec<_>>());
    node.child.kill().unwrap();
    node.child.wait().unwrap();
    nothing_is_lost_and_nothing_came_twice(&db, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k14_fault_kills_at_any_moment_lose_nothing_and_repeat_nothing() {
    let rounds: u64 = std::env::var("MASTERIA_FAULT_ROUNDS").map_or(2, |n| n.parse().unwrap());
    let seed: u64 = std::env::var("MASTERIA_FAULT_SEED").map_or(7, |n| n.parse().unwrap());
    println!("seed {seed}");
    let db = Db::new("kills").await;
    let _bus = bus("kills").await;
    let mut acknowledged = HashMap::new();
    let mut random = seed;
    for _ in 0..rounds * 3 {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut node = start(&db, "kills_", None, false).unwrap();
        // The moment of the kill is the one thing here that is meant to be arbitrary.
        let moment = Duration::from_micros((random >> 23) % 400_000);
        let sending = send_all(node.port, &mut acknowledged);
        tokio::pin!(sending);
        let _ = tokio::time::timeout(moment, &mut sending).await;
        node.child.kill().unwrap();
        node.child.wait().unwrap();
        sending.await;
    }
    let mut node = start(&db, "kills_", None, false).unwrap();
    send_all(node.port, &mut acknowledged).await;
    through(&db).await;
    node.child.kill().unwrap();
    node.child.wait().unwrap();
    nothing_is_lost_and_nothing_came_twice(&db, &acknowledged).await;
}
