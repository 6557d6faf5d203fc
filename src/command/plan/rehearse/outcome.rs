//! What a scenario comes to, and what it changes against another, in words. Pure.

use std::cmp::Ordering;
use std::fmt;

use super::findings::{note, runs, verb, warning};
use super::lines::duration;
use super::report::{Finding, FindingKind};
use crate::rehearsal::Figures;

/// What the faults make of the plan as it is.
pub(super) fn outcome(f: &Figures) -> Finding {
    let due = format!("{} due {}", runs(f.due), verb(f.due, "makes", "make"));
    if f.due == 0 && f.not_simulated > 0 {
        let what = "as it is, not known what fails: no run is in these figures";
        return note(FindingKind::Outcome, what.to_owned());
    }
    if f.failed_calls == 0 {
        let known = match f.not_simulated {
            0 => "",
            _ => " of those in these figures",
        };
        let made = format!("as it is, no call{known} fails: {due} {}", calls(f.calls));
        if f.lost == 0 {
            return note(FindingKind::Outcome, made);
        }
        return warning(
            FindingKind::Outcome,
            format!(
                "{made}, but {} {} lost: {}",
                runs(f.lost),
                verb(f.lost, "is", "are"),
                lost_without_failures(f)
            ),
        );
    }
    let each = f.amplification.filter(|_| f.affected > 1);
    let each = each.map_or_else(String::new, |a| {
        format!(", each of which makes {a:.2} calls in the mean")
    });
    let never = match f.coalesced + f.dropped {
        0 => String::new(),
        n => format!(" and {n} more never {}", verb(n, "runs", "run")),
    };
    let drain = f.drain_ms.map_or_else(String::new, |ms| {
        format!(
            "; the last affected run ends {} after the first was due",
            duration(ms)
        )
    });
    warning(
        FindingKind::Outcome,
        format!(
            "as it is, {due} {}: {} {}, in {}{each}; {} {} lost{never}{drain}",
            calls(f.calls),
            f.failed_calls,
            verb(f.failed_calls, "fails", "fail"),
            runs(f.affected),
            runs(f.lost),
            verb(f.lost, "is", "are"),
        ),
    )
}

/// Why runs are lost although no call fails.
fn lost_without_failures(f: &Figures) -> String {
    let early = f.lost - f.timed_out.min(f.lost);
    let mut why = Vec::new();
    if early > 0 {
        why.push(format!(
            "{} with an error before any call (cronctl explain-model --all says which model is refused)",
            ends(early)
        ));
    }
    if f.timed_out > 0 {
        why.push(format!("{} by the job's own time-out", ends(f.timed_out)));
    }
    why.join(", ")
}

/// `1 ends`, `24 end`.
fn ends(n: u64) -> String {
    format!("{n} {}", verb(n, "ends", "end"))
}

/// `1 call`, `24 calls`.
fn calls(n: u64) -> String {
    format!("{n} {}", verb(n, "call", "calls"))
}

/// What one scenario makes of calls, lost runs and peak, against another.
pub(super) fn compared(before: &Figures, after: &Figures) -> String {
    let part = |what: &str, before: u64, after: u64| {
        if before == after {
            format!("{what} stay {before}")
        } else {
            format!("{what} go from {before} to {after}")
        }
    };
    let mut parts = vec![part("lost runs", before.lost, after.lost)];
    let never = |f: &Figures| f.coalesced + f.dropped;
    if never(before) + never(after) > 0 {
        let said = part("occurrences that never run", never(before), never(after));
        parts.push(said);
    }
    parts.push(part("calls", before.calls, after.calls));
    parts.push(part(
        "failed calls",
        before.failed_calls,
        after.failed_calls,
    ));
    parts.push(part(
        "calls per second at most",
        before.peak_per_second,
        after.peak_per_second,
    ));
    parts.join(", ")
}

/// What becomes of the occurrences that did not end ok.
pub(super) enum Change {
    Saves(u64),
    Loses(u64),
    /// As many of them, with other calls.
    NoRun,
    Nothing,
}

/// Lost runs and occurrences that never run count alike: a job that is switched off does not help.
pub(super) fn outcome_of(before: &Figures, after: &Figures) -> Change {
    match after.not_ok.cmp(&before.not_ok) {
        Ordering::Less => Change::Saves(before.not_ok - after.not_ok),
        Ordering::Greater => Change::Loses(after.not_ok - before.not_ok),
        Ordering::Equal if before.not_ok == 0 || after.failed_calls == before.failed_calls => {
            Change::Nothing
        }
        Ordering::Equal => Change::NoRun,
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saves(n) => write!(f, "saves {}", runs(*n)),
            Self::Loses(n) => write!(f, "loses {} more", runs(*n)),
            Self::NoRun => f.write_str("saves no run"),
            Self::Nothing => f.write_str("changes no outcome"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_runs_are_said_although_no_call_fails() {
        let figures = Figures {
            due: 13,
            ok: 7,
            lost: 6,
            timed_out: 1,
            calls: 7,
            ..Figures::default()
        };
        let found = outcome(&figures);
        assert!(found.warning);
        assert!(
            found.text.starts_with(
                "as it is, no call fails: 13 runs due make 7 calls, but 6 runs are lost: 5 end with an \
                 error before any call"
            ) && found.text.ends_with("1 ends by the job's own time-out"),
            "{}",
            found.text
        );
    }

    /// The table writes the same figure.
    #[test]
    fn a_drain_is_rounded_as_in_the_table() {
        let figures = Figures {
            failed_calls: 1,
            drain_ms: Some(698_538),
            ..Figures::default()
        };
        let said = outcome(&figures).text;
        assert!(said.contains("ends 11 min 39 s after"), "{said}");
        assert_eq!(
            super::super::lines::Written::Duration.one(698_538.0),
            "11 min 39 s"
        );
    }

    #[test]
    fn one_of_each_is_said_in_the_singular() {
        let figures = Figures {
            due: 1,
            lost: 1,
            dropped: 1,
            affected: 1,
            calls: 1,
            failed_calls: 1,
            amplification: Some(1.0),
            ..Figures::default()
        };
        assert_eq!(
            outcome(&figures).text,
            "as it is, 1 run due makes 1 call: 1 fails, in 1 run; 1 run is lost and 1 more never runs"
        );
    }

    #[test]
    fn a_job_that_never_runs_is_not_saved() {
        let of = |lost, dropped, failed_calls| Figures {
            lost,
            dropped,
            not_ok: lost + dropped,
            failed_calls,
            ..Figures::default()
        };
        let said = |after: &Figures| outcome_of(&of(3, 0, 9), after).to_string();
        assert_eq!(said(&of(1, 2, 3)), "saves no run");
        assert_eq!(said(&of(1, 1, 3)), "saves 1 run");
        assert_eq!(said(&of(4, 0, 3)), "loses 1 run more");
        assert_eq!(said(&of(3, 0, 9)), "changes no outcome");
    }
}
