//! Claims, leases and the budget of an hour, in a file and on a server.

use std::process::{Command, Stdio};
use std::time::Duration;

use cronctl::checkpoint::{Answer, Outcome};
use cronctl::ledger::{Claimant, Ledger, Password, Place, Record, Recorded};
use serde_json::json;

use super::{
    CLUSTER, HOUR, PLATFORM, T, attempt, begun, does, places, released, replica, server, whole,
};

#[test]
fn a_turn_is_claimed_held_prolonged_and_given_back() {
    let (_directory, places) = places("claims");
    for place in places {
        let mut first = Ledger::at(&place).unwrap();
        let mut second = Ledger::at(&place).unwrap();
        let (one, two) = (replica("one", 60_000), replica("two", 60_000));
        let Recorded::Done(id) = does(&mut first, &one, begun("a", 0)) else {
            panic!("{place}");
        };
        match does(&mut second, &two, begun("a", 0)) {
            Recorded::Held { owner, for_ms } => {
                assert_eq!(owner, "one");
                assert!((1..=60_000).contains(&for_ms), "{for_ms}");
            }
            other => panic!("{place}: {other:?}"),
        }
        // It is told what it does not know, and has the turn.
        first.answered(id, T, &Answer::Idle, "202").unwrap();
        assert_eq!(does(&mut first, &one, released("a")), Recorded::Done(1));
        match does(&mut second, &two, begun("a", 0)) {
            Recorded::Changed(attempts) => {
                assert_eq!(attempts.len(), 1);
                assert_eq!(attempts[0].request_id, "r-a");
                assert_eq!(attempts[0].answer, Some((Answer::Idle, T)));
            }
            other => panic!("{place}: {other:?}"),
        }
        let held = does(&mut first, &one, begun("a", 1));
        assert!(matches!(held, Recorded::Held { .. }), "{held:?}");
        assert!(matches!(
            does(&mut second, &two, begun("a", 1)),
            Recorded::Done(_)
        ));
        assert_eq!(does(&mut first, &one, Record::Renewed), Recorded::Done(0));
        assert_eq!(does(&mut second, &two, Record::Renewed), Recorded::Done(1));
    }
}

#[test]
fn a_claim_runs_out_by_the_ledgers_clock() {
    let (_directory, places) = places("leases");
    for place in places {
        let mut first = Ledger::at(&place).unwrap();
        let mut second = Ledger::at(&place).unwrap();
        let (one, two) = (replica("one", 300), replica("two", 60_000));
        does(&mut first, &one, begun("a", 0));
        let mut held = 0;
        let got = loop {
            match does(&mut second, &two, begun("a", 1)) {
                Recorded::Held { for_ms, .. } => {
                    held += 1;
                    assert!(held < 1_000, "{place}: still held for {for_ms} ms");
                    std::thread::sleep(Duration::from_millis(10));
                }
                other => break other,
            }
        };
        assert!(matches!(got, Recorded::Done(_)), "{place}: {got:?}");
        // The first one was too late: it has nothing to prolong, and cannot have it back.
        assert_eq!(does(&mut first, &one, Record::Renewed), Recorded::Done(0));
        let late = does(&mut first, &one, begun("a", 1));
        assert!(matches!(late, Recorded::Held { .. }), "{place}: {late:?}");
        assert_eq!(first.claims(PLATFORM).unwrap().len(), 1);
    }
}

#[test]
fn the_requests_of_an_hour_are_those_of_all_replicas() {
    let (_directory, places) = places("budget");
    for place in places {
        let mut first = Ledger::at(&place).unwrap();
        let mut second = Ledger::at(&place).unwrap();
        let few = |owner: &str, n| Claimant {
            per_hour: Some(n),
            ..replica(owner, 60_000)
        };
        let both = [begun("a", 0), begun("b", 0), begun("c", 0)];
        let did = first.record(Some(&few("one", 3)), &both[..2]).unwrap();
        assert!(matches!(did[..], [Recorded::Done(_), Recorded::Done(_)]));
        let did = second
            .record(Some(&few("two", 3)), &[begun("c", 0), begun("d", 0)])
            .unwrap();
        let [Recorded::Done(c), Recorded::Spent { again_ms }] = did[..] else {
            panic!("{place}: {did:?}");
        };
        assert!((1..=HOUR).contains(&again_ms), "{again_ms}");
        // Nothing was claimed, and what was not sent after all counts for nothing.
        assert_eq!(second.claims(PLATFORM).unwrap().len(), 3);
        second
            .ended(c, T, Outcome::NotSent, "", &json!(null))
            .unwrap();
        let did = does(&mut first, &few("one", 3), begun("d", 0));
        assert!(matches!(did, Recorded::Done(_)), "{place}: {did:?}");
        let none = does(&mut first, &few("one", 0), begun("e", 0));
        assert_eq!(none, Recorded::Spent { again_ms: HOUR });
        // Another platform has an hour of its own.
        let mut elsewhere = attempt("a", 0);
        elsewhere.platform = "http://elsewhere".to_owned();
        let did = does(
            &mut first,
            &few("one", 3),
            Record::Begun(Box::new(elsewhere)),
        );
        assert!(matches!(did, Recorded::Done(_)), "{place}: {did:?}");
    }
}

