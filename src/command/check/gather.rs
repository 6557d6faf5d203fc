//! From what was read to what checks may know.

use std::path::Path;

use crate::check::{Facts, GatewayFacts, SourceFacts, Unusable};
use crate::error::Problem;
use crate::model::{Known, ModelSettings, NoRows, Rows, RunRecord};
use crate::openclaw::sessions::{Sessions, Store};
use crate::schedule::{Rules, Version};
use crate::source::{Loaded, Scheduler, SourceInfo};

/// Nothing is configured.
static NO_SETTINGS: std::sync::LazyLock<ModelSettings> =
    std::sync::LazyLock::new(ModelSettings::default);

/// The files of each source's configuration, as text.
pub(super) fn config_files(loaded: &Loaded) -> Vec<Option<String>> {
    let of = |(_, gateway): (&SourceInfo, &Option<crate::source::Gateway>)| {
        let config = gateway.as_ref()?.config.as_ref()?;
        config.files.first().map(|p| p.display().to_string())
    };
    loaded
        .sources
        .iter()
        .zip(&loaded.gateways)
        .map(of)
        .collect()
}

/// Gathers what checks may know.
pub(super) fn facts<'a>(
    loaded: &'a Loaded,
    files: &'a [Option<String>],
    target: Option<Version>,
    now_ms: i64,
) -> Facts<'a> {
    let mut sources: Vec<SourceFacts<'a>> = loaded
        .sources
        .iter()
        .enumerate()
        .map(|(index, info)| source(loaded, index, info, files[index].as_deref(), target))
        .collect();
    for problem in &loaded.problems {
        let owner = owner(&loaded.sources, problem);
        if let Some(source) = sources.get_mut(owner) {
            source.unusable.push(unusable(problem));
        }
    }
    let last_run = |job: &'a crate::job::Job| -> Option<&'a RunRecord> {
        let gateway = loaded.gateways.get(job.source)?.as_ref()?;
        gateway.history.records(&job.id).first()
    };
    Facts {
        now_ms,
        sources,
        jobs: &loaded.jobs,
        last_runs: loaded.jobs.iter().map(last_run).collect(),
    }
}

impl Rows for Sessions {
    fn row(&self, agent: &str, key: &str) -> Known<'_> {
        if let Some(row) = self.get(key) {
            return Known::Row(row);
        }
        match self.status(agent) {
            Store::Read { .. } | Store::Absent => Known::None,
            Store::Partial { at } => Known::Unknown(format!("{at} breaks off")),
            Store::Unreadable { at } => Known::Unknown(format!("{at} cannot be read")),
            Store::NotRead => Known::Unknown(NOT_READ.to_owned()),
        }
    }
}

const NOT_READ: &str = "the session rows were not read";
static NO_ROWS: NoRows = NoRows(NOT_READ);

fn source<'a>(
    loaded: &'a Loaded,
    index: usize,
    info: &'a SourceInfo,
    file: Option<&'a str>,
    target: Option<Version>,
) -> SourceFacts<'a> {
    let gateway = loaded.gateways.get(index).and_then(Option::as_ref);
    let own = match info.rules {
        Rules::OpenClaw(version) if info.scheduler == Scheduler::OpenClaw => Some(version),
        _ => None,
    };
    SourceFacts {
        tag: &info.tag,
        store: &info.store,
        gateway: info.scheduler == Scheduler::OpenClaw,
        rules: info.rules,
        confidence: info.rules_confidence,
        target: target.filter(|target| own.is_some_and(|own| own != *target)),
        cron_enabled: info.cron_enabled,
        max_concurrent_runs: info.max_concurrent_runs,
        config: file.map(|file| GatewayFacts {
            file,
            settings: gateway
                .and_then(|g| g.settings.as_ref())
                .unwrap_or(&NO_SETTINGS),
            rows: gateway.map_or(&NO_ROWS as &dyn Rows, |g| &g.sessions),
            refused: Vec::new(),
            missing: gateway
                .and_then(|g| g.config.as_ref())
                .map(|c| c.missing.clone())
                .unwrap_or_default(),
        }),
        unusable: Vec::new(),
    }
}

/// The source that a problem belongs to: the one whose directory or file it names, else the first.
fn owner(sources: &[SourceInfo], problem: &Problem) -> usize {
    let names = |source: &SourceInfo| {
        let inside = |place: &str| !place.is_empty() && problem.at.starts_with(place);
        inside(&source.store) || inside(&source.location)
    };
    sources.iter().position(names).unwrap_or(0)
}

fn unusable(problem: &Problem) -> Unusable {
    let file = Path::new(&problem.at);
    let config = ["json", "json5"]
        .into_iter()
        .any(|ext| file.extension().is_some_and(|e| e == ext))
        && problem.what.contains("the configuration is not used");
    Unusable {
        at: problem.at.clone(),
        what: problem.what.clone(),
        hint: problem.hint.clone(),
        config,
    }
}
