//! Properties, on random snapshots.

use proptest::prelude::*;

use super::*;

fn any_snapshot() -> impl Strategy<Value = (Snapshot, Vec<Spell>)> {
    let instant = || prop_oneof![4 => -10 * HOUR..HOUR, 1 => any::<i64>()];
    let when = move || instant().prop_map(|ms| now().saturating_add(ms));
    let runtime = prop::sample::select(&["claude-code", "hermes", "codex", "other"]);
    let id = || prop::sample::select(&["a", "b", "c", "d"]);
    let workspaces =
        (id(), runtime, prop::option::of(-1_i64..3)).prop_map(|(id, runtime, active)| Workspace {
            active_tasks: active,
            ..workspace(id, runtime, 1)
        });
    let turns = (
        id(),
        prop::option::of(when()),
        prop::option::of(any::<i64>()),
        any::<Option<bool>>(),
    )
        .prop_map(|(id, start, age, native)| ListedTurn {
            started_at_ms: start,
            turn_age_seconds: age,
            native_session: native,
            ..listed(id, None)
        });
    let kind = prop::sample::select(&["cron_run", "a2a_receive", "agent_log"]);
    let status = prop::sample::select(&["ok", "error", "skipped"]);
    let rows = (id(), kind, status, when(), prop::option::of(any::<i64>())).prop_map(
        |(id, kind, status, at_ms, took)| {
            let row = Activity {
                duration_ms: took,
                error_detail: Some("busy: timeout awaiting response headers".into()),
                ..row(kind, status, at_ms)
            };
            let cron = fire(status, at_ms).cron.filter(|_| kind == "cron_run");
            (id, Activity { cron, ..row })
        },
    );
    let spells = (
        id(),
        when(),
        prop::option::of(when()),
        prop::option::of(when()),
    )
        .prop_map(|(id, first, start, idle)| Spell {
            started_ms: start,
            started_by: start.map(|_| Witness::Event),
            idle_since_ms: idle,
            idle_before_ms: None,
            last_seen_ms: first.max(now() - 30 * S),
            ..spell(id, first)
        });
    let ceiling = prop_oneof![
        Just(CeilingSetting::Absent),
        Just(CeilingSetting::Wrong("a list".into())),
        any::<u64>().prop_map(CeilingSetting::Seconds),
        (0_u64..4_000).prop_map(CeilingSetting::Seconds),
    ];
    (
        prop::collection::vec(workspaces, 0..5),
        prop::option::of(prop::collection::vec(turns, 0..4)),
        prop::collection::vec(rows, 0..12),
        prop::collection::vec(spells, 0..4),
        prop::collection::btree_map(id().prop_map(str::to_owned), ceiling, 0..4),
        prop::option::of(instant()),
    )
        .prop_map(|(workspaces, turns, rows, spells, ceilings, offset)| {
            let mut snapshot = snapshot(workspaces);
            if let Some(turns) = turns {
                snapshot.turns = TurnsRoute::Listed(turns);
            }
            for (id, row) in rows {
                snapshot.activity.entry(id.into()).or_default().push(row);
            }
            for rows in snapshot.activity.values_mut() {
                rows.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
            }
            snapshot.ceilings = ceilings;
            snapshot.clock_offset_ms = offset;
            (snapshot, spells)
        })
}

proptest! {
    #[test]
    fn whatever_a_platform_says_the_rows_keep_their_word((snapshot, seen) in any_snapshot()) {
        let all = judged(&snapshot, seen.clone());
        let ids: BTreeSet<_> = snapshot.workspaces.iter().map(|w| &w.id).collect();
        prop_assert!(all.turns.len() >= ids.len());
        for turn in &all.turns {
            let over = turn.age_ms.zip(turn.ceiling_ms).is_some_and(|(age, ceiling)| age > ceiling);
            match turn.verdict {
                Verdict::Over => prop_assert!(over && turn.ceiling_ms != Some(0)),
                Verdict::Under => prop_assert!(!over && turn.age_is == Some(Bound::Exact)),
                Verdict::Idle => prop_assert!(turn.age_ms.is_none() && turn.evidence.is_none()),
                Verdict::Skewed => prop_assert!(turn.age_ms.is_none()),
                _ => {}
            }
            prop_assert_eq!(turn.over_by_ms.is_some(), turn.verdict == Verdict::Over);
            prop_assert!(turn.over_by_ms.is_none_or(|ms| ms > 0));
            prop_assert!(turn.age_ms.is_none_or(|ms| ms >= 0));
            prop_assert_eq!(turn.age_ms.is_some(), turn.age_is.is_some());
            prop_assert!(turn.ceiling_ms.is_some() || turn.verdict != Verdict::Over);
            prop_assert!(!turn.ceiling_origin.is_empty() && !turn.native_session_origin.is_empty());
            prop_assert!(!turn.key.is_empty());
            let kinds: Vec<_> = turn.other_evidence.iter().map(|e| e.kind).collect();
            prop_assert!(kinds.is_sorted());
        }
        let ages: Vec<_> = all.turns.iter().map(|t| std::cmp::Reverse(t.age_ms)).collect();
        prop_assert!(ages.is_sorted());
        // Without rows for what is idle all else is the same.
        let busy = judge_busy(&snapshot, &spells(seen.clone()), &Adapters::built_in(), &policy());
        let (idle, rest): (Vec<_>, Vec<_>) =
            all.turns.iter().cloned().partition(|turn| turn.verdict == Verdict::Idle);
        prop_assert_eq!(busy.idle, idle.len());
        prop_assert_eq!(&busy.turns, &rest);
        prop_assert_eq!((&busy.warnings, &busy.problems), (&all.warnings, &all.problems));
        // The order in which a platform lists things changes nothing.
        let mut other = snapshot;
        let distinct = ids_are_distinct(&other);
        other.workspaces.reverse();
        if distinct {
            prop_assert_eq!(judged(&other, seen).turns, all.turns);
        }
    }
}

fn ids_are_distinct(snapshot: &Snapshot) -> bool {
    let ids: BTreeSet<_> = snapshot.workspaces.iter().map(|w| &w.id).collect();
    ids.len() == snapshot.workspaces.len()
}
