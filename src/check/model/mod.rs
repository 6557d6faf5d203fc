//! Which models runs use, against what jobs name.

mod declared;
mod price;

use std::collections::BTreeMap;

use super::facts::{GatewayFacts, SourceFacts};
use super::finding::{Findings, Place, as_observed};
use super::rule::Severity;
use super::rules::model as rules;
use crate::job::Job;
use crate::model::{
    Advising, Agents, FailureClass, Mechanism, ModelRef, Outcome, Policy, Resolution, Resolver,
    Rules, RunRecord, StepName, StepOutcome, Verdict, advice, rules_of, session_key,
};
use crate::openclaw::Confidence;
use crate::schedule::Version;

/// From here on a list of sessions shows selections instead of what ran.
const LISTS_SELECTION: Version = Version::new(2026, 8, 1);

/// Checks the models of all enabled jobs of gateways.
pub(super) fn check(findings: &mut Findings<'_>) {
    for (index, source) in findings.facts.sources.iter().enumerate() {
        let Some(version) = source.version() else {
            continue;
        };
        let jobs: Vec<(usize, &Job)> = findings
            .facts
            .jobs
            .iter()
            .enumerate()
            .filter(|(_, job)| job.source == index && job.enabled)
            .collect();
        match &source.config {
            Some(config) => resolved(findings, source, config, version, &jobs),
            None => unresolved(findings, source, &jobs),
        }
    }
}

/// Without a configuration nothing can be said about models; said once.
fn unresolved(findings: &mut Findings<'_>, source: &SourceFacts<'_>, jobs: &[(usize, &Job)]) {
    let named = jobs.iter().filter(|(_, job)| job.model.is_some()).count();
    if named == 0 {
        return;
    }
    let message = format!(
        "{named} jobs name models, and this source has no configuration: whether they get them \
         cannot be said"
    );
    let place = Place::file(source.store);
    findings
        .source(rules::MODEL_UNKNOWN, source, "source", place, message)
        .fix("check the state directory (--openclaw DIR)");
}

/// One set of rules that may hold: how sure it is that they do.
struct Way<'a> {
    rules: Rules,
    resolver: Resolver<'a>,
    confidence: Confidence,
}

/// The rules of a version, the likeliest first.
fn ways<'a>(config: &GatewayFacts<'a>, version: Version, sure: Confidence) -> Vec<Way<'a>> {
    let ruling = rules_of(version);
    let confidence = if ruling.exact {
        sure
    } else {
        sure.max(Confidence::Likely)
    };
    let way = |rules| Way {
        rules,
        resolver: Resolver::new(config.settings, rules, Policy::Actual, &[]),
        confidence,
    };
    ruling
        .answers
        .iter()
        .map(|(_, release)| way(release.rules))
        .collect()
}

