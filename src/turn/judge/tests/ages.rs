//! What each kind of evidence says of an age; clocks.

use super::*;

#[test]
fn a_lower_bound_below_the_ceiling_proves_nothing() {
    let of = |ago: i64| {
        let snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
        let turn = only(&snapshot, vec![spell("w", now() - ago)]);
        (turn.verdict, turn.confidence, turn.age_is, turn.over_by_ms)
    };
    let least = Some(Bound::AtLeast);
    assert_eq!(of(0), (Verdict::Unknown, Confidence::Certain, least, None));
    assert_eq!(
        of(30 * MIN),
        (Verdict::Unknown, Confidence::Certain, least, None)
    );
    assert_eq!(
        of(30 * MIN + 1),
        (Verdict::Over, Confidence::Certain, least, Some(1))
    );
    // A spell that no longer holds is another turn's, and so is one with another prompt.
    let snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
    let stale = Spell {
        last_seen_ms: now() - 61 * S,
        ..spell("w", now() - HOUR)
    };
    let other = Spell {
        current_task: Some("other".into()),
        ..spell("w", now() - HOUR)
    };
    for spell in [stale, other] {
        assert_eq!(only(&snapshot, vec![spell]).age_ms, None);
    }
}

#[test]
fn a_message_that_timed_out_is_an_estimate() {
    let sent = now() - HOUR;
    let is = |activity: Vec<Activity>| {
        let turn = only(&busy_with(activity), vec![]);
        (turn.verdict, turn.age_ms, turn.confidence)
    };
    let over = (Verdict::Over, Some(HOUR), Confidence::Likely);
    let nothing = (Verdict::Unknown, None, Confidence::Certain);
    assert_eq!(is(vec![timeout(sent)]), over);
    // The newest counts; what failed otherwise neither proves nor ends anything.
    assert_eq!(
        is(vec![
            row("a2a_receive", "error", now()),
            timeout(sent),
            timeout(0)
        ]),
        over
    );
    // Its own fire says ok right after: the message was queued.
    assert_eq!(is(vec![fire("ok", sent + 180_303), timeout(sent)]), over);
    // Something finished later: it may have been that.
    assert_eq!(
        is(vec![
            row("a2a_receive", "ok", sent + HOUR / 2),
            timeout(sent)
        ]),
        nothing
    );
    assert_eq!(
        is(vec![fire("ok", sent + HOUR / 2), timeout(sent)]),
        nothing
    );
    let twice = vec![
        fire("ok", sent + HOUR / 2),
        fire("ok", sent + 180_303),
        timeout(sent),
    ];
    assert_eq!(is(twice), nothing);
    // Before it, nothing matters.
    assert_eq!(
        is(vec![timeout(sent), row("a2a_receive", "ok", sent)]),
        over
    );
    let young = is(vec![timeout(now() - 20 * MIN)]);
    assert_eq!(
        young,
        (Verdict::Unknown, Some(20 * MIN), Confidence::Certain)
    );

    // The greater of a bound and an estimate is shown; being seen all the while is certain.
    let seen = only(
        &busy_with(vec![timeout(sent)]),
        vec![spell("w", now() - 40 * MIN)],
    );
    assert_eq!(
        (seen.age_ms, seen.age_is),
        (Some(HOUR), Some(Bound::Estimate))
    );
    assert_eq!(
        (seen.verdict, seen.confidence),
        (Verdict::Over, Confidence::Certain)
    );
    assert_eq!(seen.other_evidence[0].kind, EvidenceKind::Observed);
    let seen = only(
        &busy_with(vec![timeout(sent)]),
        vec![spell("w", now() - 2 * HOUR)],
    );
    assert_eq!(
        (seen.age_ms, seen.age_is),
        (Some(2 * HOUR), Some(Bound::AtLeast))
    );
    // An idle workspace has no turn, whatever timed out.
    let mut idle = busy_with(vec![timeout(sent)]);
    idle.workspaces[0].active_tasks = Some(0);
    let idle = only(&idle, vec![]);
    assert_eq!((idle.verdict, idle.age_ms), (Verdict::Idle, None));
}

#[test]
fn a_row_of_skips_is_unbroken() {
    let is = |activity: Vec<Activity>| {
        let blocks = only(&busy_with(activity), vec![]).blocks;
        (
            blocks.skipped.unwrap(),
            blocks.since_at_ms.map(|ms| (now() - ms) / MIN),
        )
    };
    let ago = |status: &str, minutes: i64| fire(status, now() - minutes * MIN);
    assert_eq!(is(vec![]), (0, None));
    assert_eq!(is(vec![ago("skipped", 5)]), (1, Some(5)));
    assert_eq!(
        is(vec![
            ago("skipped", 5),
            ago("error", 35),
            ago("ok", 65),
            ago("skipped", 95)
        ]),
        (2, Some(35))
    );
    // Another error is no rejection for being busy.
    let broken = Activity {
        error_detail: Some("HTTP 500".into()),
        ..ago("error", 35)
    };
    assert_eq!(
        is(vec![ago("skipped", 5), broken, ago("skipped", 65)]),
        (1, Some(5))
    );
    // A message was answered in between: that was another turn.
    let answered = row("a2a_receive", "ok", now() - 20 * MIN);
    assert_eq!(
        is(vec![ago("skipped", 5), answered, ago("skipped", 35)]),
        (1, Some(5))
    );
    assert_eq!(
        is(vec![
            ago("skipped", 5),
            tool(now() - 9 * MIN),
            ago("skipped", 35)
        ]),
        (2, Some(35))
    );
    // A turn that is known to have begun later did not block what was skipped before.
    let started = Spell {
        started_ms: Some(now() - 10 * MIN),
        started_by: Some(Witness::Event),
        ..spell("w", now() - 10 * MIN)
    };
    let snapshot = busy_with(vec![ago("skipped", 5), ago("skipped", 35)]);
    let turn = only(&snapshot, vec![started]);
    assert_eq!(
        (turn.verdict, turn.blocks.skipped),
        (Verdict::Under, Some(1))
    );
    // Nobody asked.
    let unasked = super::snapshot(vec![workspace("w", "claude-code", 1)]);
    assert_eq!(only(&unasked, vec![]).blocks.skipped, None);
}

