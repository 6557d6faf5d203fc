//! `cronctl check`: a lint of jobs, configuration and recorded state.

mod args;
mod baseline;
mod export;
mod gather;
mod report;
mod rules;
mod screen;

use std::collections::{BTreeMap, BTreeSet};

use self::report::{Around, Entry, Inputs, Summary};
use crate::check::{self, Finding, Options, Severity};
use crate::command::begin;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::job::Job;
use crate::report as output;
use crate::source::{Loaded, Want};
use crate::zones::Zones;

pub use args::{CheckArgs, FailOn};
pub use report::CheckReport;
pub use rules::{RulesReport, page};

/// Runs `cronctl check`.
///
/// # Errors
/// When a rule or a job is not known, the baseline is none, or no source can be read.
pub fn run(args: &CheckArgs, ctx: &Context) -> Result<Exit, Error> {
    if args.list_rules || args.explain.is_some() {
        output::write(&mut rules::list(args.explain.as_deref())?, ctx)?;
        return Ok(Exit::Ok);
    }
    let rules = rules::chosen(args)?;
    let known = match &args.baseline {
        Some(file) => baseline::read(&ctx.directory.join(file))?,
        None => Vec::new(),
    };
    let zones = Zones::new(&ctx.env);
    let loaded = begin::load(&args.source, ctx, Want::Models)?;
    begin::somebody_has(&args.job, &loaded.jobs.iter(), |asked| {
        format!("no job has the id, prefix or name {asked:?}")
    })?;
    let options = Options {
        max_burst: args.max_burst.map_or(Options::MAX_BURST, |n| n as usize),
    };
    let files = gather::config_files(&loaded);
    let facts = gather::facts(
        &loaded,
        &files,
        args.target_version,
        begin::now_ms(&loaded, ctx),
    );
    let mut findings = check::check(&facts, options, &zones);
    findings.retain(|finding| rules.iter().any(|rule| rule.id == finding.rule));
    if !args.job.is_empty() {
        let asked = asked_for(args, &loaded.jobs);
        // What is about no job is kept only when it could not be read, since it may be one of them.
        findings.retain(|finding| match &finding.job {
            Some(id) => asked.contains(id.as_str()),
            None => finding.rule == "unreadable",
        });
    }
    // The gravest first; within a severity the order of the checks.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if let Some(file) = &args.write_baseline {
        let count = baseline::write(&ctx.directory.join(file), findings.iter())?;
        let file = file.display();
        ctx.ui.note(&format!("{file}: {count} findings recorded"));
    }
    let fail_on = args.fail_on.unwrap_or_default();
    let mut report = report(args, findings, &known, &loaded, rules, options, ctx);
    output::write(&mut report, ctx)?;
    Ok(
        if args.write_baseline.is_none() && report.summary.failed && fail_on != FailOn::Never {
            Exit::Findings
        } else {
            Exit::Ok
        },
    )
}

fn report(
    args: &CheckArgs,
    findings: Vec<Finding>,
    baseline: &[Entry],
    loaded: &Loaded,
    rules: Vec<&'static check::Rule>,
    options: Options,
    ctx: &Context,
) -> CheckReport {
    let severity = args.severity.unwrap_or(Severity::Note);
    let fail_on = args.fail_on.unwrap_or_default();
    let prints: BTreeSet<&str> = baseline.iter().map(|e| e.fingerprint.as_str()).collect();
    let found: BTreeSet<String> = findings.iter().map(|f| f.fingerprint.clone()).collect();
    let all = findings.len();
    let printed = findings.into_iter().filter(|f| f.severity >= severity);
    let (known, new): (Vec<_>, Vec<_>) =
        printed.partition(|f| prints.contains(f.fingerprint.as_str()));
    // What was not looked at may still be there.
    let looked_at = |entry: &Entry| {
        let asked = args.job.is_empty()
            || entry
                .job
                .as_ref()
                .is_some_and(|id| args.job.iter().any(|asked| id.starts_with(asked.as_str())));
        asked && rules.iter().any(|rule| rule.id == entry.rule)
    };
    let stale: Vec<Entry> = baseline
        .iter()
        .filter(|entry| !found.contains(&entry.fingerprint) && looked_at(entry))
        .cloned()
        .collect();
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for finding in &new {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let count = |severity| counts.get(&severity).copied().unwrap_or(0);
    let enabled = loaded.jobs.iter().filter(|job| job.enabled).count();
    let warnings = stale_warning(args, &stale).into_iter().collect();
    CheckReport {
        summary: Summary {
            jobs: enabled,
            disabled: loaded.jobs.len() - enabled,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            known: known.len(),
            hidden: all - known.len() - new.len(),
            failed: new.iter().any(|finding| fail_on.covers(finding.severity)),
        },
        inputs: Inputs {
            sources: loaded.sources.clone(),
            target_version: args.target_version.map(|v| v.to_string()),
            max_burst: options.max_burst,
            severity,
            fail_on: Severity::ALL.into_iter().rfind(|s| fail_on.covers(*s)),
            rules: rules.iter().map(|rule| rule.id).collect(),
            jobs: args.job.clone(),
            baseline: args.baseline.as_ref().map(|p| p.display().to_string()),
        },
        findings: new,
        known,
        stale,
        warnings,
        problems: loaded.problems.clone(),
        around: Around {
            rules,
            directory: ctx.directory.clone(),
            fail_on,
        },
    }
}

fn stale_warning(args: &CheckArgs, stale: &[Entry]) -> Option<String> {
    const NAMED: usize = 3;
    let file = args.baseline.as_ref()?;
    let first: Vec<String> = stale
        .iter()
        .take(NAMED)
        .map(|e| {
            let about = e.name.as_ref().or(e.job.as_ref()).or(e.key.as_ref());
            about.map_or_else(|| e.rule.clone(), |about| format!("{} of {about}", e.rule))
        })
        .collect();
    let more = match stale.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    (!stale.is_empty()).then(|| {
        format!(
            "{}: nothing was found any more for {}{more}; --write-baseline leaves them out",
            file.display(),
            first.join(", ")
        )
    })
}

/// The ids of the jobs that are asked for.
fn asked_for<'a>(args: &CheckArgs, jobs: &'a [Job]) -> BTreeSet<&'a str> {
    let named = |job: &&Job| args.job.iter().any(|asked| job.answers_to(asked));
    jobs.iter().filter(named).map(|job| &*job.id).collect()
}
