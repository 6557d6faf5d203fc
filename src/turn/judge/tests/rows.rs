//! In flight or not, signs of life, rows, keys, warnings.

use super::*;

#[test]
fn whether_a_turn_is_in_flight() {
    use Verdict::{Idle, NotNative, Over, Unknown};
    let busy = |runtime: &str, active: Option<i64>| Workspace {
        active_tasks: active,
        ..workspace("w", runtime, 1)
    };
    let flap = Spell {
        idle_since_ms: Some(now() - 20 * S),
        last_seen_ms: now() - 25 * S,
        ..spell("w", now() - HOUR)
    };
    let over = Spell {
        idle_since_ms: Some(now() - 60 * S),
        ..flap.clone()
    };
    let missing = || TurnsRoute::Missing("404".into());
    let none = || TurnsRoute::Listed(vec![]);
    let cases: Vec<(Workspace, TurnsRoute, Option<&Spell>, Verdict, &str)> = vec![
        (busy("claude-code", Some(0)), missing(), None, Idle, ""),
        (
            busy("claude-code", Some(0)),
            missing(),
            Some(&flap),
            Over,
            "sweep",
        ),
        (
            busy("claude-code", Some(0)),
            missing(),
            Some(&over),
            Idle,
            "",
        ),
        (busy("claude-code", Some(0)), none(), Some(&flap), Idle, ""),
        (
            busy("claude-code", None),
            missing(),
            Some(&flap),
            Unknown,
            "does not say active_tasks",
        ),
        (busy("claude-code", None), none(), None, Idle, ""),
        (
            busy("claude-code", Some(1)),
            none(),
            Some(&flap),
            Unknown,
            "does not list it",
        ),
        (busy("langgraph", Some(1)), none(), None, NotNative, ""),
        (
            busy("hermes", Some(0)),
            missing(),
            None,
            Unknown,
            "hermes does not report its turns",
        ),
        (busy("hermes", Some(0)), none(), None, Idle, ""),
        (
            busy("codex", Some(0)),
            missing(),
            None,
            Idle,
            "codex does not report its turns",
        ),
        (busy("codex", Some(1)), missing(), None, NotNative, ""),
        (busy("other", Some(0)), missing(), None, Idle, ""),
        (
            busy("other", Some(1)),
            missing(),
            None,
            Unknown,
            "is not known: judged as if",
        ),
    ];
    for (workspace, turns, spell, verdict, note) in cases {
        let mut snapshot = snapshot(vec![workspace]);
        snapshot.turns = turns;
        let turn = only(&snapshot, spell.cloned().into_iter().collect());
        let case = format!("{:?} {:?} {:?}", turn.runtime, snapshot.turns, turn.notes);
        assert_eq!(turn.verdict, verdict, "{case}");
        assert!(
            note.is_empty() || turn.notes.iter().any(|n| n.contains(note)),
            "{case}"
        );
        assert!(!note.is_empty() || turn.notes.is_empty(), "{case}");
    }
    // A single look at 0 may fall into the sweep; the list of turns does not.
    let idle = |turns| {
        let mut snapshot = snapshot(vec![workspace("w", "claude-code", 0)]);
        snapshot.turns = turns;
        only(&snapshot, vec![]).confidence
    };
    assert_eq!(idle(missing()), Confidence::Likely);
    assert_eq!(idle(none()), Confidence::Certain);
}

#[test]
fn what_is_not_known_of_an_adapter_weakens_the_verdict() {
    let snapshot = snapshot(vec![workspace("w", "other", 1)]);
    let turn = only(&snapshot, vec![spell("w", now() - HOUR)]);
    assert_eq!(
        (turn.verdict, turn.confidence),
        (Verdict::Over, Confidence::Likely)
    );
    assert_eq!((turn.native_session, turn.steerable), (None, None));
    assert_eq!(turn.native_session_origin, "not known: runtime other");

    let mut adapters = Adapters::built_in();
    let mine = Adapter {
        native_session: Some((false, "cronctl.toml:9".into())),
        steerable: Some((true, "cronctl.toml:10".into())),
        ..Adapter::default()
    };
    adapters.0.insert("other".into(), mine);
    let judged = judge(&snapshot, &BTreeMap::new(), &adapters, &policy());
    let turn = &judged.turns[0];
    assert_eq!(turn.verdict, Verdict::NotNative);
    assert_eq!(turn.native_session_origin, "cronctl.toml:9");
    assert_eq!(
        (turn.steerable, &*turn.steerable_origin),
        (Some(true), "cronctl.toml:10")
    );
}

