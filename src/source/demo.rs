//! `--demo`: the jobs of the incident of 31 March 2026, built in.
//!
//! Twenty-four jobs at 22:00 Pacific on 2026.3.28, eight of which declare an Anthropic model and
//! sixteen a cheap one that this version does not honour.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Confidence, Gateway, OneSource, Scheduler, SourceArgs, SourceInfo, SourceKind, Tags};
use crate::error::Error;
use crate::job::{Collector, Place};
use crate::openclaw::config::{Config, CronSettings};
use crate::openclaw::history::History;
use crate::openclaw::version::Decision;
use crate::schedule::{Rules, Version};

/// The instant that `--demo` stands at: 2026-03-31T21:45:00-07:00, a quarter of an hour before.
pub const DEMO_NOW_MS: i64 = 1_775_018_700_000;

const JSON: &str = include_str!("demo.json");

#[derive(Deserialize)]
struct Demo<'a> {
    #[serde(borrow)]
    jobs: Vec<&'a RawValue>,
    /// Run lengths by job id, milliseconds.
    runs: BTreeMap<String, Vec<i64>>,
    /// What its `openclaw.json` would hold.
    #[serde(borrow)]
    config: &'a RawValue,
}

fn parse() -> Result<Demo<'static>, Error> {
    serde_json::from_str(JSON).map_err(|e| Error::failed("the demo data is damaged").because(e))
}

/// Returns what the demo's `openclaw.json` holds.
///
/// # Errors
/// Never in a tested build: the data is part of the program.
pub fn config() -> Result<serde_json::Value, Error> {
    let damaged = |e| Error::failed("the demo data is damaged").because(e);
    serde_json::from_str(parse()?.config.get()).map_err(|e: serde_json::Error| damaged(e))
}

/// Returns the document that holds the demo's jobs, as a store would.
pub fn document() -> &'static str {
    JSON
}

/// Loads the demo.
pub(super) fn load(args: &SourceArgs, source: usize, tags: &mut Tags) -> Result<OneSource, Error> {
    let demo = parse()?;
    let mut history = History::default();
    for (job, lengths) in &demo.runs {
        for ms in lengths {
            history.add(job, *ms);
        }
    }
    let mut into = Collector::new("demo", source);
    for (n, job) in demo.jobs.iter().enumerate() {
        into.add(job.get(), Place::entry(n + 1));
    }
    let (version, origin) = match args.stated_version() {
        Some(version) => (version, "--openclaw-version"),
        None => (Version::new(2026, 3, 28), "demo data"),
    };
    let mut collected = into.finish(Rules::OpenClaw(version));
    for job in &mut collected.jobs {
        job.run_length = history.median(&job.id).map(Box::new);
    }
    let config = Config::of_text(demo.config.get(), "openclaw.json (built in)")?;
    let cron = CronSettings::of(&config, &mut collected.problems);
    Ok(OneSource {
        info: SourceInfo {
            tag: tags.unique("demo"),
            kind: SourceKind::Demo,
            location: "built in".to_owned(),
            shape: "demo data: OpenClaw jobs and run lengths".to_owned(),
            scheduler: Scheduler::OpenClaw,
            rules: Rules::OpenClaw(version),
            rules_origin: origin.to_owned(),
            rules_confidence: Confidence::Certain,
            max_concurrent_runs: cron.max_concurrent_runs,
            cron_enabled: cron.enabled,
            store: "built in".to_owned(),
        },
        gateway: Some(Gateway {
            history,
            ..Gateway::of_config(config, Decision::by(version, origin, Confidence::Certain))
        }),
        jobs: collected.jobs,
        problems: collected.problems,
        notes: Vec::new(),
    })
}