#[test]
fn of_two_that_race_for_turns_each_is_won_by_one() {
    let (_directory, places) = places("race");
    for place in places {
        let racers: Vec<_> = ["one", "two"]
            .map(|owner| {
                let place = place.clone();
                std::thread::spawn(move || {
                    // Both may be the first.
                    let mut ledger = Ledger::at(&place).unwrap();
                    let who = replica(owner, 60_000);
                    let turns: Vec<_> = (0..200).map(|n| begun(&n.to_string(), 0)).collect();
                    let did = turns
                        .chunks(5)
                        .map(|few| ledger.record(Some(&who), few).unwrap());
                    did.flatten()
                        .filter(|did| matches!(did, Recorded::Done(_)))
                        .count()
                })
            })
            .into();
        let won: Vec<_> = racers.into_iter().map(|r| r.join().unwrap()).collect();
        assert_eq!(won.iter().sum::<usize>(), 200, "{place}: {won:?}");
        let ledger = Ledger::at(&place).unwrap();
        let turns: std::collections::BTreeSet<_> = ledger
            .history(&[], None, 1_000)
            .unwrap()
            .into_iter()
            .map(|line| line.workspace_id)
            .collect();
        assert_eq!(turns.len(), 200);
    }
}

/// The other process of the test below: changes the ledger until it fails.
#[test]
#[ignore = "it is the other process of a test"]
fn changes_until_it_fails() {
    let Ok(url) = std::env::var("TEST_LEDGER") else {
        return;
    };
    let variable = std::env::var("TEST_PASSWORD").unwrap();
    let place = Place::postgres(&url, Password::new(&variable)).unwrap();
    let mut ledger = Ledger::at(&place).unwrap();
    let records: Vec<_> = (0..50).map(|n| begun(&format!("p{n}"), 0)).collect();
    for _ in 0..100_000 {
        if let Err(error) = ledger.record(None, &records) {
            panic!("{}", whole(&error));
        }
    }
}

/// A process that is killed when the test ends.
struct Reaped(std::process::Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_replica_that_is_paused_in_mid_change_holds_up_the_others_for_seconds_only() {
    let place = server("paused");
    let mut ledger = Ledger::at(&place).unwrap();
    let mut paused = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "claims::changes_until_it_fails",
            "--ignored",
            "--nocapture",
        ])
        .env("TEST_LEDGER", CLUSTER.url("paused"))
        .env("TEST_PASSWORD", CLUSTER.password())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(Reaped)
        .unwrap();
    let signal = |name: &str| {
        let pid = paused.0.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    };
    let idle = "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = 'paused' AND state = 'idle in transaction'";
    let mut looks = 0;
    loop {
        std::thread::sleep(Duration::from_millis(50));
        signal("-STOP");
        if CLUSTER.sql("postgres", idle) == "1" {
            break;
        }
        signal("-CONT");
        looks += 1;
        assert!(looks < 400, "it is never in mid-change");
    }
    ledger.begin(&attempt("a", 0)).unwrap();
    signal("-CONT");
    let mut text = String::new();
    let (mut output, mut errors) = (
        paused.0.stdout.take().unwrap(),
        paused.0.stderr.take().unwrap(),
    );
    std::io::Read::read_to_string(&mut output, &mut text).unwrap();
    std::io::Read::read_to_string(&mut errors, &mut text).unwrap();
    assert!(text.contains("cut off"), "{text}");
    // All of its last change is undone.
    let count = CLUSTER.sql("paused", "SELECT count(*) FROM cronctl.attempts");
    assert_eq!(count.parse::<u32>().unwrap() % 50, 1);
}
