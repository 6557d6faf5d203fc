//! What a configuration says about the scheduler of its gateway.

use super::{Config, Node};
use crate::error::Problem;

/// The values of `cron` that a plan needs, as far as they are present and usable.
#[derive(Clone, Copy, Debug, Default)]
pub struct CronSettings {
    /// `cron.maxConcurrentRuns`: how many runs are had at once.
    pub max_concurrent_runs: Option<u32>,
    /// `cron.enabled`.
    pub enabled: Option<bool>,
}

impl CronSettings {
    /// Reads them. A value of another type is a problem, and taken as absent.
    pub fn of(config: &Config, problems: &mut Vec<Problem>) -> Self {
        let node = |path: &[&str]| config.get(path).map(|found| found.node);
        let path = ["cron", "maxConcurrentRuns"];
        let number = node(&path).and_then(Node::number);
        let max_concurrent_runs = number.filter(|n| *n >= 1.0).map(|n| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast from a float saturates, which is what a huge limit means"
            )]
            let n = n.floor() as u32;
            n
        });
        if max_concurrent_runs.is_none() {
            problems.extend(config.wrong(&path, "a number of at least 1"));
        }
        let path = ["cron", "enabled"];
        let enabled = node(&path).and_then(Node::bool);
        if enabled.is_none() {
            problems.extend(config.wrong(&path, "true or false"));
        }
        Self {
            max_concurrent_runs,
            enabled,
        }
    }
}
