//! Configurations, and what an upgrade does to them.

use super::facts::{GatewayFacts, SourceFacts};
use super::finding::{Findings, Place, as_observed, quoted};
use super::rules::{config as rules, job};
use crate::model::{AgentModels, Form, OwnFallbacks, Ruling, Subagents, rules_of};
use crate::openclaw::Confidence;
use crate::schedule::Version;

/// The last version that was seen to keep its jobs in a file.
const LAST_FILE: Version = Version::new(2026, 5, 28);
/// The first version that was seen to keep them in a database.
const FIRST_STORE: Version = Version::new(2026, 6, 11);
/// The first versions with jobs of their own.
const SYSTEM_JOBS: Version = Version::new(2026, 9, 1);

/// Checks the configurations and the upgrade.
pub(super) fn check(findings: &mut Findings<'_>) {
    for (index, source) in findings.facts.sources.iter().enumerate() {
        unusable(findings, source);
        cron_off(findings, index, source);
        if let Some(config) = &source.config {
            refused(findings, source, config);
            values(findings, source, config);
        }
        if let (Some(from), Some(to)) = (source.version(), source.target)
            && to > from
        {
            upgrade(findings, index, source, from, to);
        }
    }
}

fn unusable(findings: &mut Findings<'_>, source: &SourceFacts<'_>) {
    for part in &source.unusable {
        let rule = if part.config {
            rules::CONFIG_UNUSABLE
        } else {
            job::UNREADABLE
        };
        // Where it is in its file counts: what is wrong is in words, and directories differ.
        let own = (!source.store.is_empty())
            .then(|| part.at.strip_prefix(source.store))
            .flatten();
        let (file, rest) = match own {
            Some(rest) => (Some(source.store), rest),
            None if part.config => (Some(part.at.as_str()), "configuration"),
            None => (None, part.at.as_str()),
        };
        let place = Place {
            at: part.at.clone(),
            file: file.map(str::to_owned),
            key: None,
        };
        let identity = format!("at:{rest}");
        let finding = findings.source(rule, source, &identity, place, &*part.what);
        finding.fix.clone_from(&part.hint);
        // `file:line:column`, or `file: job 3`.
        let line = rest.strip_prefix(':').and_then(|r| r.split(':').next());
        finding.line = line.and_then(|line| line.trim().parse().ok());
    }
}

fn cron_off(findings: &mut Findings<'_>, index: usize, source: &SourceFacts<'_>) {
    let waiting = findings.enabled().filter(|j| j.source == index).count();
    if source.cron_enabled == Some(false) && waiting > 0 {
        let file = source.config.as_ref().map_or(source.store, |c| c.file);
        let message = format!("cron.enabled is false: none of {waiting} enabled jobs fires");
        let place = Place::key(file, "cron.enabled");
        findings
            .source(rules::CRON_OFF, source, "key:cron.enabled", place, message)
            .fix("openclaw config set cron.enabled true");
    }
}

fn refused(findings: &mut Findings<'_>, source: &SourceFacts<'_>, config: &GatewayFacts<'_>) {
    for key in &config.refused {
        let (rule, end) = match &key.migrated {
            Some(what) => (
                rules::CONFIG_MIGRATED,
                format!(
                    "OpenClaw {} does not know {}: {what}",
                    key.version, key.path
                ),
            ),
            None => (
                rules::CONFIG_REFUSED,
                format!(
                    "OpenClaw {} refuses {} and does not start",
                    key.version, key.path
                ),
            ),
        };
        let why = key
            .why
            .as_ref()
            .map_or_else(String::new, |why| format!(" ({why})"));
        let identity = format!("key:{}", key.path);
        let place = Place::key(&key.file, &key.path);
        let finding = findings.source(rule, source, &identity, place, format!("{end}{why}"));
        if key.migrated.is_none() {
            finding.fix(match &key.nearest {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("openclaw config unset {}", quoted(&key.path)),
            });
        }
        finding.sure(key.confidence);
        if source.version() == Some(key.version) {
            finding.sure(source.confidence);
        }
    }
}

/// Values that are not what they seem.
fn values(findings: &mut Findings<'_>, source: &SourceFacts<'_>, config: &GatewayFacts<'_>) {
    for odd in &config.settings.odd {
        let message = format!(
            "{} is {}, expected {}: it has no effect",
            odd.at.path, odd.found, odd.expected
        );
        let identity = format!("key:{}", odd.at.path);
        let place = Place::key(&odd.at.file, &odd.at.path);
        findings.source(rules::CONFIG_ODD, source, &identity, place, message);
    }
    for (name, path) in &config.missing {
        // Secrets are not set where a check runs, and need not be.
        let bears = ["agents.", "cron.", "hooks.", "session."];
        if !bears.iter().any(|head| path.starts_with(head)) {
            continue;
        }
        let message = format!("{path}: {name} is not set here; the text keeps ${{{name}}}");
        let identity = format!("key:{path}");
        let place = Place::key(config.file, path);
        let finding = findings.source(rules::VARIABLE_MISSING, source, &identity, place, message);
        finding.sure(Confidence::Likely);
    }
}

