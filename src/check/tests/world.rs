//! A small world to check: one source with a few jobs, or several.

use crate::check::{
    Facts, Finding, GatewayFacts, Options, RefusedKey, SourceFacts, Unusable, check,
};
use crate::job::{Job, Place, Slot, Words, parse};
use crate::model::{Known, Rows, RunRecord, SessionRow};
use crate::openclaw::config::Config;
use crate::openclaw::{Confidence, models};
use crate::schedule::{Rules, Version};
use crate::zones::Zones;

/// 2026-02-20T00:00:00Z.
pub(super) const NOW: i64 = 1_771_545_600_000;

/// A configuration in which every test job is well.
pub(super) const GOOD: &str = "agents: {defaults: {model: 'anthropic/claude-sonnet-5'}}";

/// A rule, a world where it is found, and one where it is not.
pub(super) struct Case {
    pub(super) rule: &'static str,
    pub(super) hit: World,
    pub(super) miss: World,
}

/// A case.
pub(super) fn case(rule: &'static str, hit: World, miss: World) -> Case {
    Case { rule, hit, miss }
}

/// Returns a job as JSON: a good one with other values for some keys, written as JSON5.
pub(super) fn job(keys: &str) -> String {
    let mut job = serde_json::json!({
        "id": "a", "name": "n", "createdAtMs": 1, "sessionTarget": "isolated",
        "schedule": {"kind": "cron", "expr": "0 9 * * *", "tz": "UTC"},
        "payload": {"kind": "agentTurn", "message": "m"},
    });
    let other: serde_json::Value = json5::from_str(&format!("{{{keys}}}")).unwrap();
    for (key, value) in other.as_object().unwrap() {
        job[key] = value.clone();
    }
    job.to_string()
}

/// Names the configuration of a case, for reading.
pub(super) fn config(text: &'static str) -> World {
    World::new().config(text)
}

/// A second source with jobs of its own.
pub(super) fn source(world: World, jobs: &[String]) -> World {
    World {
        second: jobs.to_vec(),
        ..world
    }
}

/// What is checked.
#[derive(Clone)]
pub(super) struct World {
    pub(super) now_ms: i64,
    pub(super) rules: Rules,
    pub(super) gateway: bool,
    pub(super) target: Option<Version>,
    pub(super) store: &'static str,
    pub(super) config: Option<&'static str>,
    pub(super) jobs: Vec<String>,
    pub(super) second: Vec<String>,
    pub(super) row: Option<SessionRow>,
    pub(super) last_run: Option<RunRecord>,
    pub(super) refused: Vec<RefusedKey>,
    pub(super) unusable: Vec<Unusable>,
    pub(super) missing: Vec<(String, String)>,
    pub(super) cron_enabled: Option<bool>,
    pub(super) max_burst: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            now_ms: NOW,
            rules: Rules::OpenClaw(Version::NEWEST_CHECKED),
            gateway: true,
            target: None,
            store: "jobs.json",
            config: None,
            jobs: vec![job("")],
            second: Vec::new(),
            row: None,
            last_run: None,
            refused: Vec::new(),
            unusable: Vec::new(),
            missing: Vec::new(),
            cron_enabled: None,
            max_burst: 8,
        }
    }

    pub(super) fn jobs(self, jobs: impl IntoIterator<Item = String>) -> Self {
        Self {
            jobs: jobs.into_iter().collect(),
            ..self
        }
    }

    pub(super) fn config(self, text: &'static str) -> Self {
        Self {
            config: Some(text),
            ..self
        }
    }

    pub(super) fn version(self, month: u16, patch: u16) -> Self {
        Self {
            rules: Rules::OpenClaw(Version::new(2026, month, patch)),
            ..self
        }
    }

    pub(super) fn target(self, month: u16, patch: u16) -> Self {
        Self {
            target: Some(Version::new(2026, month, patch)),
            ..self
        }
    }

    /// One cron job under another scheduler's rules.
    pub(super) fn expr(self, rules: Rules, expr: &str, tz: &str) -> Self {
        let schedule = format!("schedule: {{kind: 'cron', expr: '{expr}', tz: '{tz}'}}");
        Self {
            rules,
            gateway: matches!(rules, Rules::OpenClaw(_)),
            ..self
        }
        .jobs([job(&schedule)])
    }

    pub(super) fn found(&self) -> Vec<Finding> {
        let mut jobs: Vec<Job> = Vec::new();
        for (source, texts) in [&self.jobs, &self.second].into_iter().enumerate() {
            for (n, text) in texts.iter().enumerate() {
                let slot = Slot {
                    source,
                    at: Place::entry(n + 1),
                    rules: self.rules,
                };
                let (mut job, _) = parse(text, slot, &mut Words::default())
                    .unwrap_or_else(|e| panic!("{text}: {e:?}"));
                job.rules = self.rules;
                jobs.push(job);
            }
        }
        let read = self
            .config
            .map(|text| Config::of_text(&format!("{{{text}}}"), "openclaw.json").unwrap());
        let settings = read.as_ref().map(models::settings);
        let source = |tag| SourceFacts {
            tag,
            store: self.store,
            gateway: self.gateway,
            rules: self.rules,
            confidence: Confidence::Certain,
            target: self.target,
            cron_enabled: self.cron_enabled,
            max_concurrent_runs: None,
            config: settings.as_ref().map(|settings| GatewayFacts {
                file: "openclaw.json",
                settings,
                rows: self,
                refused: self.refused.clone(),
                missing: self.missing.clone(),
            }),
            unusable: self.unusable.clone(),
        };
        let mut sources = vec![source("one")];
        if !self.second.is_empty() {
            sources.push(source("two"));
        }
        let facts = Facts {
            now_ms: self.now_ms,
            sources,
            last_runs: jobs.iter().map(|_| self.last_run.as_ref()).collect(),
            jobs: &jobs,
        };
        let options = Options {
            max_burst: self.max_burst,
        };
        check(&facts, options, &Zones::built_in())
    }
}

impl Rows for World {
    fn row(&self, _: &str, _: &str) -> Known<'_> {
        self.row.as_ref().map_or(Known::None, Known::Row)
    }
}