#[test]
fn a_date_that_never_comes_is_not_due() {
    let schedule = |next_run_at_ms, enabled| Schedule {
        id: "s".into(),
        enabled,
        next_run_at_ms,
        ..Schedule::default()
    };
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
    let all = vec![
        schedule(Some(now()), true),
        schedule(Some(now() + 1), true),
        schedule(Some(now() - HOUR), false),
        schedule(Some(-62_135_596_800_000), true),
        schedule(None, true),
    ];
    snapshot.schedules.insert("w".into(), all);
    assert_eq!(only(&snapshot, vec![]).blocks.due, Some(1));
}

#[test]
fn clocks_that_are_apart_change_no_age() {
    for offset in [-10 * MIN, -6 * S, 0, 6 * S, 10 * MIN] {
        let mut snapshot = busy_with(vec![
            tool(now() + offset - MIN),
            fire("skipped", now() + offset - 5 * MIN),
            timeout(now() + offset - HOUR),
        ]);
        snapshot.clock_offset_ms = Some(offset);
        let all = judged(&snapshot, vec![spell("w", now() - 40 * MIN)]);
        let turn = &all.turns[0];
        assert_eq!(
            (turn.verdict, turn.age_ms),
            (Verdict::Over, Some(HOUR)),
            "{offset}"
        );
        assert_eq!(turn.started_at_ms, Some(now() - HOUR));
        assert_eq!(turn.last_sign_at_ms, Some(now() - MIN));
        assert_eq!(turn.blocks.since_at_ms, Some(now() - 5 * MIN));
        let said: Vec<_> = all
            .warnings
            .iter()
            .filter(|w| w.contains("clock"))
            .collect();
        assert_eq!(said.len(), usize::from(offset != 0), "{offset}");
        if offset == 10 * MIN {
            assert_eq!(
                said[0],
                "the platform's clock is 10 min ahead of this machine's: its instants are converted"
            );
        }

        let mut snapshot = super::snapshot(vec![workspace("w", "claude-code", 1)]);
        snapshot.clock_offset_ms = Some(offset);
        snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
            turn_id: None,
            started_at_ms: Some(now() + offset - HOUR),
            turn_age_seconds: Some(3_600),
            ..listed("w", None)
        }]);
        let turn = only(&snapshot, vec![]);
        assert_eq!(
            (turn.age_ms, &turn.notes[..]),
            (Some(HOUR), &[][..]),
            "{offset}"
        );
        // The key is the platform's own instant: a conversion that varies does not change it.
        assert_eq!(turn.key, format!("since:{}", now() + offset - HOUR));
    }
}

#[test]
fn a_start_just_ahead_is_rounding_and_one_far_ahead_is_skew() {
    let of = |ahead_ms: i64, native: bool, ceiling: i64| {
        let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
        snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
            started_at_ms: Some(now() + ahead_ms),
            native_session: Some(native),
            ceiling_seconds: Some(ceiling),
            ..listed("w", None)
        }]);
        let turn = only(&snapshot, vec![]);
        (turn.verdict, turn.age_ms)
    };
    assert_eq!(of(2 * S, true, 1800), (Verdict::Under, Some(0)));
    assert_eq!(of(2 * S + 1, true, 1800), (Verdict::Skewed, None));
    assert_eq!(of(HOUR, false, 1800), (Verdict::NotNative, None));
    assert_eq!(of(HOUR, true, 0), (Verdict::Off, None));
}

#[test]
fn a_list_that_contradicts_itself_is_said() {
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 0)]);
    snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
        turn_age_seconds: Some(60),
        active_tasks: None,
        ..listed("w", Some("2026-05-22T16:47:42Z"))
    }]);
    let turn = only(&snapshot, vec![]);
    assert_eq!(turn.verdict, Verdict::Over);
    assert_eq!(
        turn.notes,
        [
            "active_tasks is 0; GET /admin/turns, which lists it, is trusted",
            "GET /admin/turns contradicts itself: started_at 2026-05-22T16:47:42.000Z and \
             turn_age_seconds 60; started_at is used",
        ]
    );
}

#[test]
fn what_is_older_than_an_idle_look_is_another_turns() {
    let activity = vec![fire("skipped", now() - 2 * HOUR), timeout(now() - 3 * HOUR)];
    let snapshot = busy_with(activity);
    let seen = |idle_before_ms| Spell {
        idle_before_ms,
        ..spell("w", now() - 5 * MIN)
    };
    let of = |idle_before_ms| {
        let turn = only(&snapshot, vec![seen(idle_before_ms)]);
        (turn.verdict, turn.age_ms, turn.blocks.skipped)
    };
    assert_eq!(of(None), (Verdict::Over, Some(3 * HOUR), Some(1)));
    // Idle after the message was sent, before the fire was skipped.
    let between = Some(now() - 150 * MIN);
    assert_eq!(of(between), (Verdict::Over, Some(2 * HOUR), Some(1)));
    // Idle after both: only what was seen since counts.
    let after = Some(now() - HOUR);
    let (verdict, age_ms, skipped) = of(after);
    assert_eq!((verdict, age_ms), (Verdict::Unknown, Some(5 * MIN)));
    assert!(skipped.unwrap_or(0) == 0, "{skipped:?}");
}