fn resolved(
    findings: &mut Findings<'_>,
    source: &SourceFacts<'_>,
    config: &GatewayFacts<'_>,
    version: Version,
    jobs: &[(usize, &Job)],
) {
    let now = ways(config, version, source.confidence);
    let then = source
        .target
        .map(|target| (target, ways(config, target, Confidence::Certain)));
    let Some(first) = now.first() else { return };
    let mut agents: Vec<Agents<'_>> = now.iter().map(|way| way.resolver.agents()).collect();
    let mut agents_then: Vec<Agents<'_>> = then
        .iter()
        .filter_map(|(_, ways)| ways.first())
        .map(|way| way.resolver.agents())
        .collect();
    let written = declared::written(config);
    let mut priced = price::Priced::default();
    let mut listed_otherwise = 0_usize;
    for (index, job) in jobs {
        let answers: Vec<Resolution> = agents
            .iter_mut()
            .map(|agents| agents.resolve(job, config.rows))
            .collect();
        let [answer, others @ ..] = &answers[..] else {
            continue;
        };
        let agree = others.iter().all(|o| o.effective == answer.effective);
        let confidence = if agree {
            first.confidence
        } else {
            first.confidence.max(Confidence::Likely)
        };
        let last = findings.facts.last_runs.get(*index).copied().flatten();
        let id = answer.agent.id.as_deref();
        let allowlist = agents[0].allowlist(id);
        let allowed = allowlist.models();
        let advised = advice(&Advising {
            job,
            resolution: answer,
            rules: &first.rules,
            version,
            allowed,
            written: allowlist.written(),
            key: &session_key(
                job,
                id.unwrap_or("main"),
                config.settings.main_key.as_deref(),
            ),
        });
        let fix = advised.first().map(|a| match &a.command {
            Some(command) => format!("{}: {command}", a.what),
            None => a.what.clone(),
        });
        let subject = Subject {
            job,
            answer,
            fix: fix.as_deref(),
            confidence,
        };
        verdict(findings, &subject, last);
        session(findings, &subject);
        declared::check(findings, config, job, answer, &written, allowed);
        priced.add(config, job, answer);
        price::jump(findings, config, job, answer);
        listed_otherwise += usize::from(is_listed_otherwise(answer));
        if let (Some((target, ways)), Some(agents)) = (&then, agents_then.first_mut()) {
            let later = agents.resolve(job, config.rows);
            let sure = ways.first().map_or(Confidence::Likely, |w| w.confidence);
            upgrade(
                findings,
                job,
                answer,
                &later,
                (version, *target),
                sure.max(confidence),
            );
        }
    }
    priced.unknown(findings, source);
    if version >= LISTS_SELECTION && listed_otherwise > 0 {
        let message = format!(
            "{listed_otherwise} jobs run on a model of their own, and the session list shows the \
             default for them"
        );
        let place = Place::file(source.store);
        let rule = rules::DISPLAY_TRAP;
        let finding = findings.source(rule, source, "source", place, message);
        finding.sure(as_observed(version));
    }
}

/// Whether a job's model was chosen by its payload, and the default is another.
fn is_listed_otherwise(answer: &Resolution) -> bool {
    let default = answer
        .steps
        .iter()
        .find(|step| {
            matches!(step.step, StepName::Agent | StepName::Default) && step.reference.is_some()
        })
        .and_then(|step| step.reference.as_ref());
    answer.verdict == Verdict::Honoured
        && default.is_some_and(|d| Some(d) != answer.effective.as_ref())
}

/// What became of the job's payload, in words.
fn reason(answer: &Resolution) -> String {
    let overruled = answer
        .steps
        .iter()
        .find(|s| s.outcome == StepOutcome::Overruled);
    let payload = answer.steps.iter().find(|s| s.step == StepName::Payload);
    let step = overruled.or(payload);
    step.map_or_else(String::new, |s| format!(" ({})", s.reason))
}

/// One job, what was resolved for it, and what to do.
struct Subject<'a> {
    job: &'a Job,
    answer: &'a Resolution,
    fix: Option<&'a str>,
    confidence: Confidence,
}

