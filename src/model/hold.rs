//! Which rules hold: those that the version leaves open, less those that the run history excludes.

use schemars::JsonSchema;
use serde::Serialize;

use super::RunRecord;
use super::answer::Asking;
use super::era::{Era, Release, rules_of};
use super::releases::ERAS;
use super::resolution::Resolution;
use super::resolver::{Policy, Resolver};
use super::weigh::{Fit, Score, fit, ruled_out};
use crate::job::Job;
use crate::schedule::Version;

/// How many jobs' last runs are weighed: enough to tell eras apart, whatever the store holds.
const MAX_JOBS_WEIGHED: usize = 2_000;

/// What is known about the version of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The version that was decided on.
    pub version: Version,
    /// Whether it is certain: stated, or recorded by the gateway itself.
    pub certain: bool,
    /// Whether something names this very version, and not just a layout that several have.
    pub named: bool,
    /// The oldest version that the evidence allows.
    pub from: Option<Version>,
    /// The newest.
    pub until: Option<Version>,
}

/// One set of rules that may hold.
#[derive(Clone, Copy, Debug)]
pub struct Possible {
    /// Its era.
    pub era: &'static Era,
    /// The checked release whose rules they are.
    pub release: Release,
}

/// A set of rules that the run history excludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuledOut {
    /// The era.
    pub era: &'static str,
    /// The checked release.
    pub release: String,
    /// Recorded runs that it contradicts.
    pub contradicted: usize,
    /// Recorded runs that it allows only with failures that nobody recorded.
    pub strained: usize,
    /// One of them, in words.
    pub example: String,
}

/// Which rules hold, and what the history says about them.
pub struct Holding {
    /// The rules that remain, the chosen first; at least one.
    pub remaining: Vec<Possible>,
    /// Those that the history excludes.
    pub ruled_out: Vec<RuledOut>,
    /// Recorded runs that were compared.
    pub compared: usize,
    /// Of them, those that the chosen rules predict.
    pub predicted: usize,
}

/// Returns the sets of rules that the version leaves open, the likeliest first.
pub fn possible(known: Known) -> Vec<Possible> {
    let of = |(era, release)| Possible { era, release };
    let mut open: Vec<Possible> = rules_of(known.version)
        .answers
        .into_iter()
        .map(of)
        .collect();
    if known.certain {
        return open;
    }
    let inside = |v: Version| {
        known.from.is_none_or(|from| v >= from) && known.until.is_none_or(|until| v <= until)
    };
    let all = ERAS
        .iter()
        .flat_map(|era| era.releases.iter().map(move |r| (era, *r)));
    for (era, release) in all.rev().filter(|(_, r)| inside(r.version)) {
        if !open.iter().any(|p| p.release.rules == release.rules) {
            open.push(of((era, release)));
        }
    }
    open
}

/// Weighs the sets of rules that are open against the run history.
pub fn hold(jobs: &[&Job], asking: &Asking<'_>, known: Known) -> Holding {
    let mut open = possible(known);
    // The version's own come first.
    let own = rules_of(known.version).answers.len();
    let weighed: Vec<(&Job, &RunRecord)> = jobs
        .iter()
        .filter_map(|job| Some((*job, (asking.records)(&job.id).first()?)))
        .take(MAX_JOBS_WEIGHED)
        .collect();
    let Some(settings) = asking.settings.filter(|_| !weighed.is_empty()) else {
        if known.named {
            open.truncate(own);
        }
        return Holding {
            remaining: open,
            ruled_out: Vec::new(),
            compared: 0,
            predicted: 0,
        };
    };
    let mut examples = Vec::new();
    let mut scores = Vec::new();
    for p in &open {
        let resolver = Resolver::new(settings, p.release.rules, Policy::Actual, &[]);
        let mut agents = resolver.agents();
        let mut example = None;
        let fits = weighed.iter().map(|(job, run)| {
            let resolution = agents.resolve(job, asking.rows);
            let fit = fit(&resolution, run);
            if example.is_none() && matches!(fit, Fit::Contradicted | Fit::Possible) {
                example = Some(said(job, run, &resolution));
            }
            fit
        });
        scores.push(Score {
            fits: fits.collect(),
        });
        examples.push(example.unwrap_or_default());
    }
    let out = if known.certain {
        vec![false; open.len()]
    } else {
        ruled_out(&scores)
    };
    // A version that something names is replaced only when the history excludes it.
    let keep_named = known.named && !known.certain && out[..own].iter().any(|o| !o);
    let mut holding = Holding {
        remaining: Vec::new(),
        ruled_out: Vec::new(),
        compared: 0,
        predicted: 0,
    };
    let mut chosen = None;
    for (i, p) in open.iter().enumerate() {
        if out[i] {
            holding.ruled_out.push(RuledOut {
                era: p.era.name,
                release: p.release.version.to_string(),
                contradicted: scores[i].count(Fit::Contradicted),
                strained: scores[i].count(Fit::Possible),
                example: std::mem::take(&mut examples[i]),
            });
        } else if !keep_named || i < own {
            chosen.get_or_insert(i);
            holding.remaining.push(*p);
        }
    }
    if let Some(i) = chosen {
        holding.predicted = scores[i].count(Fit::Predicted);
        holding.compared = scores[i].fits.len() - scores[i].count(Fit::Silent);
    }
    holding
}

/// Says what a run contradicts.
fn said(job: &Job, run: &RunRecord, r: &Resolution) -> String {
    let name = job.name.as_deref().unwrap_or(&job.id);
    let predicted = match (&r.effective, &r.failure) {
        (Some(model), _) => format!("use {model}"),
        (None, Some(failure)) => format!("fail ({})", failure.class.word()),
        (None, None) => "use no model".to_owned(),
    };
    let ran = match (super::drift::model_of(run), run.status.as_deref()) {
        (Some(model), Some(status)) => format!("{model}, status {status}"),
        (Some(model), None) => model.to_string(),
        (None, status) => format!("status {}", status.unwrap_or("unknown")),
    };
    format!("{name:?} would {predicted}, its last run is recorded with {ran}")
}
