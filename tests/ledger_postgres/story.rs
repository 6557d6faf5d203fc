//! One story told to a file and to a server: the answers are the same.

use std::collections::BTreeMap;

use cronctl::checkpoint::{Answer, Outcome};
use cronctl::ledger::{Claimant, Ledger, Place, Record, Recorded};
use cronctl::turn::CeilingSetting;
use serde_json::json;

use super::{HOUR, PLATFORM, T, attempt, begun, does, places, released, replica, seen};

/// What was said, in words.
type Said = Vec<String>;

fn say(said: &mut Said, what: &dyn std::fmt::Debug) {
    said.push(format!("{what:?}"));
}

fn claims(ledger: &Ledger) -> Vec<(String, String, String)> {
    let claims = ledger.claims(PLATFORM).unwrap().into_iter();
    claims
        .map(|c| (c.workspace_id, c.turn_key, c.owner))
        .collect()
}

/// Sightings, a few and very many.
fn watches(ledger: &mut Ledger, said: &mut Said) {
    let mut say = |what: &dyn std::fmt::Debug| say(said, what);
    // Busy, idle, idle, busy again; two looks at one workspace in one call.
    for looks in [
        vec![seen("a", T, true), seen("b", T, true), seen("c", T, false)],
        vec![seen("a", T, true), seen("b", T + 30_000, true)],
        vec![
            seen("a", T + 60_000, false),
            seen("a", T + 180_000, false),
            seen("a", T + 240_000, true),
        ],
        vec![seen("b", T + 240_000, false), seen("b", T + 400_000, false)],
        vec![seen("b", T + HOUR, true)],
    ] {
        say(&ledger.observe(PLATFORM, &looks).unwrap());
    }
    let many: Vec<_> = (0..1_201)
        .map(|n| seen(&format!("m{n}"), T, true))
        .collect();
    say(&ledger.observe("many", &many).unwrap().len());
    let over: Vec<_> = many
        .iter()
        .map(|s| seen(&s.workspace_id, T + 60_000, false))
        .collect();
    ledger.observe("many", &over).unwrap();
    let over: Vec<_> = many
        .iter()
        .map(|s| seen(&s.workspace_id, T + 180_000, false))
        .collect();
    say(&ledger.observe("many", &over).unwrap());
    let again: Vec<_> = many
        .iter()
        .map(|s| seen(&s.workspace_id, T + HOUR, true))
        .collect();
    let again = ledger.observe("many", &again).unwrap();
    say(&again
        .values()
        .filter(|s| s.idle_before_ms == Some(T + 180_000))
        .count());
}

/// Requests, what came of them, and what is read of them.
fn tries(ledger: &mut Ledger, said: &mut Said) {
    let mut say = |what: &dyn std::fmt::Debug| say(said, what);
    let first = ledger.begin(&attempt("a", 0)).unwrap();
    let answer = Answer::TurnMismatch {
        turn_id: Some("turn-2".to_owned()),
    };
    let answered = Record::Answered {
        id: first,
        at_ms: T + 40,
        answer: answer.clone(),
        says: "409 turn_mismatch\0".to_owned(),
    };
    let ended = Record::Ended {
        id: first,
        at_ms: T + 90,
        outcome: Outcome::Moot,
        why: "it ended by itself".to_owned(),
        after: json!({ "turn_id": "turn-2" }),
    };
    let records = [
        answered.clone(),
        ended.clone(),
        begun("a", 0),
        begun("b", 0),
    ];
    say(&ledger.record(None, &records).unwrap());
    say(&ledger.record(None, &[answered, ended]).unwrap());
    ledger
        .ended(3, T, Outcome::NotSent, "SIGINT", &json!(null))
        .unwrap();
    let missing = ledger.answered(77, T, &answer, "").unwrap_err();
    say(&missing.causes);
    for id in ["a", "b", "c"] {
        say(&ledger.attempts(PLATFORM, id, "turn-1").unwrap());
    }
    let turns: Vec<String> = (0..1_201).map(|n| format!("m{n}")).collect();
    let mut turns: Vec<_> = turns.iter().map(|id| (&**id, "turn-1")).collect();
    turns.extend([("a", "turn-1"), ("b", "turn-1"), ("a", "turn-2")]);
    say(&ledger.attempts_of(PLATFORM, &turns).unwrap());
    for asked in [
        &[][..],
        &["SEO \"Agent\" \u{fc}".to_owned()],
        &["b".to_owned(), "%".to_owned()],
    ] {
        say(&ledger.history(asked, Some(T), 9).unwrap());
    }
    say(&ledger.history(&[], None, 1).unwrap());
}

