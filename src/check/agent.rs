//! Agents that jobs name.

use super::finding::{Findings, edit, quoted};
use super::rules::job as rules;
use crate::model::{Policy, Resolver, Roster, agent_id, rules_of};
use crate::openclaw::Confidence;

/// Looks for agents that no roster has.
pub(super) fn check(findings: &mut Findings<'_>) {
    for job in findings.enabled() {
        let source = findings.source_of(job);
        let (Some(agent), Some(config), Some(version)) =
            (&job.agent, &source.config, source.version())
        else {
            continue;
        };
        let settings = config.settings;
        let id = agent_id(agent);
        let known = match settings.roster {
            Roster::None => id == "main",
            _ => settings.agents.iter().any(|a| agent_id(&a.id) == id),
        };
        let ruling = rules_of(version);
        let Some((_, release)) = ruling.answers.first().filter(|_| !known) else {
            continue;
        };
        let resolver = Resolver::new(settings, release.rules, Policy::Actual, &[]);
        let runs_as = resolver.agents().agent(job).id.unwrap_or_default();
        let end = if runs_as == id {
            "it runs under that id with the defaults' models and a workspace of its own".to_owned()
        } else {
            format!("it runs as {runs_as}")
        };
        let message = format!("agent {agent:?} is not in {}: {end}", config.file);
        let fix = match settings.agents.first() {
            Some(_) if runs_as != id => edit(job, &format!("--agent {}", quoted(&runs_as))),
            _ => edit(job, "--clear-agent"),
        };
        let sure = if ruling.exact {
            source.confidence
        } else {
            Confidence::Likely
        };
        let finding = findings.job(rules::AGENT_MISSING, job, message);
        finding.fix(fix).sure(sure);
    }
}
