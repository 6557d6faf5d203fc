//! `cronctl explain-model`: which model each job really uses, and why.

mod args;
mod compare;
pub(crate) mod gather;
mod logged;
pub(crate) mod pick;
mod report;
mod screen;
mod table;

use self::gather::{Answered, How};
use crate::command::begin;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::job::Job;
use crate::model::{Answer, StepName, Sureness, Verdict, rules_of};
use crate::report as output;
use crate::source::{Confidence, Loaded, Want};

pub use args::ExplainModelArgs;
use args::FailOn;
pub use compare::ChangesReport;
pub use report::ExplainReport;
use report::{EvidenceRow, Inputs, JobRow, VerdictCount, VersionUse};

/// Runs `cronctl explain-model`.
///
/// # Errors
/// When no source can be read, a job is not found, or the options contradict each other.
pub fn run(args: &ExplainModelArgs, ctx: &Context) -> Result<Exit, Error> {
    if args.fail_on.contains(&FailOn::Changed) && args.compare_versions.is_none() {
        return Err(Error::usage(
            "--fail-on changed is about two versions: --compare-versions A,B names them",
        ));
    }
    let loaded = begin::load(&args.source, ctx, Want::Models)?;
    let jobs = pick::pick(&loaded, &args.job)?;
    let how = How {
        policy: args.policy,
        denied: &args.what_if,
        version: None,
    };
    if let Some(pair) = args.compare_versions {
        let (mut report, worst) = compare::compare(&loaded, &jobs, how, pair)?;
        output::write(&mut report, ctx)?;
        return Ok(exit(args, worst, !report.jobs.is_empty()));
    }
    let answered = gather::answer(&loaded, &jobs, how)?;
    let log = logged::read(&args.gateway_log, ctx)?;
    let mut report = explain(&loaded, args, answered);
    if let Some(log) = &log {
        logged::beside(log, &loaded, &mut report);
    }
    let code = exit(args, report.jobs.iter().map(|j| j.verdict), false);
    let written = output::write(&mut report, ctx);
    // The process ends now, and takes all memory back at once. Freeing the texts of many jobs one by
    // one takes a quarter as long as everything before.
    std::mem::forget((report, loaded));
    written.map(|()| code)
}

/// The exit code that `--fail-on` asks for.
fn exit(
    args: &ExplainModelArgs,
    verdicts: impl IntoIterator<Item = Verdict>,
    changed: bool,
) -> Exit {
    let wanted = |verdict: Verdict| {
        let as_flag = match verdict {
            Verdict::NotHonoured => FailOn::NotHonoured,
            Verdict::Fails => FailOn::Fails,
            Verdict::Unpinned => FailOn::Unpinned,
            Verdict::Unknown => FailOn::Unknown,
            Verdict::Honoured | Verdict::NoModel => return false,
        };
        args.fail_on.contains(&as_flag)
    };
    let changed = changed && args.fail_on.contains(&FailOn::Changed);
    if changed || verdicts.into_iter().any(wanted) {
        Exit::Findings
    } else {
        Exit::Ok
    }
}

fn explain(loaded: &Loaded, args: &ExplainModelArgs, answered: Vec<Answered<'_>>) -> ExplainReport {
    let mut warnings = Vec::new();
    let versions: Vec<VersionUse> = answered.iter().map(|a| version(loaded, a)).collect();
    let mut problems = loaded.problems.clone();
    problems.extend(answered.iter().flat_map(|one| gather::odd(loaded, one)));
    let mut jobs = Vec::with_capacity(answered.iter().map(|a| a.jobs.len()).sum());
    for (one, used) in answered.into_iter().zip(&versions) {
        if gather::version_used(one.known, &one.holding) != one.known.version {
            warnings.push(format!(
                "{}: the run history contradicts {}; the rules of {} are used",
                used.source, one.known.version, used.version
            ));
        }
        let rows = one.jobs.into_iter();
        jobs.extend(rows.map(|(job, answer)| row(loaded, job, answer, used)));
    }
    let count = |verdict| VerdictCount {
        verdict,
        jobs: jobs
            .iter()
            .filter(|j: &&JobRow| j.verdict == verdict)
            .count(),
    };
    ExplainReport {
        inputs: Inputs {
            sources: loaded.sources.clone(),
            versions,
            policy: args.policy,
            denied: args.what_if.clone(),
            gateway_log: None,
        },
        counts: Verdict::ALL.map(count).to_vec(),
        single: jobs.len() == 1 && !args.job.is_empty(),
        jobs,
        warnings,
        problems,
    }
}

