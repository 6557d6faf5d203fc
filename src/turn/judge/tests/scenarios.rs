//! The scenarios: turns past a ceiling in a fleet, and the incident of Reno Stars.

use super::*;

#[test]
fn turns_older_than_the_ceiling_by_the_list_of_turns() {
    let all = SEVEN.map(|(id, _)| workspace(id, "claude-code", i64::from(id != "ws-e")));
    let mut snapshot = snapshot(all.to_vec());
    let turns = SEVEN.iter().filter(|(id, _)| *id != "ws-e");
    let turns = turns.map(|(id, start)| ListedTurn {
        native_session: Some(*id != "ws-d"),
        ..listed(id, *start)
    });
    snapshot.turns = TurnsRoute::Listed(turns.collect());
    let judged = judged(&snapshot, vec![]);
    assert_eq!(what(&judged.turns), expected());
    assert_eq!(judged.warnings, [""; 0]);
    assert_eq!(judged.problems, []);
    let c = &judged.turns[0];
    assert_eq!(
        (c.confidence, c.age_is),
        (Confidence::Certain, Some(Bound::Exact))
    );
    assert_eq!(c.started_at.as_deref(), Some("2026-05-22T16:47:42.000Z"));
    assert_eq!(c.evidence.as_ref().unwrap().kind, EvidenceKind::TurnsRoute);
    assert_eq!((c.steerable, &*c.key), (Some(true), "ws-c-t1"));
    assert_eq!(
        c.ceiling_origin,
        "platform: GET /admin/turns ceiling_seconds"
    );
    let f = &judged.turns[4];
    assert_eq!(f.notes, ["GET /admin/turns names no start of this turn"]);
    let g = &judged.turns[5];
    assert_eq!(g.started_at.as_deref(), Some("2026-05-22T23:10:00.000Z"));
    assert!(g.notes[0].contains("future"), "{:?}", g.notes);

    // By age alone it is the same.
    let TurnsRoute::Listed(turns) = &mut snapshot.turns else {
        panic!()
    };
    for turn in turns {
        let age_ms = turn.started_at_ms.take().map(|start| now() - start);
        turn.turn_age_seconds = age_ms.map(|ms| ms / S);
    }
    assert_eq!(what(&super::judged(&snapshot, vec![]).turns), expected());
}

#[test]
fn turns_older_than_the_ceiling_by_what_a_watch_saw() {
    let runtime = |id| {
        if id == "ws-d" {
            "langgraph"
        } else {
            "claude-code"
        }
    };
    let all = SEVEN.map(|(id, _)| workspace(id, runtime(id), i64::from(id != "ws-e")));
    let snapshot = snapshot(all.to_vec());
    let seen = SEVEN.iter().filter_map(|(id, start)| {
        let start = at((*start)?);
        Some(Spell {
            started_ms: Some(start),
            started_by: Some(Witness::Event),
            ..spell(id, start)
        })
    });
    let judged = judged(&snapshot, seen.collect());
    assert_eq!(what(&judged.turns), expected());
    let c = &judged.turns[0];
    assert_eq!(c.evidence.as_ref().unwrap().kind, EvidenceKind::Event);
    assert_eq!(c.other_evidence[0].kind, EvidenceKind::Observed);
    assert_eq!(c.key, format!("since:{}", at("2026-05-22T16:47:42Z")));
    assert_eq!(
        judged.warnings,
        [
            "the platform does not list turns (GET /admin/turns: 404 Not Found): \
          ages rest on a start that a watch saw"
        ]
    );
}

/// Issue #1684: one native turn since about 07:00Z, its fires rejected 12 times in a row, tool events
/// all the while.
fn reno_stars() -> Snapshot {
    let mut snapshot = busy_with(vec![]);
    snapshot.taken_at_ms = at("2026-05-22T18:30:00Z");
    let first = at("2026-05-22T12:33:11Z");
    let mut rows: Vec<_> = (0..12)
        .map(|n| fire("error", first + n * 30 * MIN))
        .collect();
    rows.push(fire("ok", at("2026-05-22T06:33:09Z")));
    let from = at("2026-05-22T12:00:30Z");
    rows.extend((0..195).map(|n| tool(from + n * 2 * MIN)));
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
    snapshot.activity.insert("w".into(), rows);
    snapshot
}

#[test]
fn reno_stars_is_over_and_active_and_blocks_twelve_fires() {
    let turn = only(&reno_stars(), vec![]);
    let first = at("2026-05-22T12:33:11Z");
    assert_eq!(
        (turn.verdict, turn.liveness),
        (Verdict::Over, Liveness::Active)
    );
    assert_eq!(turn.age_is, Some(Bound::AtLeast));
    assert_eq!(turn.age_ms, Some(at("2026-05-22T18:30:00Z") - first));
    let evidence = turn.evidence.unwrap();
    assert_eq!(
        (evidence.kind, evidence.since_ms),
        (EvidenceKind::Skips, Some(first))
    );
    // Between two fires nobody looked.
    assert_eq!(turn.confidence, Confidence::Likely);
    assert_eq!(turn.blocks.skipped, Some(12));
    assert_eq!(turn.blocks.since_at_ms, Some(first));
    assert_eq!(turn.blocks.schedules, ["SEO tick"]);
    assert_eq!(
        turn.last_sign.as_deref(),
        Some("agent_log Bash: npm run build")
    );
    assert_eq!(
        turn.last_sign_at.as_deref(),
        Some("2026-05-22T18:28:30.000Z")
    );

    // With ceiling 0 it is left alone, as before.
    for set in ["--ceiling", "runtime_config"] {
        let mut snapshot = reno_stars();
        let mut policy = policy();
        if set == "--ceiling" {
            policy.ceiling_ms = Some(0);
        } else {
            let zero = CeilingSetting::Seconds(0);
            snapshot.ceilings.insert("w".into(), zero);
        }
        let adapters = Adapters::built_in();
        let off = judge(&snapshot, &BTreeMap::new(), &adapters, &policy);
        assert_eq!(off.turns[0].verdict, Verdict::Off, "{set}");
        assert_eq!(off.turns[0].ceiling_ms, Some(0));
        assert!(off.turns[0].ceiling_origin.starts_with(set));
        assert_eq!(off.turns[0].over_by_ms, None);
    }
}

#[test]
fn the_captured_activity_and_schedules_of_a_platform() {
    let text = include_str!("../../../../tests/data/molecule/synth/get_activity.json");
    let mut snapshot = busy_with(parse_activity(text).unwrap().value);
    let text = include_str!("../../../../tests/data/molecule/synth/get_schedules.json");
    let schedules = parse_schedules(text).unwrap().value;
    snapshot.schedules.insert("w".into(), schedules);
    snapshot.taken_at_ms = at("2026-05-22T18:30:05Z");
    let turn = only(&snapshot, vec![]);
    // The message of 07:00:03 timed out; the fire of 18:03 was skipped.
    assert_eq!(
        (turn.verdict, turn.confidence),
        (Verdict::Over, Confidence::Likely)
    );
    assert_eq!(turn.started_at.as_deref(), Some("2026-05-22T07:00:03.197Z"));
    assert_eq!(turn.age_is, Some(Bound::Estimate));
    assert_eq!((turn.blocks.skipped, turn.blocks.due), (Some(1), Some(1)));
    // The activities are of another workspace than `w`: they are no sign of its life.
    assert_eq!((turn.liveness, turn.last_sign), (Liveness::Silent, None));
}
