use proptest::prelude::*;

use super::*;

fn seen(at_ms: i64, busy: bool) -> Sighting {
    Sighting {
        workspace_id: "w".into(),
        at_ms,
        busy,
        by: Witness::Poll,
        turn_id: None,
        current_task: busy.then(|| "tick".to_owned()),
        started_ms: None,
        ended_ms: None,
        idle_before_ms: None,
    }
}

fn event(at_ms: i64, task: Option<&str>) -> Sighting {
    Sighting {
        by: Witness::Event,
        current_task: task.map(str::to_owned),
        started_ms: task.map(|_| at_ms),
        ..seen(at_ms, task.is_some())
    }
}

fn listed(at_ms: i64, turn_id: Option<&str>, started_ms: Option<i64>) -> Sighting {
    Sighting {
        by: Witness::TurnsRoute,
        turn_id: turn_id.map(str::to_owned),
        started_ms,
        ..seen(at_ms, true)
    }
}

fn all(sightings: &[Sighting]) -> Option<Spell> {
    sightings.iter().fold(None, fold)
}

/// What a test compares: first seen, start, who said so.
fn what(sightings: &[Sighting]) -> Option<(i64, Option<i64>, Option<Witness>)> {
    all(sightings).map(|s| (s.first_seen_ms, s.started_ms, s.started_by))
}

#[test]
fn the_end_of_a_turn_in_the_log_ends_its_spell() {
    const S: i64 = 1_000;
    let busy = |s: i64| seen(s * S, true);
    let after = |s: i64, ended: i64| Sighting {
        ended_ms: Some(ended * S),
        ..busy(s)
    };
    let cases = [
        (
            "an end in the log between two looks",
            vec![busy(0), busy(30), after(60, 40)],
            Some(60),
        ),
        (
            "which is said at every look after it",
            vec![busy(0), after(60, 40), after(90, 40), after(120, 40)],
            Some(60),
        ),
        (
            "an end before it was seen, and one by a clock that is ahead",
            vec![busy(30), after(60, 20), after(90, 3_600)],
            Some(30),
        ),
    ];
    for (what, sightings, first_seen) in cases {
        let spell = all(&sightings);
        let first = spell.as_ref().map(|spell| spell.first_seen_ms / S);
        assert_eq!(first, first_seen, "{what}");
    }
    // What is older is no sign of the turn that began after it.
    let spell = all(&[busy(0), after(60, 40)]).unwrap();
    assert_eq!(spell.idle_before_ms, Some(40 * S));
}

#[test]
fn a_spell_goes_on_and_ends() {
    const S: i64 = 1_000;
    let busy = |s: i64| seen(s * S, true);
    let idle = |s: i64| seen(s * S, false);
    let other = |s: i64| Sighting {
        current_task: Some("other".into()),
        ..busy(s)
    };
    let turn = |s: i64, id| listed(s * S, Some(id), None);
    let cases: Vec<(&str, Vec<Sighting>, Option<i64>)> = vec![
        ("idle is none", vec![idle(0)], None),
        ("busy begins one", vec![busy(5)], Some(5)),
        (
            "polls extend it",
            vec![busy(0), busy(30), busy(60), busy(90)],
            Some(0),
        ),
        (
            "the sweep is bridged",
            vec![busy(0), idle(10), idle(39), busy(40)],
            Some(0),
        ),
        (
            "seldom polls too",
            vec![busy(0), idle(59), busy(118)],
            Some(0),
        ),
        (
            "idle for a minute is the end",
            vec![busy(0), idle(10), idle(70)],
            None,
        ),
        (
            "then the next is new",
            vec![busy(0), idle(10), busy(70)],
            Some(70),
        ),
        (
            "unseen for a minute is bridged",
            vec![busy(0), busy(60)],
            Some(0),
        ),
        ("for longer not", vec![busy(0), busy(61)], Some(61)),
        (
            "nor before an idle look",
            vec![busy(0), idle(100), busy(110)],
            Some(110),
        ),
        (
            "unless it is the same turn",
            vec![turn(0, "a"), turn(9_000, "a")],
            Some(0),
        ),
        (
            "same turn after the list lost it",
            vec![turn(0, "a"), idle(30), turn(95, "a")],
            Some(0),
        ),
        (
            "another turn is new",
            vec![turn(0, "a"), turn(10, "b")],
            Some(10),
        ),
        (
            "an id is learned",
            vec![busy(0), turn(10, "a"), turn(20, "b")],
            Some(20),
        ),
        ("another prompt is new", vec![busy(0), other(10)], Some(10)),
        (
            "also after idle",
            vec![busy(0), idle(5), other(10)],
            Some(10),
        ),
        (
            "late news is no news",
            vec![busy(10), other(5), idle(7), busy(3)],
            Some(10),
        ),
        (
            "late idle does not end it",
            vec![busy(0), busy(50), idle(40), busy(100)],
            Some(0),
        ),
    ];
    for (name, sightings, first_s) in cases {
        let first = what(&sightings).map(|(first, ..)| first);
        assert_eq!(first, first_s.map(|s| s * S), "{name}");
    }
}