/// Ceilings, as they were read.
fn reads(ledger: &mut Ledger, said: &mut Said) {
    let mut say = |what: &dyn std::fmt::Debug| say(said, what);
    let ceilings: BTreeMap<_, _> = [
        ("a".to_owned(), CeilingSetting::Absent),
        ("b".to_owned(), CeilingSetting::Seconds(u64::MAX)),
        ("c".to_owned(), CeilingSetting::Wrong("\"soon\"".to_owned())),
    ]
    .into();
    ledger.remember_ceilings(PLATFORM, T, &ceilings).unwrap();
    ledger
        .remember_ceilings(
            PLATFORM,
            T + 1,
            &[("a".to_owned(), CeilingSetting::Seconds(9))].into(),
        )
        .unwrap();
    say(&ledger.ceilings(PLATFORM, T).unwrap());
    say(&ledger.ceilings(PLATFORM, T + 1).unwrap());
}

/// One turn, claimed by two.
fn claims_one(ledger: &mut Ledger, said: &mut Said) {
    let mut say = |what: &dyn std::fmt::Debug| say(said, what);
    let (one, other) = (replica("one", HOUR), replica("two", HOUR));
    say(&does(ledger, &one, begun("x", 0)));
    say(&does(ledger, &one, begun("x", 0)));
    say(&does(ledger, &one, begun("x", 1)));
    say(
        &matches!(does(ledger, &other, begun("x", 2)), Recorded::Held { owner, .. } if owner == "one"),
    );
    say(&does(ledger, &other, released("x")));
    say(&claims(ledger));
    say(&does(ledger, &one, Record::Renewed));
    say(&does(ledger, &one, released("x")));
    say(&claims(ledger));
    say(&does(ledger, &other, begun("x", 1)));
    say(&claims(ledger));
}

/// Many things in one call: twice the same turn, another's, a name that no server stores, more than
/// the budget.
fn claims_many(ledger: &mut Ledger, said: &mut Said) {
    let mut say = |what: &dyn std::fmt::Debug| say(said, what);
    let one = replica("one", HOUR);
    let few = Claimant {
        per_hour: Some(9),
        ..one.clone()
    };
    let records = [
        begun("y", 0),
        begun("y", 0),
        begun("y", 1),
        begun("x", 2),
        begun("n\0", 0),
        begun("n\0", 0),
        begun("n\0", 1),
        begun("z", 0),
        released("y"),
        Record::Renewed,
        begun("v", 0),
        begun("w", 0),
    ];
    for did in ledger.record(Some(&few), &records).unwrap() {
        say(&match did {
            Recorded::Held { owner, .. } => format!("held by {owner}"),
            Recorded::Spent { .. } => "spent".to_owned(),
            did => format!("{did:?}"),
        });
    }
    say(&claims(ledger));
    say(&ledger
        .observe(
            PLATFORM,
            &[seen("n\0", T, true), seen("n\u{fffd}", T, true)],
        )
        .unwrap());
}

/// Everything that a ledger answers to one story.
fn story(place: &Place) -> Said {
    let mut said = Vec::new();
    assert!(Ledger::at_existing(place).unwrap().is_none());
    let mut ledger = Ledger::at(place).unwrap();
    for part in [watches, tries, reads, claims_one, claims_many] {
        part(&mut ledger, &mut said);
    }
    drop(ledger);
    let ledger = Ledger::at_existing(place).unwrap().unwrap();
    say(&mut said, &ledger.spells(PLATFORM).unwrap());
    say(&mut said, &ledger.history(&[], None, 99).unwrap());
    said
}

#[test]
fn both_answer_the_same() {
    let (_directory, [file, server]) = places("story");
    let (expected, got) = (story(&file), story(&server));
    for (n, (expected, got)) in expected.iter().zip(&got).enumerate() {
        assert_eq!(expected, got, "answer {n}");
    }
    assert_eq!(expected.len(), got.len());
    assert!(!expected.concat().contains("s3cret"));
}