/// The version of a source, with everything that speaks for it.
fn version(loaded: &Loaded, answered: &Answered<'_>) -> VersionUse {
    let info = &loaded.sources[answered.source];
    let used = gather::version_used(answered.known, &answered.holding);
    let ruling = rules_of(used);
    let first = answered.holding.remaining.first();
    let era = first.map_or("unknown", |p| p.era.name);
    let gateway = loaded
        .gateways
        .get(answered.source)
        .and_then(Option::as_ref);
    let clues = gateway.map_or(&[][..], |g| &g.version.clues);
    let by_history = used != answered.known.version;
    VersionUse {
        source: info.tag.clone(),
        version: used.to_string(),
        era: era.to_owned(),
        era_change: first.map_or_else(String::new, |p| p.era.change.to_owned()),
        era_source: first.map_or_else(String::new, |p| p.era.source.to_owned()),
        checked: ruling.exact,
        origin: if by_history {
            format!(
                "run history; {} says {}",
                info.rules_origin, answered.known.version
            )
        } else {
            info.rules_origin.clone()
        },
        // Never certain where the history decided: a version that is certain is not weighed.
        confidence: info.rules_confidence,
        evidence: clues
            .iter()
            .map(|c| EvidenceRow {
                what: c.what.to_owned(),
                says: c.says.clone(),
                found_at: c.at.clone(),
                confidence: c.confidence,
            })
            .collect(),
        runs_compared: answered.holding.compared,
        runs_predicted: answered.holding.predicted,
        also_possible: answered
            .holding
            .remaining
            .iter()
            .skip(1)
            .map(|p| format!("{} ({})", p.era.name, p.release.version))
            .collect(),
        ruled_out: answered.holding.ruled_out.clone(),
    }
}

fn row(loaded: &Loaded, job: &Job, answer: Answer, used: &VersionUse) -> JobRow {
    let mut r = answer.resolution;
    let place = loaded.place(job);
    // The core does not know the file that the job stands in.
    for step in &mut r.steps {
        if step.step == StepName::Payload && step.value.is_some() {
            step.found_at = Some(format!("{place}: payload.model"));
        }
    }
    JobRow {
        source: used.source.clone(),
        job: job.id.to_string(),
        name: job.name.clone().map(String::from),
        enabled: job.enabled,
        found_at: place,
        agent: r.agent,
        session_target: job.session_target.as_deref().map(str::to_owned),
        session_key: Some(answer.key).filter(|k| !k.is_empty()),
        version: used.version.clone(),
        era: used.era.clone(),
        declared: job.model.as_ref().map(ToString::to_string),
        intended: r.intended,
        effective: r.effective,
        model_source: r.source,
        mechanism: r.mechanism,
        outcome: r.outcome,
        failure: r.failure,
        verdict: r.verdict,
        confidence: match (answer.confidence, used.confidence) {
            (Sureness::Certain, Confidence::Likely | Confidence::Assumed) => Sureness::Likely,
            (sure, _) => sure,
        },
        missing: r.missing,
        candidates: r.candidates,
        chain: r.chain,
        strict: r.strict,
        steps: r.steps,
        alternatives: answer.alternatives,
        drift: answer.drift,
        gateway_log: None,
        advice: answer.advice,
        notes: r.notes,
    }
}
