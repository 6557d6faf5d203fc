//! The configuration of a state directory, and the few values of it that reading jobs needs.

use crate::env::Env;
use crate::error::Problem;
use crate::openclaw::config::{Config, CronSettings, Node};
use crate::openclaw::discover::Paths;
use crate::schedule::Version;
use std::path::Path;

/// Reads the configuration. One that cannot be used is a problem and not an error: the jobs are
/// somewhere else, and most of them do not depend on it.
pub(super) fn config(
    paths: &Paths,
    env: &Env,
    cwd: &Path,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) -> Option<Config> {
    match Config::load(paths, env, cwd) {
        Ok(Some(config)) => {
            let path = paths.config.display();
            notes.extend(config.unset().map(|names| format!("{path}: {names}")));
            Some(config)
        }
        Ok(None) => {
            notes.push(format!(
                "{}: does not exist; the gateway's defaults are assumed",
                paths.config.display()
            ));
            None
        }
        Err(error) => {
            let mut what = format!("{}; the configuration is not used", error.message);
            for cause in &error.causes {
                what = format!("{what} ({cause})");
            }
            let mut problem = Problem::new(paths.config.display().to_string(), what);
            problem.hint = error.hints.into_iter().next();
            problems.push(problem);
            None
        }
    }
}

/// The few values that reading jobs needs.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) store: Option<String>,
    /// `session.store`.
    pub(super) session_store: Option<String>,
    pub(super) touched: Option<Version>,
    /// There is a configuration, and it says nothing about who wrote it.
    pub(super) untouched: bool,
    pub(super) cron: CronSettings,
}

impl Settings {
    pub(super) fn of(config: Option<&Config>, problems: &mut Vec<Problem>) -> Self {
        let Some(config) = config else {
            return Self::default();
        };
        let node = |path: &[&str]| config.get(path).map(|f| f.node);
        let path = ["cron", "store"];
        let store = node(&path)
            .and_then(Node::text)
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned);
        if store.is_none() {
            problems.extend(config.wrong(&path, "a file name"));
        }
        let session_store = node(&["session", "store"])
            .and_then(Node::text)
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned);
        Self {
            store,
            session_store,
            touched: node(&["meta", "lastTouchedVersion"])
                .and_then(Node::text)
                .and_then(|t| t.parse().ok()),
            untouched: node(&["meta", "lastTouchedVersion"]).is_none(),
            cron: CronSettings::of(config, problems),
        }
    }
}
