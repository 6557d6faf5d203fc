//! Several loops on one ledger in a real PostgreSQL: they share the work, one dies, one stands still for
//! longer than its claims last, their clocks are apart, and the way to the database is cut.

mod proxy;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use self::proxy::Proxy;
use crate::kill::say;
use crate::postgres::Cluster;
use crate::support::platform::{Act, Fault, Platform, Turn};
use crate::support::shim::Shim;
use crate::support::{Ended, Loop, World, until};

/// Turns over their ceiling.
const TURNS: usize = 1_000;
/// How long a claim lasts.
const LEASE: &str = "--lease 2s";
const TWO_HOURS_MS: i64 = 7_200_000;

/// One request as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Recorded {
    turn: String,
    request_id: String,
    round: String,
    outcome: String,
}

/// Reads what the ledger holds.
fn recorded(cluster: &Cluster, database: &str) -> Vec<Recorded> {
    let sql = "SELECT turn_key, request_id, round, coalesce(outcome, '-') \
               FROM cronctl.attempts ORDER BY id";
    let rows = cluster.sql(database, sql);
    let rows = rows.lines().filter(|line| !line.is_empty());
    let rows = rows.map(|line| {
        let mut cells = line.split('|').map(str::to_owned);
        let mut cell = || cells.next().unwrap();
        Recorded {
            turn: cell(),
            request_id: cell(),
            round: cell(),
            outcome: cell(),
        }
    });
    rows.collect()
}

/// Prepares to run a replica.
fn replica(world: &World, cluster: &Cluster, ledger: &str, url: &str, options: &str) -> Command {
    let mut command = world.command(&format!(
        "checkpoint --molecule {url} --token-file token --ledger {ledger} --over-ceiling --watch \
         --yes --output ndjson --log-format json --rate-limit 0 --max-actions 1000 \
         --max-actions-per-hour 0 --interval 50ms --drain 2s --grace 5s --on interval {options}"
    ));
    command.env("CRONCTL_LEDGER_PASSWORD", cluster.password());
    command
}

/// The turns that a loop dealt with.
fn dealt_with(events: &[Value]) -> usize {
    let targets = events.iter().filter(|event| event["event"] == "target");
    targets.filter(|e| e["target"]["requests"] != 0).count()
}

/// What must hold of every turn, whoever asked for it: it is gone, one request had an effect, all that
/// were made have one id, and each is in the ledger.
fn nothing_is_doubled_or_lost(platform: &Platform, ledger: &[Recorded]) {
    let asked = platform.asked();
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for request in &asked {
        let turn = request.turn_id.as_deref().unwrap();
        ids.entry(turn).or_default().insert(&request.request_id);
    }
    for (turn, fate) in platform.fates() {
        assert!(fate.gone, "{turn} is lost");
        assert_eq!(fate.carried.len(), 1, "{turn}: {fate:?}");
        assert_eq!(ids[&*turn].len(), 1, "{turn}: {:?}", ids[&*turn]);
    }
    let known: BTreeSet<_> = ledger.iter().map(|r| (&*r.turn, &*r.request_id)).collect();
    for (turn, ids) in &ids {
        for id in ids {
            assert!(known.contains(&(turn, id)), "{turn}: {id} is not recorded");
        }
    }
    assert!(ledger.iter().all(|r| r.round == "0"));
}

fn all_gone(platform: &Platform) {
    until("the end of all turns", || {
        (platform.left() == 0).then_some(())
    });
}

/// Ends a loop; it must have been well.
fn ends(replica: Loop) -> Ended {
    let ended = replica.stop();
    ended.is_sound();
    ended
}

#[test]
fn three_replicas_share_a_thousand_turns_though_one_dies_and_one_stands_still() {
    let cluster = Cluster::start();
    let ledger = cluster.database("shared");
    let platform = Platform::new(true);
    for n in 0..TURNS {
        let act = Act {
            before_ms: 20,
            after_ms: 10,
            // The effect is there, the answer is not: it is asked for again, by whoever is there.
            fault: (n % 20 == 0).then_some(Fault::Cut),
            ..Act::FREES
        };
        let age_ms = TWO_HOURS_MS - i64::try_from(n).unwrap();
        let turn = Turn::new(&format!("turn-{n}"), age_ms, [act]);
        platform.add(&format!("ws-{n}"), 0, turn);
    }
    let options = format!("{LEASE} --concurrency 8 --breaker 0");
    let worlds = [World::new(), World::new(), World::new()];
    // None of them has the time that the database has, and none the other's.
    let shims = [Shim::new(), Shim::new(), Shim::new()];
    for (shim, ahead_ms) in shims.iter().zip([-3_600_000, 0, 3_600_000]) {
        shim.tell(&format!("clock {ahead_ms}"));
    }
    let mut replicas: Vec<Loop> = worlds
        .iter()
        .zip(&shims)
        .map(|(world, shim)| {
            let command = replica(world, &cluster, &ledger, &platform.url, &options);
            Loop::of(shim.under(command))
        })
        .collect();
    let asked = |least: usize| {
        until("requests", || {
            (platform.asked().len() >= least).then_some(())
        });
    };
    asked(150);
    let (last, still, dies) = {
        let last = replicas.pop().unwrap();
        let still = replicas.pop().unwrap();
        (last, still, replicas.pop().unwrap())
    };
    // Each has begun: what one does is the others' not to do.
    for replica in [&last, &still, &dies] {
        until("claims of each", || {
            let sql = format!(
                "SELECT count(*) FROM cronctl.claims WHERE owner LIKE '%/{}-%'",
                replica.id()
            );
            (cluster.sql("shared", &sql).trim() != "0").then_some(())
        });
    }
    let more = |n: usize| asked((platform.asked().len() + n).min(TURNS - 50));
    more(100);
    dies.kill();
    more(150);
    still.signal("-STOP");
    more(200);
    all_gone(&platform);
    // What it had claimed was taken over: it wakes up to find that.
    still.signal("-CONT");
    let mut counts = Vec::new();
    for mut replica in [still, last] {
        replica.sweeps(1);
        counts.push(dealt_with(&ends(replica).events));
    }
    let attempts = recorded(&cluster, "shared");
    nothing_is_doubled_or_lost(&platform, &attempts);
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    // Those of the dead one are the rest.
    assert!(counts.iter().sum::<usize>() < TURNS, "{counts:?}");
    let requests = platform.asked().len();
    say(&format!(
        "{TURNS} turns, 3 replicas with clocks 1 h apart, 1 killed, 1 paused: {requests} requests, \
         {} recorded, {counts:?} turns by the two that were left; doubled 0, lost 0",
        attempts.len()
    ));
}

