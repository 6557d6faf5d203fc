//! `--report`: which turns were not let go, said on the platform's activity log.

use serde_json::json;
use tokio::task::JoinSet;

use super::case::Case;
use crate::checkpoint::Outcome;
use crate::command::signals;
use crate::error::{Exit, Problem};
use crate::molecule::{Platform, Report};

/// Writes a row for each turn that was refused, unsupported, lingering or unknown. What cannot be
/// written is a problem.
pub(super) async fn report(
    platform: &Platform,
    cases: &mut [Case],
    concurrency: usize,
) -> Vec<Problem> {
    let mut waiting = cases
        .iter()
        .enumerate()
        .filter_map(|(i, case)| Some((i, row(case)?)))
        .collect::<Vec<_>>()
        .into_iter();
    let mut flying = JoinSet::new();
    let mut problems = Vec::new();
    let mut written = Vec::new();
    loop {
        while flying.len() < concurrency
            && let Some((i, row)) = waiting.next()
        {
            let platform = platform.clone();
            let id = cases[i].turn.workspace_id.clone();
            flying.spawn(async move { (i, platform.report(&id, &row).await) });
        }
        let Some(done) = flying.join_next().await else {
            break;
        };
        let Ok((i, done)) = done else { continue };
        written.push((i, done.is_ok()));
        if let Err(error) = done {
            let id = &cases[i].turn.workspace_id;
            problems.push(Problem::new(
                format!("workspace {id}"),
                format!("not said on its activity log: {}", error.in_one_line()),
            ));
        }
    }
    for (i, done) in written {
        cases[i].reported = Some(done);
    }
    problems
}

/// What is said where a signal came meanwhile.
pub(super) fn cut_short(exit: Exit) -> String {
    format!(
        "{} came: not all that was to be said on activity logs was said",
        signals::name(exit)
    )
}

/// The row for a turn that was not let go; `None` for every other.
fn row(case: &Case) -> Option<Report> {
    let end = case.end.as_ref()?;
    let what = match end.outcome {
        Outcome::Refused => "refused",
        Outcome::Unsupported => "not supported by the adapter",
        Outcome::Lingering => "accepted, and the turn is still there",
        Outcome::Unknown => "of unknown effect",
        _ => return None,
    };
    let subject = match case.turn.over_by_ms {
        Some(_) => "native-session turn past its ceiling",
        None => "native-session turn",
    };
    let says = case.answer.as_ref().map(|(_, says)| format!(" ({says})"));
    Some(Report {
        summary: format!("{subject}: checkpoint {what}{}", says.unwrap_or_default()),
        status: "error",
        error_detail: Some(end.why.clone()),
        request_body: json!({
            "outcome": end.outcome.word(),
            "request": case.body,
            "url": case.url.as_ref().ok(),
            "requests": case.sent,
            "turn_id": case.turn.turn_id,
            "turn_age_ms": case.turn.age_ms,
            "ceiling_ms": case.turn.ceiling_ms,
            "ceiling_origin": case.turn.ceiling_origin,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::checkpoint::{Answer, Body, Reason, Target};
    use crate::turn::Verdict;

    fn case(outcome: Outcome) -> Case {
        let turn = sample::turn("ws-c", Verdict::Over);
        let target = Target {
            platform: "http://127.0.0.1:1".to_owned(),
            workspace_id: "ws-c".to_owned(),
            turn_id: turn.turn_id.clone(),
            turn_key: "turn-ws-c".to_owned(),
            begun_ms: 0,
        };
        let body = Body {
            workspace_id: "ws-c".to_owned(),
            turn_id: turn.turn_id.clone(),
            reason: Reason::NativeSessionCeiling,
            note: None,
            ceiling_seconds: Some(1800),
            turn_age_seconds: Some(21_600),
            drain_seconds: 20,
            request_id: "r-1".to_owned(),
        };
        let url = Ok("http://127.0.0.1:1/ws-c/control/checkpoint".to_owned());
        let mut case = Case::new(turn, target, url, body, Vec::new());
        case.answer = Some((Answer::NotSteerable, "409 not_steerable".to_owned()));
        case.end = Some(super::super::case::End {
            outcome,
            why: "it cannot be steered".to_owned(),
            at_ms: 0,
        });
        case
    }

    #[test]
    fn a_row_names_what_happened_and_only_failures_have_one() {
        let row = row(&case(Outcome::Refused)).unwrap();
        assert_eq!(
            row.summary,
            "native-session turn past its ceiling: checkpoint refused (409 not_steerable)"
        );
        assert_eq!(row.error_detail.as_deref(), Some("it cannot be steered"));
        assert_eq!(row.request_body["request"]["request_id"], "r-1");
        for outcome in Outcome::ALL {
            use Outcome::{Lingering, Refused, Unknown, Unsupported};
            let expected = matches!(outcome, Refused | Unsupported | Lingering | Unknown);
            assert_eq!(
                super::row(&case(outcome)).is_some(),
                expected,
                "{outcome:?}"
            );
        }
    }
}