/// How sure it is that a change lies between two versions, when it was seen between two others.
fn between(
    from: Version,
    to: Version,
    last_old: Version,
    first_new: Version,
) -> Option<Confidence> {
    match (from <= last_old, to >= first_new) {
        (true, true) => Some(Confidence::Certain),
        // Somewhere in between; where exactly was not seen.
        _ if from < first_new && to > last_old => Some(Confidence::Likely),
        _ => None,
    }
}

fn upgrade(
    findings: &mut Findings<'_>,
    index: usize,
    source: &SourceFacts<'_>,
    from: Version,
    to: Version,
) {
    let way = format!("from {from} to {to}");
    if let Some(sure) = between(from, to, LAST_FILE, FIRST_STORE) {
        let message = format!("{way}: the jobs move from cron/jobs.json to state/openclaw.sqlite");
        let place = Place::file(source.store);
        let finding = findings.source(rules::UPGRADE_STORE, source, "source", place, message);
        finding.sure(sure);
    }
    let own = |j: &crate::job::Job| j.source == index && j.is_of_gateway();
    if from < SYSTEM_JOBS && to >= SYSTEM_JOBS && !findings.facts.jobs.iter().any(own) {
        let message = format!(
            "{way}: a heartbeat and a skill review per agent and Memory Dreaming Promotion (03:00 \
             daily) appear by themselves"
        );
        let place = Place::file(source.store);
        let rule = rules::UPGRADE_SYSTEM_JOBS;
        let finding = findings.source(rule, source, "source", place, message);
        finding.sure(as_observed(to));
    }
    let (old, new) = (rules_of(from), rules_of(to));
    let sure = if old.exact && new.exact {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let has_chain = |r: &Ruling| {
        r.answers
            .iter()
            .any(|(_, r)| r.rules.chain.own == OwnFallbacks::Listed)
    };
    let last = |r: &Ruling| {
        let mut rules = r.answers.iter().map(|(_, r)| r.rules.subagents);
        rules.any(|order| order == Subagents::AgentModelLast)
    };
    let Some(config) = &source.config else { return };
    for agent in &config.settings.agents {
        if has_chain(&old) && !has_chain(&new) {
            fallbacks(findings, source, config, agent, &way, sure);
        }
        if !last(&old) && last(&new) {
            subagents(findings, source, config, agent, &way, sure);
        }
    }
}

/// A text as model keeps the default fallbacks in 2026.3.x and has none in 2026.9.6.
fn fallbacks(
    findings: &mut Findings<'_>,
    source: &SourceFacts<'_>,
    config: &GatewayFacts<'_>,
    agent: &AgentModels,
    way: &str,
    sure: Confidence,
) {
    let defaults = config.settings.defaults.model.as_ref();
    let chain = defaults.and_then(|d| d.fallbacks.as_deref()).unwrap_or(&[]);
    let Some(model) = &agent.model else { return };
    let primary = defaults.and_then(|d| d.primary.as_ref()).map(|s| &s.text);
    let own = model.primary.as_ref().map(|s| &s.text);
    if model.form != Form::Text || chain.is_empty() || own == primary {
        return;
    }
    let chain: Vec<&str> = chain.iter().map(|said| said.text.as_str()).collect();
    let message = format!(
        "{way}: agent {} loses its fallbacks ({})",
        agent.id,
        chain.join(", ")
    );
    let identity = format!("key:{}", model.at.path);
    let place = Place::key(&model.at.file, &model.at.path);
    let rule = rules::UPGRADE_FALLBACKS;
    let finding = findings.source(rule, source, &identity, place, message);
    let list: Vec<String> = chain.iter().map(|c| format!("{c:?}")).collect();
    finding.fix(format!(
        "{}: {{ primary: {:?}, fallbacks: [{}] }}",
        model.at.path,
        own.map_or("", String::as_str),
        list.join(", ")
    ));
    finding.sure(sure);
}

/// `agents.defaults.subagents.model` comes before an agent's own model in 2026.9.6.
fn subagents(
    findings: &mut Findings<'_>,
    source: &SourceFacts<'_>,
    config: &GatewayFacts<'_>,
    agent: &AgentModels,
    way: &str,
    sure: Confidence,
) {
    let primary = |spec: &Option<crate::model::ModelSpec>| {
        let primary = spec.as_ref()?.primary.as_ref()?;
        Some(primary.text.clone())
    };
    let (Some(default), Some(own)) = (
        primary(&config.settings.defaults.subagents),
        primary(&agent.model),
    ) else {
        return;
    };
    if primary(&agent.subagents).is_some() || default == own {
        return;
    }
    let message = format!(
        "{way}: isolated jobs of agent {} that name no model change from {own} to {default}",
        agent.id
    );
    let path = format!("{}.subagents.model", agent.path);
    let identity = format!("key:{path}");
    let place = Place::key(agent.file.as_deref().unwrap_or(config.file), &path);
    let rule = rules::UPGRADE_SUBAGENTS;
    let finding = findings.source(rule, source, &identity, place, message);
    finding.fix(format!("set {path} to {own:?}")).sure(sure);
}
