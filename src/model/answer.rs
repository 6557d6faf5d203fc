//! The answer for a source: which rules hold, how sure that is, and every job under them.
//!
//! Where the version leaves several sets of rules open, each job is resolved under all of them, and
//! what differs is said.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::advice::{Advice, Advising, advice};
use super::drift::{Drift, drift};
use super::era::{Era, Release, rules_of};
use super::notes::{Noting, notes};
use super::releases::ERAS;
use super::resolution::{Mechanism, Outcome, Resolution, Verdict};
use super::resolver::{Agents, Policy, Resolver, Rows, session_key};
use super::settings::ModelSettings;
use super::weigh::{Fit, Score, fit, ruled_out};
use super::{ModelRef, RunRecord};
use crate::job::Job;
use crate::schedule::Version;

/// How many alternatives are worked out for one job.
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

/// What jobs are resolved with.
pub struct Asking<'a> {
    /// What the configuration says; `None` when it is not known.
    pub settings: Option<&'a ModelSettings>,
    /// Why the configuration is not known.
    pub unknown: &'a str,
    /// The session rows.
    pub rows: &'a dyn Rows,
    /// The newest finished runs of a job, newest first.
    pub records: &'a dyn Fn(&str) -> &'a [RunRecord],
    /// Whose rules.
    pub policy: Policy,
    /// Models that their providers refuse.
    pub denied: &'a [ModelRef],
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

/// How sure an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sureness {
    /// The version was checked and is known, and nothing is missing.
    Certain,
    /// The version, or something that bears on the answer, is concluded.
    Likely,
    /// Not enough is known.
    Unknown,
}

impl Sureness {
    /// Returns it as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Unknown => "unknown",
        }
    }
}

/// The answer for one job.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Under the chosen rules.
    pub resolution: Resolution,
    /// What other rules that remain say, when it differs.
    pub alternatives: Vec<Alternative>,
    /// How sure it is.
    pub confidence: Sureness,
    /// What is declared, chosen, recorded and run.
    pub drift: Drift,
    /// What to do.
    pub advice: Vec<Advice>,
    /// The session key of its runs; empty when no agent runs it.
    pub key: String,
}

