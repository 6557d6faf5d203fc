//! From what was read to what checks may know.

use std::path::Path;

use crate::check::{Facts, GatewayFacts, RefusedKey, SourceFacts, Unusable};
use crate::command::explain_model::gather::{How, each_source, version_used};
use crate::error::Problem;
use crate::model::{ModelSettings, NoRows, Rows, RunRecord};
use crate::openclaw::config::Config;
use crate::openclaw::{Confidence, keys};
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
    let versions = versions(loaded);
    let mut sources: Vec<SourceFacts<'a>> = loaded
        .sources
        .iter()
        .enumerate()
        .map(|(index, info)| {
            let version = versions[index];
            source(
                loaded,
                (index, info),
                files[index].as_deref(),
                version,
                target,
            )
        })
        .collect();
    for problem in &loaded.problems {
        let owner = owner(&loaded.sources, problem);
        if let Some(source) = sources.get_mut(owner) {
            // A configuration is checked before there are jobs too; stderr says it all the same.
            if source.store.is_empty() && problem.what.starts_with("has no cron store") {
                continue;
            }
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

static NO_ROWS: NoRows = NoRows("this source has no session rows");

/// The version whose rules each source's models follow, the run history considered.
fn versions(loaded: &Loaded) -> Vec<Option<Version>> {
    let mut versions = vec![None; loaded.sources.len()];
    each_source(loaded, How::default(), |asked| {
        versions[asked.source] = Some(version_used(asked.known, &asked.holding));
    });
    versions
}

fn source<'a>(
    loaded: &'a Loaded,
    (index, info): (usize, &'a SourceInfo),
    file: Option<&'a str>,
    version: Option<Version>,
    target: Option<Version>,
) -> SourceFacts<'a> {
    let gateway = loaded.gateways.get(index).and_then(Option::as_ref);
    let own = match info.rules {
        Rules::OpenClaw(decided) if info.scheduler == Scheduler::OpenClaw => {
            Some(version.unwrap_or(decided))
        }
        _ => None,
    };
    SourceFacts {
        tag: &info.tag,
        store: &info.store,
        gateway: info.scheduler == Scheduler::OpenClaw,
        rules: own.map_or(info.rules, Rules::OpenClaw),
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
            refused: gateway
                .and_then(|g| g.config.as_ref())
                .map(|config| refused(config, own, target))
                .unwrap_or_default(),
            missing: gateway
                .and_then(|g| g.config.as_ref())
                .map(|c| c.missing.clone())
                .unwrap_or_default(),
        }),
        unusable: Vec::new(),
    }
}

/// The keys that the version found refuses, else those that the version to come does.
fn refused(config: &Config, own: Option<Version>, target: Option<Version>) -> Vec<RefusedKey> {
    let of = |version: Version| {
        keys::refused(&config.root, version)
            .into_iter()
            .map(move |key| refused_key(config, version, key))
    };
    let Some(own) = own else { return Vec::new() };
    let mut all: Vec<RefusedKey> = of(own).collect();
    for key in target
        .filter(|target| *target != own)
        .into_iter()
        .flat_map(of)
    {
        // What both refuse is said once; what one takes over, the other may refuse.
        let worse = |known: &RefusedKey| known.path == key.path && known.migrated.is_none();
        if !all.iter().any(worse) {
            all.retain(|known| known.path != key.path || key.migrated.is_some());
            if !all.iter().any(|known| known.path == key.path) {
                all.push(key);
            }
        }
    }
    all
}

fn refused_key(config: &Config, version: Version, key: keys::Refused) -> RefusedKey {
    let file = config.files.get(key.file);
    let why = match (key.since, key.until) {
        (Some(since), _) => Some(format!("{since} is the first checked version that has it")),
        (None, Some(until)) => Some(format!("{until} is the last checked version that has it")),
        (None, None) => None,
    };
    RefusedKey {
        file: file.map_or_else(String::new, |file| file.display().to_string()),
        path: key.path,
        version,
        migrated: match key.fate {
            keys::Fate::Refused => None,
            keys::Fate::Migrated(migration) => Some(migration.to_string()),
        },
        why,
        nearest: key.nearest,
        confidence: match key.confidence {
            keys::Knowledge::Exact => Confidence::Certain,
            keys::Knowledge::Likely => Confidence::Likely,
            keys::Knowledge::Unknown => Confidence::Assumed,
        },
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
