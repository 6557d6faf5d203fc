//! What to do about a resolution: the exact commands, printed and never run.

use schemars::JsonSchema;
use serde::Serialize;

use super::ModelRef;
use super::resolution::{FailureClass, Mechanism, Resolution, Source, Verdict};
use super::rules::Rules;
use crate::job::Job;
use crate::schedule::Version;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Advice {
    /// What it changes.
    pub what: String,
    /// The command; null when there is none to give.
    pub command: Option<String>,
}

/// What advice needs to know.
pub struct Advising<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its resolution.
    pub resolution: &'a Resolution,
    /// The rules it follows.
    pub rules: &'a Rules,
    /// The version.
    pub version: Version,
    /// What its agent may name; `None` when anything.
    pub allowed: Option<&'a [ModelRef]>,
    /// The allowlist as written.
    pub written: &'a [String],
    /// The session key of its runs.
    pub key: &'a str,
}

/// Quotes a word for a shell when it needs it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The allowed model whose name is nearest to what was asked for.
pub fn nearest_model(asked: &ModelRef, allowed: &[ModelRef]) -> Option<ModelRef> {
    let text = asked.to_string();
    let of_model = |m: &ModelRef| {
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        // The same model under another provider, or in another case, is nearer than any spelling.
        if same(&m.model, &asked.model) {
            2.0
        } else {
            strsim::jaro_winkler(&m.to_string(), &text)
        }
    };
    allowed
        .iter()
        .map(|m| (of_model(m), m))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, m)| m.clone())
}

fn edit(job: &Job, rest: &str) -> String {
    format!("openclaw cron edit {} {rest}", quoted(&job.id))
}

fn patch(key: &str, model: Option<&ModelRef>) -> String {
    let model = model.map_or_else(|| "null".to_owned(), |m| format!("\"{m}\""));
    let params = format!("{{\"key\":\"{key}\",\"model\":{model}}}");
    format!(
        "openclaw gateway call sessions.patch --json --params {}",
        quoted(&params)
    )
}

/// Says what to do, the best first; nothing when there is nothing wrong.
pub fn advice(a: &Advising<'_>) -> Vec<Advice> {
    let r = a.resolution;
    let mut out = Vec::new();
    let mut say = |what: String, command: Option<String>| out.push(Advice { what, command });
    let class = r.failure.as_ref().map(|f| f.class);
    let refused = class == Some(FailureClass::NotAllowed) || r.mechanism == Mechanism::NotAllowed;
    if r.mechanism == Mechanism::LiveSelection || class == Some(FailureClass::LiveSelection) {
        say(
            "2026.3.31 and later do not throw candidates back (openclaw PR 57972): upgrade"
                .to_owned(),
            None,
        );
        if let Some(intended) = &r.intended {
            say(
                format!(
                    "until then: make {intended} the session's own selection, which is what {} \
                     compares with",
                    a.version
                ),
                Some(patch(a.key, Some(intended))),
            );
        } else {
            say(
                "until then: clear the session's selection".to_owned(),
                Some(patch(a.key, None)),
            );
        }
    } else if refused && let Some(intended) = &r.intended {
        if let Some(near) = a.allowed.and_then(|all| nearest_model(intended, all)) {
            say(
                format!("if {near} was meant"),
                Some(edit(
                    a.job,
                    &format!("--model {}", quoted(&near.to_string())),
                )),
            );
        }
        say(format!("to allow {intended}"), Some(allow(a, intended)));
    } else if class == Some(FailureClass::InvalidModel) {
        say(
            "name it as provider/model, or by an alias".to_owned(),
            Some(edit(a.job, "--model PROVIDER/MODEL")),
        );
    } else if class == Some(FailureClass::WrongPayload) {
        let target = if a.job.payload_kind.as_deref() == Some("agentTurn") {
            "isolated"
        } else {
            "main"
        };
        say(
            "give it a session target that takes its payload".to_owned(),
            Some(edit(a.job, &format!("--session {target}"))),
        );
    } else if class == Some(FailureClass::NoAgent) {
        say(
            "name the agent".to_owned(),
            Some(edit(a.job, "--agent AGENT")),
        );
    } else if r.source == Some(Source::Session) && r.verdict == Verdict::Unpinned {
        say(
            "to let the configuration decide again: clear the override of its session".to_owned(),
            Some(patch(a.key, None)),
        );
    } else if r.verdict == Verdict::NotHonoured && a.job.session_target.as_deref() == Some("main") {
        say(
            "a job of the main session cannot name a model: an isolated one can".to_owned(),
            Some(edit(a.job, "--session isolated --message TEXT")),
        );
    }
    out
}

/// The command that allows a model.
fn allow(a: &Advising<'_>, model: &ModelRef) -> String {
    if a.rules.allow.is_policy() {
        let own = a
            .resolution
            .failure
            .as_ref()
            .is_some_and(|f| f.error.contains("agents.entries.*"));
        let agent = a.resolution.agent.id.as_deref().unwrap_or("main");
        let path = if own {
            format!("agents.entries.{agent}.modelPolicy.allow")
        } else {
            "agents.defaults.modelPolicy.allow".to_owned()
        };
        let mut list = a.written.to_vec();
        list.push(model.to_string());
        let json = serde_json::to_string(&list).unwrap_or_default();
        return format!("openclaw config set {path} {} --strict-json", quoted(&json));
    }
    // 2026.3.28 takes quotes inside the brackets for a part of the key.
    let path = format!("agents.defaults.models[{model}]");
    format!("openclaw config set {} '{{}}' --strict-json", quoted(&path))
}
