//! Weighing eras against the run history: rules that contradict what recorded runs really used are
//! ruled out.

use super::RunRecord;
use super::drift::{class_of, model_of};
use super::resolution::{Outcome, Resolution};

/// What a recorded run says about one set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The rules predict it.
    Predicted,
    /// The rules allow it, if candidates failed that nobody recorded.
    Possible,
    /// The rules exclude it.
    Contradicted,
    /// It says nothing about the choice of models.
    Silent,
}

/// Compares a recorded run with what rules say about its job.
pub fn fit(resolution: &Resolution, run: &RunRecord) -> Fit {
    let failed = run.status.as_deref() == Some("error");
    if failed {
        let Some(class) = run.error.as_deref().and_then(class_of) else {
            return Fit::Silent;
        };
        return match &resolution.failure {
            Some(predicted) if predicted.class == class => Fit::Predicted,
            _ => Fit::Contradicted,
        };
    }
    if run.status.as_deref() != Some("ok") {
        return Fit::Silent;
    }
    let Some(ran) = model_of(run) else {
        return Fit::Silent;
    };
    if !matches!(resolution.outcome, Outcome::Runs | Outcome::Fails) {
        return Fit::Silent;
    }
    let is = |m: &super::ModelRef| m.same_as(&ran);
    match &resolution.effective {
        Some(effective) if is(effective) => Fit::Predicted,
        Some(_) if resolution.candidates.iter().any(|c| is(&c.model)) => {
            // What was thrown back cannot have run.
            let thrown = resolution
                .candidates
                .iter()
                .any(|c| is(&c.model) && c.fate == super::Fate::ThrownBack);
            if thrown {
                Fit::Contradicted
            } else {
                Fit::Possible
            }
        }
        _ => Fit::Contradicted,
    }
}

/// How one set of rules fares against the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The fit of each run, in the same order for every set of rules.
    pub fits: Vec<Fit>,
}

impl Score {
    /// How many runs have this fit.
    pub fn count(&self, fit: Fit) -> usize {
        self.fits.iter().filter(|f| **f == fit).count()
    }
}

/// Decides which of several sets of rules the history rules out, as one flag for each.
///
/// Out is what contradicts more runs than another set does; and what needs unrecorded failures for a
/// run that another set predicts outright, without predicting any that the other does not. The set
/// with the fewest contradictions always stays.
pub fn ruled_out(scores: &[Score]) -> Vec<bool> {
    let fewest = scores
        .iter()
        .map(|s| s.count(Fit::Contradicted))
        .min()
        .unwrap_or(0);
    let beats = |a: &Score, b: &Score| {
        let better = |a: &Score, b: &Score| {
            a.fits
                .iter()
                .zip(&b.fits)
                .any(|(a, b)| *a == Fit::Predicted && *b == Fit::Possible)
        };
        better(a, b) && !better(b, a)
    };
    scores
        .iter()
        .map(|score| {
            score.count(Fit::Contradicted) > fewest
                || scores
                    .iter()
                    .any(|other| other.count(Fit::Contradicted) <= fewest && beats(other, score))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Fit::{Contradicted as C, Possible as P, Predicted as Y, Silent as S};
    use super::*;

    fn out(scores: &[&[Fit]]) -> Vec<bool> {
        let scores: Vec<Score> = scores.iter().map(|f| Score { fits: f.to_vec() }).collect();
        ruled_out(&scores)
    }

    #[test]
    fn contradictions_rule_out_and_the_best_always_stays() {
        assert_eq!(out(&[&[Y, C], &[Y, Y]]), [true, false]);
        assert_eq!(out(&[&[C, C], &[Y, C]]), [true, false]);
        assert_eq!(out(&[&[C], &[C]]), [false, false]);
        assert_eq!(out(&[&[S, S], &[S, S]]), [false, false]);
    }

    #[test]
    fn needing_unrecorded_failures_loses_to_a_plain_prediction() {
        assert_eq!(out(&[&[P, Y], &[Y, Y]]), [true, false]);
        assert_eq!(out(&[&[P, Y], &[Y, P]]), [false, false]);
        assert_eq!(out(&[&[P], &[P]]), [false, false]);
    }
}