#[test]
fn a_replica_that_cannot_reach_the_database_sends_nothing_until_it_can() {
    let cluster = Cluster::start();
    cluster.database("cut");
    let proxy = Proxy::to(&cluster.url("cut"));
    let platform = Platform::new(true);
    platform.over(&["before-1", "before-2"], &[Act::FREES]);
    let world = World::new();
    let command = replica(&world, &cluster, &proxy.url, &platform.url, LEASE);
    let mut replica = Loop::of(command);
    all_gone(&platform);
    replica.sweeps(1);

    proxy.cut();
    replica.fails();
    platform.over(&["meanwhile-1", "meanwhile-2"], &[Act::FREES]);
    let asked = platform.asked().len();
    for _ in 0..3 {
        let why = replica.fails();
        assert!(why.contains("ledger"), "{why}");
    }
    assert_eq!(platform.asked().len(), asked, "it asks without a ledger");

    proxy.mend();
    all_gone(&platform);
    replica.sweeps(1);
    ends(replica);
    nothing_is_doubled_or_lost(&platform, &recorded(&cluster, "cut"));
}

#[test]
fn a_database_that_comes_up_late_is_followed_by_clocks_that_are_apart() {
    for ahead_ms in [3_600_000, -3_600_000] {
        let cluster = Cluster::start();
        cluster.database("late");
        let proxy = Proxy::to(&cluster.url("late"));
        proxy.cut();
        let platform = Platform::new(true);
        platform.over(&["ws-a"], &[Act::FREES]);
        let (world, shim) = (World::new(), Shim::new());
        shim.tell(&format!("clock {ahead_ms}"));
        let command = replica(&world, &cluster, &proxy.url, &platform.url, LEASE);
        let mut replica = Loop::of(shim.under(command));
        replica.fails();
        proxy.mend();
        // The look in which the clock changes took no hour, and the next one comes soon.
        all_gone(&platform);
        replica.sweeps(3);
        let ended = ends(replica);
        for sweep in ended.events.iter().filter(|e| e["event"] == "sweep") {
            let took_ms = sweep["took_ms"].as_i64().unwrap();
            assert!((0..600_000).contains(&took_ms), "{sweep}");
        }
        nothing_is_doubled_or_lost(&platform, &recorded(&cluster, "late"));
    }
}

#[test]
fn what_was_answered_while_the_database_was_gone_is_recorded_afterwards() {
    let cluster = Cluster::start();
    cluster.database("owed");
    let proxy = Proxy::to(&cluster.url("owed"));
    let platform = Platform::new(true);
    let act = Act {
        before_ms: 700,
        ..Act::FREES
    };
    platform.over(&["slow"], &[act]);
    let world = World::new();
    let command = replica(&world, &cluster, &proxy.url, &platform.url, LEASE);
    let mut replica = Loop::of(command);
    until("the request", || {
        (platform.reads() > 0 && !platform.asked().is_empty()).then_some(())
    });
    proxy.cut();
    replica.fails();
    proxy.mend();
    replica.sweeps(1);
    let ended = ends(replica);
    let attempts = recorded(&cluster, "owed");
    nothing_is_doubled_or_lost(&platform, &attempts);
    assert_eq!(attempts.len(), 1, "{attempts:?} {ended}");
    assert_ne!(attempts[0].outcome, "-", "{ended}");
}

#[test]
fn a_server_that_crashes_and_comes_back_is_gone_on_with() {
    let cluster = Cluster::start();
    let ledger = cluster.database("crash");
    let platform = Platform::new(true);
    platform.over(&["before"], &[Act::FREES]);
    let world = World::new();
    let command = replica(&world, &cluster, &ledger, &platform.url, LEASE);
    let mut replica = Loop::of(command);
    all_gone(&platform);
    replica.sweeps(1);
    cluster.kill();
    let why = replica.fails();
    assert!(why.contains("ledger"), "{why}");
    platform.over(&["after"], &[Act::FREES]);
    cluster.again();
    all_gone(&platform);
    replica.sweeps(1);
    ends(replica);
    nothing_is_doubled_or_lost(&platform, &recorded(&cluster, "crash"));
}
