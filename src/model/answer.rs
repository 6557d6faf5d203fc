//! The answer for a source: which rules hold, how sure that is, and every job under them.
//!
//! Where the version leaves several sets of rules open, each job is resolved under all of them, and
//! what differs is said.

use schemars::JsonSchema;
use serde::Serialize;

use super::advice::{Advice, Advising, advice};
use super::drift::{Drift, drift};
use super::era::{Release, rules_of};
use super::hold::{Holding, Known};
use super::notes::{Noting, notes};
use super::resolution::{Mechanism, Outcome, Resolution, Verdict};
use super::resolver::{Agents, Allowlist, Policy, Resolver, Rows, session_key};
use super::settings::ModelSettings;
use super::{ModelRef, RunRecord};
use crate::job::Job;

/// What jobs are resolved with.
pub struct Asking<'a> {
    /// What the configuration says; `None` when it is not known.
    pub settings: Option<&'a ModelSettings>,
    /// Why the configuration is not known.
    pub unknown: &'a str,
    /// Why the configuration is assumed; `None` when it was read.
    pub assumed: Option<&'a str>,
    /// The session rows.
    pub rows: &'a dyn Rows,
    /// The newest finished runs of a job, newest first.
    pub records: &'a dyn Fn(&str) -> &'a [RunRecord],
    /// Whose rules.
    pub policy: Policy,
    /// Models that their providers refuse.
    pub denied: &'a [ModelRef],
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

/// Answers for every job.
pub fn answers(jobs: &[&Job], asking: &Asking<'_>, known: Known, holding: &Holding) -> Vec<Answer> {
    let none = ModelSettings::default();
    let settings = asking.settings.unwrap_or(&none);
    let resolvers: Vec<Resolver<'_>> = holding
        .remaining
        .iter()
        .map(|p| {
            Resolver::new(settings, p.release.rules, asking.policy, asking.denied).otherwise(
                settings,
                asking.policy,
                p.release.otherwise,
            )
        })
        .collect();
    let mut agents: Vec<Agents<'_>> = resolvers.iter().map(Resolver::agents).collect();
    // Without a configuration all rules say the same: not enough is known.
    if asking.settings.is_none() {
        agents.truncate(1);
    }
    let exact = rules_of(known.version).exact && holding.remaining.len() == 1;
    jobs.iter()
        .map(|job| {
            let Some((first, others)) = agents.split_first_mut() else {
                unreachable!("there is always a newest era")
            };
            let mut resolution = first.resolve(job, asking.rows);
            let asked = matches!(resolution.outcome, Outcome::Runs | Outcome::Fails);
            if asking.settings.is_none() && asked {
                let named = job.agent.as_deref();
                resolution = resolution.without_configuration(named, asking.unknown);
            }
            if let (Some(why), true) = (asking.assumed, asked) {
                resolution.missing.push(format!("the configuration: {why}"));
            }
            let alternatives: Vec<Alternative> = others
                .iter_mut()
                .zip(&holding.remaining[1..])
                .filter_map(|(agents, p)| {
                    let other = agents.resolve(job, asking.rows);
                    let differs = other.effective != resolution.effective
                        || other.verdict != resolution.verdict
                        || class(&other) != class(&resolution);
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
            let list = first.allowlist(resolution.agent.id.as_deref());
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

/// The way to an answer: which rules, how sure they are, what may be named.
struct Way<'a> {
    known: Known,
    exact: bool,
    release: &'a Release,
    list: &'a Allowlist<'a>,
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
        None => super::Known::Unknown("the agent is not known".to_owned()),
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
            allowed: way.list.models(),
            written: way.list.written(),
        }));
    }
    let advice = advice(&Advising {
        job,
        resolution: &resolution,
        rules: &way.release.rules,
        version: way.known.version,
        allowed: way.list.models(),
        written: way.list.written(),
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
