//! From what was read to answers: the version of each source, its session rows and records.

use crate::error::{Error, Problem};
use crate::job::Job;
use crate::model::{
    Answer, Asking, Holding, Known, KnownVersion, ModelRef, NoRows, Policy, Rows, answers, hold,
    rules_of,
};
use crate::schedule::{Rules, Version};
use crate::source::{Confidence, Gateway, Loaded, Scheduler, SourceKind};

/// The rows of the built-in example: it has none.
struct Empty;

impl Rows for Empty {
    fn row(&self, _: &str, _: &str) -> Known<'_> {
        Known::None
    }
}

/// Why nothing is known of session rows without a gateway.
const NO_ROWS: &str = "this source has no session rows";

/// The answers of one source.
pub(crate) struct Answered<'a> {
    /// Index of the source.
    pub(crate) source: usize,
    /// What is known about the version.
    pub(crate) known: KnownVersion,
    /// The rules that hold.
    pub(crate) holding: Holding,
    /// The jobs with their answers, in order.
    pub(crate) jobs: Vec<(&'a Job, Answer)>,
}

/// How the models of jobs are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How<'a> {
    /// Whose rules.
    pub(crate) policy: Policy,
    /// Models that their providers refuse.
    pub(crate) denied: &'a [ModelRef],
    /// A version in the place of the source's own.
    pub(crate) version: Option<Version>,
}

/// Why a scheduler's jobs have no model of theirs to explain.
const NOT_OPENCLAW: &str =
    "only OpenClaw's jobs choose a model; what this scheduler's jobs use is not in them";

/// One source that has models, with the rules that hold for it.
pub(crate) struct Asked<'q> {
    /// Index of the source.
    pub(crate) source: usize,
    /// What is known about its version.
    pub(crate) known: KnownVersion,
    /// What its jobs are resolved with.
    pub(crate) asking: &'q Asking<'q>,
    /// The rules that hold.
    pub(crate) holding: Holding,
}

/// Works out the rules of every OpenClaw source and hands each to `then`.
pub(crate) fn each_source(loaded: &Loaded, how: How<'_>, mut then: impl FnMut(Asked<'_>)) {
    for (source, info) in loaded.sources.iter().enumerate() {
        let Rules::OpenClaw(version) = info.rules else {
            continue;
        };
        if info.scheduler != Scheduler::OpenClaw {
            continue;
        }
        // What the whole history of the source says, whichever jobs were asked for.
        let of_source: Vec<&Job> = loaded.jobs.iter().filter(|j| j.source == source).collect();
        let gateway = loaded.gateways.get(source).and_then(Option::as_ref);
        let known = known(gateway, how.version, version, info.rules_confidence);
        let records = move |id: &str| gateway.map_or(&[][..], |g| g.history.records(id));
        let rows: &dyn Rows = match gateway {
            _ if info.kind == SourceKind::Demo => &Empty,
            Some(gateway) => &gateway.sessions,
            None => &NoRows(NO_ROWS),
        };
        let asking = Asking {
            settings: gateway.and_then(|g| g.settings.as_ref()),
            unknown: gateway.map_or("this source has none; --config FILE names one", |g| {
                if g.state_dir.is_some() {
                    "it cannot be used"
                } else {
                    "there is none"
                }
            }),
            assumed: gateway
                .filter(|g| g.unconfigured)
                .map(|_| "there is no such file: the gateway's built-in defaults are assumed"),
            rows,
            records: &records,
            policy: how.policy,
            denied: how.denied,
        };
        let holding = hold(&of_source, &asking, known);
        then(Asked {
            source,
            known,
            asking: &asking,
            holding,
        });
    }
}

/// Answers for jobs, source by source.
///
/// # Errors
/// When none of the sources is OpenClaw's.
pub(crate) fn answer<'a>(
    loaded: &'a Loaded,
    jobs: &[&'a Job],
    how: How<'a>,
) -> Result<Vec<Answered<'a>>, Error> {
    let mut all = Vec::new();
    each_source(loaded, how, |asked| {
        let source = asked.source;
        let own: Vec<&Job> = jobs
            .iter()
            .copied()
            .filter(|j| j.source == source)
            .collect();
        let found = answers(&own, asked.asking, asked.known, &asked.holding);
        all.push(Answered {
            source,
            known: asked.known,
            holding: asked.holding,
            jobs: own.into_iter().zip(found).collect(),
        });
    });
    if all.is_empty() && !jobs.is_empty() {
        return Err(Error::failed(NOT_OPENCLAW));
    }
    Ok(all)
}

fn known(
    gateway: Option<&Gateway>,
    asked: Option<Version>,
    version: Version,
    confidence: Confidence,
) -> KnownVersion {
    let exactly = |version| KnownVersion {
        version,
        certain: true,
        named: true,
        from: Some(version),
        until: Some(version),
    };
    if let Some(version) = asked {
        return exactly(version);
    }
    match gateway {
        Some(g) => KnownVersion {
            version: g.version.version,
            certain: g.version.confidence == Confidence::Certain,
            named: g.version.named,
            from: g.version.from,
            until: g.version.until,
        },
        None if confidence == Confidence::Certain => exactly(version),
        None => KnownVersion {
            version,
            certain: false,
            named: false,
            from: None,
            until: None,
        },
    }
}

/// The version that the answers of a source follow: the one decided on, or, when the history rules
/// it out, the release that remains.
pub(crate) fn version_used(known: KnownVersion, holding: &Holding) -> Version {
    let first = holding.remaining.first();
    let own = rules_of(known.version).answers;
    match first {
        Some(first) if !own.iter().any(|(_, r)| r.version == first.release.version) => {
            first.release.version
        }
        _ => known.version,
    }
}

/// What is wrong with values that bear on models: it has no effect, and is named.
pub(crate) fn odd(loaded: &Loaded, answered: &Answered<'_>) -> Vec<Problem> {
    let gateway = loaded
        .gateways
        .get(answered.source)
        .and_then(Option::as_ref);
    let settings = gateway.and_then(|g| g.settings.as_ref());
    let mut problems: Vec<Problem> = settings
        .map_or(&[][..], |s| &s.odd)
        .iter()
        .map(|odd| {
            let what = format!(
                "is {}, expected {}; it has no effect",
                odd.found, odd.expected
            );
            Problem::new(odd.at.to_string(), what)
        })
        .collect();
    for (job, _) in &answered.jobs {
        let Some(extras) = job.extras.as_deref() else {
            continue;
        };
        let name = job.name.as_deref().unwrap_or(&job.id);
        let at = format!("{} {name:?}", loaded.place(job));
        if let Some(found) = &extras.odd_model {
            let what = format!("payload.model is {found}, expected a text; the job names no model");
            problems.push(Problem::new(at.clone(), what));
        }
        if let Some(found) = &extras.odd_fallbacks {
            let what = format!("payload.fallbacks: {found}");
            problems.push(Problem::new(at, what));
        }
    }
    problems
}
