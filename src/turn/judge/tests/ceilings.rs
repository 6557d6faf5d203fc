//! Ceilings and where they are set.

use super::*;

const CEILING: i64 = crate::turn::CEILING_MS;

/// `--ceiling`, listed, `runtime_config`, adapter: ceiling and origin.
type Case = (
    Option<i64>,
    Option<i64>,
    Option<CeilingSetting>,
    Option<i64>,
    Option<i64>,
    &'static str,
);

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn ceilings_and_where_they_are_set() {
    use CeilingSetting::{Absent, Seconds, Wrong};
    let adapter = |ceiling: Option<i64>| {
        let mut adapters = Adapters::built_in();
        let claude = adapters.0.get_mut("claude-code").unwrap();
        claude.ceiling_ms = ceiling.map(|ms| (ms, "cronctl.toml:7".to_owned()));
        adapters
    };
    let cases: Vec<Case> = vec![
        (
            Some(MIN),
            Some(7),
            Some(Seconds(8)),
            Some(9),
            Some(MIN),
            "--ceiling",
        ),
        (
            None,
            Some(7),
            Some(Seconds(8)),
            Some(9),
            Some(7_000),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            None,
            Some(Seconds(8)),
            Some(9),
            Some(8_000),
            "runtime_config: native_session_ceiling_seconds",
        ),
        (None, None, Some(Absent), Some(9), Some(9), "cronctl.toml:7"),
        (
            None,
            None,
            None,
            Some(9),
            Some(9),
            "cronctl.toml:7 (runtime_config not read)",
        ),
        (
            None,
            None,
            Some(Absent),
            None,
            Some(CEILING),
            "default (runtime_config names none)",
        ),
        (
            None,
            None,
            None,
            None,
            Some(CEILING),
            "default (runtime_config not read)",
        ),
        // The platform repeats the default where nothing is configured: the adapter's is nearer.
        (
            None,
            Some(1800),
            Some(Absent),
            Some(9),
            Some(9),
            "cronctl.toml:7",
        ),
        (
            None,
            Some(1800),
            Some(Absent),
            None,
            Some(CEILING),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            Some(900),
            Some(Absent),
            Some(9),
            Some(900_000),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            Some(0),
            None,
            Some(9),
            Some(0),
            "platform: GET /admin/turns ceiling_seconds",
        ),
        (
            None,
            Some(-1),
            None,
            Some(9),
            None,
            "platform: GET /admin/turns ceiling_seconds is -1",
        ),
        (
            None,
            Some(1800),
            Some(Wrong("a list".into())),
            Some(9),
            None,
            "runtime_config: native_session_ceiling_seconds is a list",
        ),
        (
            None,
            None,
            Some(Seconds(u64::MAX)),
            None,
            Some(i64::MAX),
            "runtime_config: native_session_ceiling_seconds",
        ),
    ];
    for (flag, listed_seconds, config, own, ms, origin) in cases {
        let mut snapshot = snapshot(vec![workspace("w", "claude-code", 1)]);
        if let Some(seconds) = listed_seconds {
            snapshot.turns = TurnsRoute::Listed(vec![ListedTurn {
                ceiling_seconds: Some(seconds),
                ..listed("w", Some("2026-05-22T16:47:42Z"))
            }]);
        }
        snapshot
            .ceilings
            .extend(config.map(|config| ("w".to_owned(), config)));
        let policy = Policy {
            ceiling_ms: flag,
            ..policy()
        };
        let judged = judge(&snapshot, &BTreeMap::new(), &adapter(own), &policy);
        let turn = &judged.turns[0];
        assert_eq!((turn.ceiling_ms, &*turn.ceiling_origin), (ms, origin));
        assert_eq!(judged.problems.len(), usize::from(ms.is_none()), "{origin}");
        if ms.is_none() {
            assert_eq!(turn.verdict, Verdict::Unknown, "{origin}");
            assert_eq!(judged.problems[0].at, "W (w)");
        }
    }
}

#[test]
fn a_wrong_ceiling_is_a_problem_once_per_workspace_and_not_with_a_flag() {
    let mut snapshot = snapshot(vec![workspace("w", "claude-code", 2)]);
    snapshot.turns = TurnsRoute::Listed(vec![
        listed("w", Some("2026-05-22T16:47:42Z")),
        ListedTurn {
            turn_id: Some("t2".into()),
            ..listed("w", Some("2026-05-22T22:47:42Z"))
        },
    ]);
    let wrong = CeilingSetting::Wrong("-5, which is negative".into());
    snapshot.ceilings.insert("w".into(), wrong);
    let all = judged(&snapshot, vec![]);
    assert_eq!(all.problems.len(), 1);
    assert_eq!(
        all.problems[0].what,
        "runtime_config: native_session_ceiling_seconds is -5, which is negative; it must be a whole \
         number of seconds, 0 for no ceiling: its turns have no verdict"
    );
    let verdicts: Vec<_> = all
        .turns
        .iter()
        .map(|t| (t.verdict, t.over_by_ms))
        .collect();
    assert_eq!(verdicts, [(Verdict::Unknown, None); 2]);
    let policy = Policy {
        ceiling_ms: Some(CEILING),
        ..policy()
    };
    let all = judge(&snapshot, &BTreeMap::new(), &Adapters::built_in(), &policy);
    assert_eq!(all.problems, []);
    assert_eq!(all.turns[0].verdict, Verdict::Over);
}