#[test]
fn events_say_when() {
    let event_start = Some(Witness::Event);
    // A start that is seen.
    let start = event(1_000, Some("tick"));
    assert_eq!(
        what(std::slice::from_ref(&start)),
        Some((1_000, Some(1_000), event_start))
    );
    // The poll that saw it first, and then the event of the same start.
    let late = [seen(1_400, true), start.clone()];
    assert_eq!(what(&late), Some((1_400, Some(1_000), event_start)));
    // A poll has seen it long ago: the event restores what the sweep hid.
    let restored = [
        seen(0, true),
        seen(20_000, false),
        event(50_000, Some("tick")),
    ];
    assert_eq!(what(&restored), Some((0, None, None)));
    // The same after a start that was seen.
    let flap = [
        start.clone(),
        seen(20_000, false),
        event(50_000, Some("tick")),
    ];
    assert_eq!(what(&flap), Some((1_000, Some(1_000), event_start)));
    // Back to back: another prompt is another turn.
    let next = [
        start.clone(),
        event(20_000, None),
        event(20_001, Some("next")),
    ];
    assert_eq!(what(&next), Some((20_001, Some(20_001), event_start)));
    // An event that says 0 ends it at once: the sweep sends none. The same prompt is then another turn.
    let ended = [start, event(20_000, None)];
    assert_eq!(all(&ended), None);
    let again = [&ended[..], &[event(20_100, Some("tick"))]].concat();
    assert_eq!(what(&again), Some((20_100, Some(20_100), event_start)));
}

#[test]
fn the_list_of_turns_says_since_when() {
    let by_list = Some(Witness::TurnsRoute);
    let old = listed(100_000, Some("a"), Some(7_000));
    assert_eq!(
        what(std::slice::from_ref(&old)),
        Some((100_000, Some(7_000), by_list))
    );
    // The conversion of clocks moves a start to and fro: it stays.
    let jitter = [
        old.clone(),
        listed(110_000, Some("a"), Some(8_900)),
        listed(120_000, Some("a"), Some(5_100)),
    ];
    assert_eq!(what(&jitter), Some((100_000, Some(7_000), by_list)));
    let earlier = [old.clone(), listed(110_000, Some("a"), Some(1_000))];
    assert_eq!(what(&earlier), Some((100_000, Some(1_000), by_list)));
    // Without ids: a start after the spell began is another turn.
    let successor = [
        seen(0, true),
        seen(40_000, true),
        listed(60_000, None, Some(50_000)),
    ];
    assert_eq!(what(&successor), Some((60_000, Some(50_000), by_list)));
    // A start in the future is none: a clock is wrong, and the spell goes on.
    let wrong = [seen(0, true), listed(40_000, None, Some(700_000))];
    assert_eq!(what(&wrong), Some((0, None, None)));
}

fn sighting() -> impl Strategy<Value = Sighting> {
    let id = prop::option::of(prop::sample::select(&["a", "b"]));
    let task = prop::option::of(prop::sample::select(&["x", "y", ""]));
    let by = prop::sample::select(&[Witness::Poll, Witness::Event, Witness::TurnsRoute]);
    let start = prop::option::of(-100_000_i64..100_000);
    let step = prop_oneof![4 => 0_i64..70_000, 1 => -20_000_i64..0];
    (step, any::<bool>(), by, id, task, start).prop_map(|(at_ms, busy, by, id, task, start)| {
        Sighting {
            workspace_id: "w".into(),
            at_ms,
            busy,
            by,
            turn_id: id.map(str::to_owned),
            current_task: task.map(str::to_owned),
            started_ms: start.map(|start| at_ms + start),
            ended_ms: None,
            idle_before_ms: None,
        }
    })
}

