//! Jobs as declared, one by one and against each other.

use std::collections::BTreeMap;

use super::finding::{Findings, edit, quoted};
use super::rules::job as rules;
use crate::job::{Extras, Job};
use crate::openclaw::Confidence;
use crate::schedule::ScheduleSpec;

/// Checks the jobs.
pub(super) fn check(findings: &mut Findings<'_>) {
    for job in findings.enabled() {
        target(findings, job);
        system(findings, job);
        if let Some(extras) = job.extras.as_deref() {
            declared(findings, job, extras);
        }
    }
    ids(findings);
    alike(findings);
}

/// The pair of payload kind and session target.
fn target(findings: &mut Findings<'_>, job: &Job) {
    if !findings.source_of(job).gateway {
        return;
    }
    let (Some(kind), Some(target)) = (job.payload_kind.as_deref(), job.session_target.as_deref())
    else {
        return;
    };
    let (wants, fix) = match (target, kind) {
        ("main", "agentTurn") => ("a systemEvent", "--session isolated"),
        (other, "systemEvent") if other != "main" => ("an agentTurn", "--session main"),
        _ => return,
    };
    let message = format!(
        "the payload is of kind {kind}, and session target {target} takes {wants}: every run is skipped"
    );
    let fix = edit(job, fix);
    findings.job(rules::PAYLOAD_TARGET, job, message).fix(fix);
}

/// Jobs that the gateway added by itself.
fn system(findings: &mut Findings<'_>, job: &Job) {
    let Some(key) = job.declaration_key().filter(|_| job.is_of_gateway()) else {
        return;
    };
    let (what, confidence) = match job.payload_kind.as_deref() {
        Some("agentTurn") => ("an agent turn", Confidence::Certain),
        // A beat with nothing to do may end before a model is called.
        Some("heartbeat") => ("a heartbeat, which may call the model", Confidence::Likely),
        _ => return,
    };
    let message = format!("added by the gateway itself ({key}); each run is {what}");
    let fix = (!job.is_monitor()).then(|| format!("openclaw cron disable {}", quoted(&job.id)));
    let finding = findings.job(rules::SYSTEM_JOB, job, message);
    let finding = finding.sure(confidence);
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

/// What few jobs declare.
fn declared(findings: &mut Findings<'_>, job: &Job, extras: &Extras) {
    if let Some(found) = &extras.odd_model {
        let message = format!("payload.model is {found}, not a text: the job runs on the default");
        let fix = edit(job, "--model PROVIDER/MODEL");
        findings.job(rules::ODD_MODEL, job, message).fix(fix);
    }
    if let Some(found) = &extras.odd_fallbacks {
        let message = format!("payload.fallbacks: {found}");
        findings.job(rules::ODD_FALLBACKS, job, message);
    }
    if let Some(key) = &extras.session_key
        && job.session_target.as_deref() == Some("isolated")
    {
        let message = format!("sessionKey {key:?} wins over sessionTarget isolated");
        let fix = edit(job, "--clear-session-key");
        let finding = findings.job(rules::SESSION_KEY, job, message);
        finding.fix(fix).sure(Confidence::Likely);
    }
    if let Some(declared) = &extras.declared_target {
        let read = job.session_target.as_deref().unwrap_or("none");
        let message = format!("sessionTarget {declared:?} is read as {read}");
        let fix = edit(job, &format!("--session {}", quoted(read)));
        findings.job(rules::TARGET_REWRITTEN, job, message).fix(fix);
    }
    if let Some(words) = &extras.restarts {
        let message = format!("its text says {words:?}: it stops the gateway that runs it");
        // It may only talk about it.
        let finding = findings.job(rules::RESTARTS_GATEWAY, job, message);
        finding.sure(Confidence::Likely);
    }
}

/// Ids that occur twice, within a source and across sources.
fn ids(findings: &mut Findings<'_>) {
    let mut by_id: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    for job in findings.facts.jobs {
        by_id.entry(&job.id).or_default().push(job);
    }
    for jobs in by_id.values().filter(|jobs| jobs.len() > 1) {
        let first = jobs[0];
        let mut tags: Vec<&str> = jobs.iter().map(|j| findings.source_of(j).tag).collect();
        let within = jobs.iter().filter(|j| j.source == first.source).count();
        if within > 1 {
            let message = format!("{within} jobs of this source have the id {}", first.id);
            findings.job(rules::DUPLICATE_ID, first, message);
        }
        tags.dedup();
        let staggered = findings.source_of(first).gateway && first.enabled;
        if tags.len() > 1 && staggered {
            let message = format!(
                "{} have a job of this id: their offsets are equal, and they fire in the same \
                 millisecond",
                tags.join(", ")
            );
            findings.job(rules::SAME_ID, first, message);
        }
    }
}

/// Jobs of one source that look the same, and jobs with one name.
fn alike(findings: &mut Findings<'_>) {
    let mut by_name: BTreeMap<(usize, &str), Vec<&Job>> = BTreeMap::new();
    for job in findings.facts.jobs {
        if let Some(name) = job.name.as_deref() {
            by_name.entry((job.source, name)).or_default().push(job);
        }
    }
    for jobs in by_name.values().filter(|jobs| jobs.len() > 1) {
        let mut named = true;
        let mut seen: BTreeMap<Alike<'_>, &Job> = BTreeMap::new();
        for job in jobs.iter().filter(|job| job.enabled) {
            let earlier = *seen.entry(all_known(job)).or_insert(job);
            if earlier.id == job.id {
                continue;
            }
            let message = format!(
                "same name, schedule, agent, model and target as {}; their texts were not compared",
                earlier.id
            );
            let fix = format!("openclaw cron rm {}", quoted(&job.id));
            let gateway = findings.source_of(job).gateway;
            let finding = findings.job(rules::DUPLICATE_JOB, job, message);
            finding.sure(Confidence::Likely);
            if gateway {
                finding.fix(fix);
            }
            named = false;
        }
        let different = jobs.iter().any(|job| job.id != jobs[0].id);
        if named && different && jobs.iter().any(|job| job.enabled) {
            let others: Vec<&str> = jobs[1..].iter().map(|job| &*job.id).collect();
            let message = format!("has its name in common with {}", others.join(", "));
            findings.job(rules::AMBIGUOUS_NAME, jobs[0], message);
        }
    }
}

/// All that is known of a job and bears on what it does.
type Alike<'a> = (String, [Option<&'a str>; 5]);

fn all_known(job: &Job) -> Alike<'_> {
    let schedule = match &job.schedule {
        ScheduleSpec::Cron { expr, tz, .. } => format!("{expr:?} {tz:?}"),
        // An anchor is set at creation and differs between duplicates.
        ScheduleSpec::Every { every_ms, .. } => format!("every {every_ms:?}"),
        other => format!("{other:?}"),
    };
    let texts = [
        job.agent.as_deref(),
        job.workspace.as_deref(),
        job.model.as_deref(),
        job.payload_kind.as_deref(),
        job.session_target.as_deref(),
    ];
    (schedule, texts)
}
