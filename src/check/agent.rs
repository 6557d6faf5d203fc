//! Agents that jobs name.

use super::finding::{Findings, edit};
use super::rules::job as rules;
use crate::model::{AgentModels, Roster};
use crate::openclaw::Confidence;
use crate::schedule::Version;

/// Up to here a job of an unknown agent was seen to run as the default agent.
const AS_DEFAULT: Version = Version::new(2026, 3, 31);
/// The longest agent id.
const LONGEST_ID: usize = 64;

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
        let id = normalised(agent);
        let known = match settings.roster {
            Roster::None => id == "main",
            _ => settings.agents.iter().any(|a| normalised(&a.id) == id),
        };
        if known {
            continue;
        }
        let default = settings
            .agents
            .iter()
            .find(|a| a.is_default)
            .or(settings.agents.first())
            .map_or("main", |a: &AgentModels| &a.id);
        let (end, confidence) = if version <= AS_DEFAULT {
            (format!("it runs as {default}"), Confidence::Certain)
        } else {
            let end = format!("2026.3.31 runs such a job as {default}, later versions were not seen");
            (end, Confidence::Likely)
        };
        let message = format!("agent {agent:?} is not in {}: {end}", config.file);
        let fix = edit(job, &format!("--agent {default}"));
        let finding = findings.job(rules::AGENT_MISSING, job, message);
        finding.fix(fix).sure(confidence);
    }
}

/// Returns an agent id as OpenClaw compares them.
fn normalised(id: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let id = id.trim().to_lowercase();
    let id = id.chars().map(|c| if valid(c) { c } else { '-' });
    let id: String = id.take(LONGEST_ID).collect();
    if id.is_empty() { "main".to_owned() } else { id }
}
