//! Checks: what in these jobs, this configuration and this recorded state is going to hurt.
//!
//! Pure: jobs, what their sources say and an instant go in, findings come out. The rules are data
//! ([`GROUPS`]); each file here holds the functions of one subject.

mod agent;
mod burst;
mod config;
mod facts;
mod finding;
mod job;
mod model;
mod rule;
mod rules;
mod schedule;
mod state;
#[cfg(test)]
mod tests;

pub use facts::{Facts, GatewayFacts, RefusedKey, SourceFacts, Unusable};
pub use finding::{Finding, Place};
pub use rule::{GROUPS, Group, Rule, Severity, all, find};

use finding::Findings;

use crate::schedule::ZoneSource;

/// What the checks may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most jobs that may start in one tick.
    pub max_burst: usize,
}

impl Options {
    /// The slots that 2026.9.6 has for cron runs: what starts at once without waiting.
    pub const MAX_BURST: usize = 8;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_burst: Self::MAX_BURST,
        }
    }
}

/// Checks everything. The order of the findings is that of the facts: sources, then jobs.
pub fn check(facts: &Facts<'_>, options: Options, zones: &dyn ZoneSource) -> Vec<Finding> {
    let mut findings = Findings::new(facts);
    model::check(&mut findings);
    config::check(&mut findings);
    let tables = schedule::check(&mut findings, zones);
    burst::check(&mut findings, &tables, options);
    job::check(&mut findings);
    agent::check(&mut findings);
    state::check(&mut findings);
    findings.done()
}