/// What other rules say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Alternative {
    /// The era.
    pub era: &'static str,
    /// The checked release.
    pub release: String,
    /// The model that would run.
    pub effective: Option<ModelRef>,
    /// Whether the job would get what it declares.
    pub verdict: Verdict,
    /// How the model would come to run.
    pub mechanism: Mechanism,
    /// The kind of failure, when it would fail.
    pub failure: Option<super::FailureClass>,
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
    let weighed: Vec<(&Job, &RunRecord)> = jobs
        .iter()
        .filter_map(|job| Some((*job, (asking.records)(&job.id).first()?)))
        .take(MAX_JOBS_WEIGHED)
        .collect();
    let Some(settings) = asking.settings.filter(|_| !weighed.is_empty()) else {
        open.truncate(if known.named {
            1.max(rules_of(known.version).answers.len())
        } else {
            open.len()
        });
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
    let own = rules_of(known.version).answers.len();
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

/// Answers for every job.
pub fn answers(jobs: &[&Job], asking: &Asking<'_>, known: Known, holding: &Holding) -> Vec<Answer> {
    let none = ModelSettings::default();
    let settings = asking.settings.unwrap_or(&none);
    let resolvers: Vec<Resolver<'_>> = holding
        .remaining
        .iter()
        .map(|p| Resolver::new(settings, p.release.rules, asking.policy, asking.denied))
        .collect();
    let mut agents: Vec<Agents<'_>> = resolvers.iter().map(Resolver::agents).collect();
    let exact = rules_of(known.version).exact && holding.remaining.len() == 1;
    let mut lists = Lists::default();
    jobs.iter()
        .map(|job| {
            let Some((first, others)) = agents.split_first_mut() else {
                unreachable!("there is always a newest era")
            };
            let mut resolution = first.resolve(job, asking.rows);
            if asking.settings.is_none() && resolution.outcome == Outcome::Runs {
                resolution = resolution.without_configuration(asking.unknown);
            }
            let alternatives: Vec<Alternative> = others
                .iter_mut()
                .zip(&holding.remaining[1..])
                .filter_map(|(agents, p)| {
                    let other = agents.resolve(job, asking.rows);
                    let differs = asking.settings.is_some()
                        && (other.effective != resolution.effective
                            || other.verdict != resolution.verdict
                            || class(&other) != class(&resolution));
                    differs.then(|| Alternative {
                        era: p.era.name,
                        release: p.release.version.to_string(),
                        failure: class(&other),
                        effective: other.effective,
                        verdict: other.verdict,
                        mechanism: other.mechanism,
                    })
                })
                .collect();
            let alternatives = distinct(alternatives);
            let rules = &holding.remaining[0].release;
            let list = match resolution.agent.id.as_deref() {
                Some(id) => lists.of(id, first),
                None => Rc::default(),
            };
            let way = Way {
                known,
                exact,
                release: rules,
                list: &list,
            };
            finish(job, asking, &way, resolution, alternatives)
        })
        .collect()
}

/// What an agent may name.
#[derive(Default)]
struct List {
    /// The models; `None` when anything.
    models: Option<Vec<ModelRef>>,
    /// The allowlist as written.
    written: Vec<String>,
}

/// What agents may name, each looked up once.
#[derive(Default)]
struct Lists(FxHashMap<String, Rc<List>>);

impl Lists {
    fn of(&mut self, id: &str, agents: &mut Agents<'_>) -> Rc<List> {
        if let Some(list) = self.0.get(id) {
            return Rc::clone(list);
        }
        let list = Rc::new(List {
            models: agents.allowed(id),
            written: agents.written(id),
        });
        self.0.insert(id.to_owned(), Rc::clone(&list));
        list
    }
}

/// The way to an answer: which rules, how sure they are, what may be named.
struct Way<'a> {
    known: Known,
    exact: bool,
    release: &'a Release,
    list: &'a List,
}

/// Releases of one era that say the same are one alternative.
fn distinct(all: Vec<Alternative>) -> Vec<Alternative> {
    let mut kept: Vec<Alternative> = Vec::new();
    for a in all {
        let same = |k: &Alternative| {
            let release = k.release.clone();
            *k == Alternative {
                release,
                ..a.clone()
            }
        };
        if !kept.iter().any(same) {
            kept.push(a);
        }
    }
    kept
}

fn class(r: &Resolution) -> Option<super::FailureClass> {
    r.failure.as_ref().map(|f| f.class)
}

fn finish(
    job: &Job,
    asking: &Asking<'_>,
    way: &Way<'_>,
    mut resolution: Resolution,
    alternatives: Vec<Alternative>,
) -> Answer {
    let agent = resolution.agent.id.clone();
    let main_key = asking.settings.and_then(|s| s.main_key.as_deref());
    let key = agent
        .as_deref()
        .map_or_else(String::new, |id| session_key(job, id, main_key));
    let row = match agent.as_deref() {
        Some(id) => asking.rows.row(id, &key),
        None => super::Known::None,
    };
    let confidence = if resolution.outcome == Outcome::Unknown {
        Sureness::Unknown
    } else if way.known.certain && way.exact && resolution.missing.is_empty() {
        Sureness::Certain
    } else {
        Sureness::Likely
    };
    if let Some(settings) = asking.settings {
        resolution.notes.extend(notes(&Noting {
            resolution: &resolution,
            settings,
            allowed: way.list.models.as_deref(),
            written: &way.list.written,
        }));
    }
    let advice = advice(&Advising {
        job,
        resolution: &resolution,
        rules: &way.release.rules,
        version: way.known.version,
        allowed: way.list.models.as_deref(),
        written: &way.list.written,
        key: &key,
    });
    Answer {
        drift: drift(&resolution, &row, (asking.records)(&job.id).first()),
        advice,
        alternatives,
        confidence,
        key,
        resolution,
    }
}