/// A course of sightings; each comes some time after the one before, a few come late.
fn course() -> impl Strategy<Value = Vec<Sighting>> {
    prop::collection::vec(sighting(), 1..30).prop_map(|mut all| {
        let mut at_ms = 0;
        for sighting in &mut all {
            let step = sighting.at_ms;
            sighting.started_ms = sighting.started_ms.map(|start| start - step + at_ms + step);
            sighting.at_ms = at_ms + step;
            at_ms = at_ms.max(sighting.at_ms);
        }
        all
    })
}

proptest! {
    #[test]
    fn within_a_spell_nothing_moves_back(course in course()) {
        let mut spell: Option<Spell> = None;
        for sighting in &course {
            let next = fold(spell.clone(), sighting);
            if let (Some(before), Some(after)) = (&spell, &next)
                && before.first_seen_ms == after.first_seen_ms
                && after.last_seen_ms != sighting.at_ms.min(after.first_seen_ms)
            {
                prop_assert!(after.last_seen_ms >= before.last_seen_ms);
                if let (Some(before), Some(after)) = (before.started_ms, after.started_ms) {
                    prop_assert!(after <= before);
                }
            }
            if let Some(after) = &next {
                prop_assert!(after.first_seen_ms <= after.last_seen_ms);
                prop_assert_eq!(after.started_ms.is_some(), after.started_by.is_some());
                if let Some(start) = after.started_ms {
                    prop_assert!(start <= after.first_seen_ms + SLACK_MS);
                }
            }
            spell = next;
        }
    }

    #[test]
    fn a_sighting_twice_is_a_sighting_once(course in course()) {
        let mut spell = None;
        for sighting in &course {
            let once = fold(spell, sighting);
            prop_assert_eq!(&fold(once.clone(), sighting), &once);
            spell = once;
        }
    }

    /// One turn, looked at at any intervals up to 30 s, with a sweep of up to 30 s in it.
    #[test]
    fn neither_the_sweep_nor_the_rhythm_of_looks_resets_an_age(
        intervals in prop::collection::vec(1_i64..BRIDGE_MS - 30_000, 1..90),
        sweep_at in 0_i64..1_500_000,
        sweep_ms in 0_i64..=30_000,
        by_event in any::<bool>(),
    ) {
        let mut at_ms = 0;
        let mut spell = fold(None, &seen(0, true));
        let mut restored = false;
        for interval in intervals {
            at_ms += interval;
            // The heartbeat that restores the number makes an event that looks like a start.
            if by_event && !restored && at_ms >= sweep_at + sweep_ms {
                restored = true;
                spell = fold(spell, &event(sweep_at + sweep_ms, Some("tick")));
            }
            let hidden = (sweep_at..sweep_at + sweep_ms).contains(&at_ms);
            spell = fold(spell, &seen(at_ms, !hidden));
            let spell = spell.as_ref().expect("the turn goes on");
            prop_assert_eq!(spell.first_seen_ms, 0);
            prop_assert!(spell.started_ms.is_none_or(|start| start <= SLACK_MS));
        }
    }

    /// A lower bound is one: with the prompt of each turn known, no spell is older than its turn.
    #[test]
    fn no_spell_is_older_than_its_turn(
        turns in prop::collection::vec((1_i64..200_000, 0_i64..100_000), 1..6),
        interval in 1_i64..50_000,
    ) {
        let mut begins = Vec::new();
        let mut at = 0;
        for (length, pause) in turns {
            begins.push((at, at + length));
            at += length + pause;
        }
        let mut spell = None;
        for at_ms in (0..at).step_by(usize::try_from(interval).unwrap()) {
            let now = begins.iter().position(|(from, to)| (*from..*to).contains(&at_ms));
            let sighting = Sighting {
                current_task: now.map(|n| n.to_string()),
                ..seen(at_ms, now.is_some())
            };
            spell = fold(spell, &sighting);
            if let (Some(n), Some(spell)) = (now, &spell) {
                prop_assert!(spell.first_seen_ms >= begins[n].0);
            }
        }
    }
}
