//! What a job's session target and payload mean to a release.

use super::names::trim;
use super::resolution::{Failure, FailureClass};
use super::rules::{Gmail, Named, Payloads, Rules};
use crate::job::Job;

/// The session that a job names (`session:<id>`), where the release knows such targets.
pub(super) fn session_name<'a>(rules: &Rules, job: &'a Job) -> Option<&'a str> {
    let target = job.session_target.as_deref()?;
    let id = trim(target.strip_prefix("session:")?);
    (rules.named_sessions != Named::Ignored && !id.is_empty()).then_some(id)
}

/// A named session that the release does not take: every run ends with an error.
pub(super) fn bad_session(rules: &Rules, job: &Job) -> Option<Failure> {
    let id = trim(job.session_target.as_deref()?.strip_prefix("session:")?);
    let bad = id.is_empty() || id.contains(['/', '\\', '\0']);
    (bad && rules.named_sessions == Named::Checked).then(|| Failure {
        class: FailureClass::WrongPayload,
        error: "Error: invalid cron sessionTarget session id".to_owned(),
    })
}

/// Whether a run processes mail of the Gmail hook: its payload says so, else its session's key.
pub(super) fn is_gmail(rules: &Rules, job: &Job) -> bool {
    let extras = job.extras.as_deref();
    let source = extras.and_then(|e| e.external_source.as_deref());
    rules.gmail == Gmail::BySource
        && match (source, session_name(rules, job)) {
            (Some(source), _) => source == "gmail",
            (None, Some(id)) => id.to_lowercase().starts_with("hook:gmail:"),
            (None, None) => false,
        }
}

/// A payload that its session target does not take: the gateway skips every run.
///
/// Source: read in all checked releases (`executeJobCore`, `assertSupportedJobSpec`).
pub(super) fn does_not_fit(rules: &Rules, job: &Job, kind: &str) -> Option<Failure> {
    let target = job.session_target.as_deref().unwrap_or("isolated");
    let (main, isolated) = (target == "main", target == "isolated");
    let payloads = rules.payloads;
    let fits = match kind {
        "agentTurn" => !main,
        "systemEvent" => main,
        "command" => !main && payloads >= Payloads::Commands,
        "script" => (main || isolated) && payloads == Payloads::Scripts,
        "heartbeat" => main && payloads == Payloads::Scripts,
        // Nothing is known of other words; the job's own reading complains about them.
        _ => true,
    };
    let error = match (main, payloads) {
        (true, _) => "main job requires payload.kind=\"systemEvent\"",
        (false, Payloads::Turns) => "isolated job requires payload.kind=agentTurn",
        (false, _) => "isolated job requires payload.kind=\"agentTurn\" or \"command\"",
    };
    (!fits).then(|| Failure {
        class: FailureClass::WrongPayload,
        error: error.to_owned(),
    })
}