#[test]
fn liveness() {
    let of = |snapshot: &Snapshot, seen| {
        let turn = only(snapshot, seen);
        (
            turn.liveness,
            turn.last_sign_at_ms.map(|ms| (now() - ms) / MIN),
        )
    };
    let old = || vec![spell("w", now() - HOUR)];
    let ago = |minutes: i64| now() - minutes * MIN;
    assert_eq!(
        of(&busy_with(vec![tool(ago(10))]), old()),
        (Liveness::Active, Some(10))
    );
    let silent = tool(ago(10) - 1);
    assert_eq!(
        of(&busy_with(vec![silent]), old()),
        (Liveness::Silent, Some(10))
    );
    // What others did, or what the platform wrote, is no sign of its life.
    let theirs = Activity {
        source_id: Some("other".into()),
        ..row("a2a_send", "ok", ago(1))
    };
    let own = Activity {
        source_id: Some("w".into()),
        ..row("memory_write", "ok", ago(20))
    };
    let rows = vec![
        theirs,
        row("a2a_receive", "error", ago(2)),
        fire("skipped", ago(3)),
        own,
    ];
    assert_eq!(of(&busy_with(rows), old()), (Liveness::Silent, Some(20)));
    // Nothing recorded for so long a turn; for a young one that says nothing.
    assert_eq!(of(&busy_with(vec![]), old()), (Liveness::Silent, None));
    let young = vec![spell("w", ago(5))];
    assert_eq!(of(&busy_with(vec![]), young), (Liveness::Unknown, None));
    // Nobody asked.
    let unasked = snapshot(vec![workspace("w", "claude-code", 1)]);
    assert_eq!(of(&unasked, old()), (Liveness::Unknown, None));
    // A sign of the turn before is none.
    let started = Spell {
        started_ms: Some(ago(30)),
        started_by: Some(Witness::Event),
        ..spell("w", ago(30))
    };
    assert_eq!(
        of(&busy_with(vec![tool(ago(31))]), vec![started]),
        (Liveness::Silent, None)
    );
    // The list says it itself.
    let mut listing = busy_with(vec![tool(ago(1))]);
    listing.turns = TurnsRoute::Listed(vec![ListedTurn {
        idle_seconds: Some(1_200),
        ..listed("w", Some("2026-05-22T16:47:42Z"))
    }]);
    assert_eq!(of(&listing, vec![]), (Liveness::Silent, Some(20)));
}

#[test]
fn every_turn_of_a_workspace_has_a_row_and_so_has_one_of_no_known_workspace() {
    let mut snapshot = snapshot(vec![
        workspace("w", "claude-code", 2),
        Workspace {
            name: Some("second".into()),
            ..workspace("w", "hermes", 0)
        },
        Workspace {
            status: Some("paused".into()),
            ..workspace("x", "claude-code", 0)
        },
    ]);
    let turn = |id: &str, turn_id: &str, start| ListedTurn {
        turn_id: Some(turn_id.into()),
        ..listed(id, Some(start))
    };
    snapshot.turns = TurnsRoute::Listed(vec![
        turn("w", "t1", "2026-05-22T22:40:42Z"),
        turn("w", "t2", "2026-05-22T21:47:42Z"),
        turn("w", "t2", "2026-05-22T21:47:42Z"),
        turn("gone", "t3", "2026-05-22T20:47:42Z"),
    ]);
    let own = Spell {
        turn_id: Some("t2".into()),
        ..spell("w", now() - 50 * MIN)
    };
    let all = judged(&snapshot, vec![own]);
    let rows: Vec<_> = all
        .turns
        .iter()
        .map(|t| {
            (
                &*t.workspace_id,
                t.turn_id.as_deref(),
                t.other_evidence.len(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("gone", Some("t3"), 0),
            ("w", Some("t2"), 1),
            ("w", Some("t1"), 0),
            ("x", None, 0),
        ]
    );
    assert_eq!(all.turns[0].workspace_name.as_deref(), Some("GONE"));
    assert_eq!(
        all.turns[0].notes,
        ["GET /workspaces does not list this workspace"]
    );
    assert_eq!(all.turns[1].workspace_name.as_deref(), Some("W"));
    assert_eq!(all.turns[3].notes, ["the workspace is paused"]);
}

#[test]
fn what_is_doubtful_is_said_once() {
    let named = |id: &str, name: &str| Workspace {
        name: Some(name.into()),
        ..workspace(id, "claude-code", 1)
    };
    let mut snapshot = snapshot(vec![
        named("a", "SEO"),
        named("b", "SEO"),
        named("c", "SEO"),
        named("d", "Ops"),
        named("e", "Ops"),
        named("f", "Docs"),
    ]);
    snapshot
        .activity
        .insert("a".into(), vec![timeout(now() - HOUR)]);
    snapshot
        .activity
        .insert("b".into(), vec![fire("skipped", now() - HOUR)]);
    let seen = vec![spell("c", now() - HOUR)];
    assert_eq!(
        judged(&snapshot, seen).warnings,
        [
            "the platform does not list turns (GET /admin/turns: 404 Not Found): ages rest on \
             messages that timed out, what was seen busy before, skipped fires",
            "2 workspaces are called \"Ops\", and another name is shared too: only their ids tell them apart",
        ]
    );
    snapshot.turns = TurnsRoute::NotAsked;
    snapshot.workspaces.truncate(1);
    assert_eq!(judged(&snapshot, vec![]).warnings, [""; 0]);
}

#[test]
fn a_key_stays_the_same_from_look_to_look() {
    let mut first = busy_with(vec![]);
    let seen = spell("w", now() - HOUR);
    let key = only(&first, vec![seen.clone()]).key;
    assert_eq!(key, format!("since:{}", now() - HOUR));
    // More is known later: time-outs, a start seen by an event that came late.
    first.taken_at_ms += 30 * S;
    first
        .activity
        .insert("w".into(), vec![timeout(now() - 2 * HOUR)]);
    let learned = Spell {
        started_ms: Some(now() - HOUR - 300),
        started_by: Some(Witness::Event),
        ..seen
    };
    assert_eq!(only(&first, vec![learned]).key, key);
    // During the sweep too.
    first.workspaces[0].active_tasks = Some(0);
    let swept = Spell {
        idle_since_ms: Some(now()),
        ..spell("w", now() - HOUR)
    };
    assert_eq!(only(&first, vec![swept]).key, key);
}