fn verdict(findings: &mut Findings<'_>, subject: &Subject<'_>, last: Option<&RunRecord>) {
    let (job, answer) = (subject.job, subject.answer);
    let ran = last
        .filter(|run| run.status.as_deref() == Some("ok"))
        .and_then(|run| {
            let model = run.model.as_deref()?;
            Some(ModelRef::new(run.provider.as_deref().unwrap_or("?"), model))
        });
    let declared = job.model.as_deref().unwrap_or("no model");
    match answer.verdict {
        Verdict::Fails => fails(findings, subject, declared),
        Verdict::NotHonoured => {
            let rule = if answer.mechanism == Mechanism::NotAllowed {
                rules::MODEL_SILENT_DEFAULT
            } else {
                rules::MODEL_NOT_HONOURED
            };
            let Some(effective) = &answer.effective else {
                return;
            };
            let proof = match &ran {
                Some(ran) if ran == effective => "; the last run did",
                _ => "",
            };
            let message = format!(
                "names {declared}, and runs on {effective}{}{proof}",
                reason(answer)
            );
            let finding = findings.job(rule, job, message);
            finding.sure(subject.confidence);
            finding.fix = subject.fix.map(str::to_owned);
        }
        Verdict::Unknown => {
            let why = match &answer.missing[..] {
                [] => "not enough is known".to_owned(),
                missing => missing.join("; "),
            };
            let message = format!("names {declared}; whether it gets it cannot be said: {why}");
            findings.job(rules::MODEL_UNKNOWN, job, message);
        }
        Verdict::Honoured => {
            let (Some(ran), Some(intended)) = (&ran, &answer.intended) else {
                return;
            };
            // A record without a provider says less.
            let same = ran.model == intended.model
                && [&intended.provider[..], "?"].contains(&&ran.provider[..]);
            if !same {
                let message = format!("names {intended}, and its last run used {ran}");
                // The job may have been edited since.
                let finding = findings.job(rules::LAST_RUN_MODEL, job, message);
                finding.sure(Confidence::Likely);
            }
        }
        Verdict::Unpinned | Verdict::NoModel => {}
    }
}

fn fails(findings: &mut Findings<'_>, subject: &Subject<'_>, declared: &str) {
    // A payload that does not go with its target is another rule's.
    let Some(failure) = &subject.answer.failure else {
        return;
    };
    if subject.answer.outcome != Outcome::Fails {
        return;
    }
    let error = &failure.error;
    let finding = if failure.class == FailureClass::NoAgent {
        let message = format!("no agent can be chosen, and every run fails: {error}");
        let rule = super::rules::job::AGENT_MISSING;
        let finding = findings.job(rule, subject.job, message);
        finding.severity(Severity::Error)
    } else {
        let message = format!("names {declared}, and every run fails: {error}");
        findings.job(rules::MODEL_REFUSED, subject.job, message)
    };
    finding.sure(subject.confidence);
    finding.fix = subject.fix.map(str::to_owned);
}

/// A selection that someone made for the job's session.
fn session(findings: &mut Findings<'_>, subject: &Subject<'_>) {
    let of_session = subject.answer.steps.iter().find(|step| {
        step.step == StepName::Session
            && matches!(step.outcome, StepOutcome::Chosen | StepOutcome::Refused)
    });
    if let Some(step) = of_session {
        let value = step.value.as_deref().unwrap_or("a model");
        let what = if step.outcome == StepOutcome::Chosen {
            "every run uses it"
        } else {
            "it is no longer allowed, and has no effect"
        };
        let at = step.found_at.as_deref().unwrap_or("its session row");
        let message = format!("{value} is selected in {at}: {what}");
        let finding = findings.job(rules::SESSION_OVERRIDE, subject.job, message);
        finding.fix = subject.fix.map(str::to_owned);
    }
}

/// What the upgrade changes for one job.
fn upgrade(
    findings: &mut Findings<'_>,
    job: &Job,
    now: &Resolution,
    later: &Resolution,
    (from, to): (Version, Version),
    confidence: Confidence,
) {
    if (&now.effective, now.outcome) == (&later.effective, later.outcome) {
        return;
    }
    let unknown = |r: &Resolution| r.outcome == Outcome::Unknown;
    if unknown(now) || unknown(later) {
        return;
    }
    let says = |r: &Resolution| match (&r.effective, &r.failure) {
        (Some(model), _) => model.to_string(),
        (None, Some(failure)) => format!("fails ({})", failure.error),
        (None, None) => "no model".to_owned(),
    };
    let message = format!("{from}: {}; {to}: {}", says(now), says(later));
    let finding = findings.job(rules::MODEL_UPGRADE, job, message);
    finding.sure(confidence);
    if later.outcome == Outcome::Fails {
        finding.severity(Severity::Error);
    }
}

/// The jobs that use a model, by model.
type ByModel<'a> = BTreeMap<String, Vec<&'a Job>>;
