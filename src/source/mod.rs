//! Sources: where jobs come from, resolved the same way for every command.
//!
//! A call may name several sources, and the same kind several times. Every job carries the index of
//! its source, and every source says which rules hold for it and how sure that is.

mod args;
mod configured;
mod crontab;
mod demo;
mod gateway;
mod jobs;
mod lines;
mod shape;

use std::io::Read;
use std::path::Path;

use serde::Serialize;

pub use crate::openclaw::{Confidence, Want};
pub(crate) use args::{DISCOVER, state_dir};
pub use args::{Dialect, OpenClawArg, SourceArgs, VersionArg};
pub use demo::{DEMO_NOW_MS, config as demo_config, document as demo_document};
pub use gateway::Gateway;

use crate::env::Env;
use crate::error::{Error, Problem};
use crate::job::{Job, Place};
use crate::model::ModelSettings;
use crate::openclaw::{discover, models, state};
use crate::schedule::Rules;

/// The sources of a call and their jobs.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The sources; [`Job::source`] is an index into them.
    pub sources: Vec<SourceInfo>,
    /// The jobs of all sources, disabled ones included.
    pub jobs: Vec<Job>,
    /// What is known of the gateway of each source, by its index; `None` for sources without a
    /// state directory or configuration.
    pub gateways: Vec<Option<Gateway>>,
    /// What could not be used: makes the exit code partial.
    pub problems: Vec<Problem>,
    /// What to say on stderr: the recognised shape, where migrated jobs went.
    pub notes: Vec<String>,
}

impl Loaded {
    /// Returns where a job was found: `<store>: job 3`, `<store>:12`.
    pub fn place(&self, job: &Job) -> String {
        let store = self.sources.get(job.source).map_or("", |s| &s.store);
        match job.at {
            Place::Entry(n) => format!("{store}: job {n}"),
            Place::Line(n) => format!("{store}:{n}"),
        }
    }

    fn add(&mut self, loaded: OneSource) {
        self.sources.push(loaded.info);
        self.gateways.push(loaded.gateway);
        if self.jobs.is_empty() {
            self.jobs = loaded.jobs;
        } else {
            self.jobs.extend(loaded.jobs);
        }
        self.problems.extend(loaded.problems);
        self.notes.extend(loaded.notes);
    }
}

/// One source of a call.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct SourceInfo {
    /// A short name, unique in the call: `demo`, `openclaw`, `openclaw-2`, `jobs.json`, `stdin`.
    pub tag: String,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// The directory or file, `stdin`, or `built in`.
    pub location: String,
    /// The recognised shape, in words.
    pub shape: String,
    /// The scheduler whose jobs these are.
    pub scheduler: Scheduler,
    /// The rules that decide the fire times: `openclaw 2026.9.6`, `molecule`, `cron-rs`.
    #[serde(serialize_with = "rules_text")]
    #[schemars(with = "String")]
    pub rules: Rules,
    /// What says so.
    pub rules_origin: String,
    /// How sure it is.
    pub rules_confidence: Confidence,
    /// `cron.maxConcurrentRuns` of the configuration, when present.
    pub max_concurrent_runs: Option<u32>,
    /// `cron.enabled` of the configuration, when present.
    pub cron_enabled: Option<bool>,
    /// Where the jobs were found: a file, `stdin`, or `built in`. Empty when there is no store.
    pub store: String,
}

impl SourceInfo {
    /// Says where it is from, whose rules hold, and how sure these are.
    pub(crate) fn said(&self) -> String {
        let sure = match self.rules_confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Assumed => "assumed",
        };
        let (tag, shape, rules) = (&self.tag, &self.shape, rules_name(self.rules));
        format!(
            "source {tag}: {shape}, rules of {rules} ({}; {sure})",
            self.rules_origin
        )
    }
}

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// An OpenClaw state directory.
    #[serde(rename = "openclaw")]
    OpenClaw,
    /// A file of jobs, or stdin.
    Jobs,
    /// The built-in example.
    Demo,
}

/// The scheduler that fires a source's jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduler {
    /// An OpenClaw gateway.
    #[serde(rename = "openclaw")]
    OpenClaw,
    /// A Molecule platform.
    Molecule,
    /// cron(8), evaluated by the rules that the source names.
    Crontab,
    /// A Rust scheduler built on the `cron` crate.
    CronRs,
}

/// Returns rules as one text: `openclaw 2026.9.6`, `molecule`, `cron-rs`.
pub fn rules_name(rules: Rules) -> String {
    match rules {
        Rules::OpenClaw(version) => format!("openclaw {version}"),
        Rules::Molecule => "molecule".to_owned(),
        Rules::CronRs => "cron-rs".to_owned(),
    }
}

fn rules_text<S: serde::Serializer>(rules: &Rules, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&rules_name(*rules))
}

/// One source, read.
struct OneSource {
    info: SourceInfo,
    gateway: Option<Gateway>,
    jobs: Vec<Job>,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

/// Reads the sources that the command line names; without any, OpenClaw's own state directory.
/// Everything that is known is read ([`Want::Models`]).
///
/// # Errors
/// When a source cannot be read. With several sources the others are kept, and the one that fails
/// becomes a [`Problem`]; the error is returned only when none can be read.
pub fn load(args: &SourceArgs, env: &Env, stdin: &mut dyn Read) -> Result<Loaded, Error> {
    load_in(args, env, stdin, Path::new("."), Want::Models)
}

/// As [`load`], with relative paths taken from `cwd`, and no more read than `want` says.
///
/// # Errors
/// As [`load`].
pub fn load_in(
    args: &SourceArgs,
    env: &Env,
    stdin: &mut dyn Read,
    cwd: &Path,
    want: Want,
) -> Result<Loaded, Error> {
    let cwd = &std::path::absolute(cwd).unwrap_or_else(|_| cwd.to_owned());
    if args.jobs.iter().filter(|f| f.as_os_str() == "-").count() > 1 {
        return Err(
            Error::usage("--jobs - is given twice, but stdin can be read once")
                .hint("join the inputs: `cat a b | cronctl … --jobs -`"),
        );
    }
    let mut tags = Tags::default();
    let mut loaded = Loaded::default();
    let named = gateway::named_config(args, env, cwd, &mut loaded.notes)?;
    let mut failed: Vec<Error> = Vec::new();
    let mut take = |loaded: &mut Loaded, one: Result<OneSource, Error>| match one {
        Ok(one) => loaded.add(one),
        Err(error) => failed.push(error),
    };
    let openclaw = if args.is_empty() {
        &[OpenClawArg::Discover][..]
    } else {
        &args.openclaw
    };
    for arg in openclaw {
        let source = loaded.sources.len();
        let one = open_claw(arg, args, env, cwd, want, source, &mut tags);
        take(&mut loaded, one);
    }
    for file in &args.jobs {
        let source = loaded.sources.len();
        let one = jobs::load(file, args, named.as_ref(), stdin, cwd, source, &mut tags);
        take(&mut loaded, one);
    }
    if args.demo {
        let source = loaded.sources.len();
        take(&mut loaded, demo::load(args, source, &mut tags));
    }
    if loaded.sources.is_empty()
        && let Some(first) = failed.drain(..).next()
    {
        return Err(first);
    }
    for error in failed {
        loaded.problems.push(as_problem(error));
    }
    let uses_config = |g: &Option<Gateway>| g.as_ref().is_some_and(|g| g.config.is_some());
    let mut of_jobs = loaded.sources.iter().zip(&loaded.gateways);
    if let (Some(file), Some(named)) = (&args.config, named) {
        if of_jobs.any(|(s, g)| s.kind == SourceKind::Jobs && uses_config(g)) {
            loaded.problems.extend(named.problems);
        } else {
            let file = file.display();
            loaded.notes.push(format!(
                "--config {file} is not used: no --jobs source is an OpenClaw gateway's"
            ));
        }
    }
    if let Some(dialect) = args.dialect
        && !loaded.sources.iter().any(|s| s.rules_origin == DIALECT)
    {
        loaded.notes.push(format!(
            "--dialect {dialect} is not used: every source says itself whose rules hold"
        ));
    }
    Ok(loaded)
}

/// The origin of rules that `--dialect` set.
const DIALECT: &str = "--dialect";

fn as_problem(error: Error) -> Problem {
    let mut what = String::from("this source is left out");
    for cause in &error.causes {
        what.push_str(": ");
        what.push_str(cause);
    }
    let mut problem = Problem::new(error.message, what);
    problem.hint = error.hints.into_iter().next();
    problem
}

fn open_claw(
    arg: &OpenClawArg,
    args: &SourceArgs,
    env: &Env,
    cwd: &Path,
    want: Want,
    source: usize,
    tags: &mut Tags,
) -> Result<OneSource, Error> {
    let discovered = matches!(arg, OpenClawArg::Discover);
    let paths = match arg {
        OpenClawArg::Dir(dir) => discover::named(dir, env, cwd),
        OpenClawArg::Discover => discover::discover(env, cwd).ok_or_else(|| {
            no_source("no OpenClaw state: neither OPENCLAW_STATE_DIR nor a home directory is known")
        })?,
    };
    if discovered && !paths.state_dir.exists() {
        let looked = if paths.origin == "OPENCLAW_STATE_DIR" {
            format!(
                "no OpenClaw state: {} (from OPENCLAW_STATE_DIR) does not exist",
                paths.state_dir.display()
            )
        } else {
            let home = paths.home.as_deref().unwrap_or(Path::new("~"));
            format!(
                "no OpenClaw state: OPENCLAW_STATE_DIR is not set, and neither {} nor {} exists",
                home.join(".openclaw").display(),
                home.join(".clawdbot").display()
            )
        };
        return Err(no_source(&looked));
    }
    let mut read = state::read(paths, env, cwd, args.stated_version(), source, want)?;
    if discovered {
        let from = read.paths.origin;
        let dir = read.paths.state_dir.display();
        read.notes
            .insert(0, format!("OpenClaw state: {dir} (from {from})"));
    }
    if discovered && env.get("OPENCLAW_SKIP_CRON") == Some("1") {
        let note =
            "OPENCLAW_SKIP_CRON=1 is set here: a gateway started like this fires no cron job";
        read.notes.push(note.to_owned());
    }
    let shape = match read.layout {
        Some(state::Layout::Files) => "OpenClaw state with cron/jobs.json",
        Some(state::Layout::Wide) => "OpenClaw state with a wide cron_jobs table",
        Some(state::Layout::Narrow) => "OpenClaw state with a narrow cron_jobs table",
        None => "OpenClaw state without a cron store",
    };
    let info = SourceInfo {
        tag: tags.unique("openclaw"),
        kind: SourceKind::OpenClaw,
        location: read.paths.state_dir.display().to_string(),
        shape: shape.to_owned(),
        scheduler: Scheduler::OpenClaw,
        rules: Rules::OpenClaw(read.version.version),
        rules_origin: read.version.origin.clone(),
        rules_confidence: read.version.confidence,
        max_concurrent_runs: read.max_concurrent_runs,
        cron_enabled: read.cron_enabled,
        store: read
            .store
            .map_or_else(String::new, |p| p.display().to_string()),
    };
    let gateway = Gateway {
        settings: match &read.config {
            Some(config) => Some(models::settings(config)),
            None => read.unconfigured.then(ModelSettings::default),
        },
        unconfigured: read.unconfigured,
        config: read.config,
        sessions: read.sessions,
        history: read.history,
        version: read.version,
        state_dir: Some(read.paths.state_dir),
    };
    Ok(OneSource {
        info,
        gateway: Some(gateway),
        jobs: read.jobs,
        problems: read.problems,
        notes: read.notes,
    })
}

fn no_source(message: &str) -> Error {
    Error::failed(message)
        .hint("--openclaw DIR reads another state directory, --jobs FILE (or -) a file of jobs")
        .hint("--demo shows everything on built-in data")
}

/// Hands out short names, each once.
#[derive(Default)]
struct Tags(Vec<String>);

impl Tags {
    fn unique(&mut self, wanted: &str) -> String {
        let mut tag = wanted.to_owned();
        let mut n = 1;
        while self.0.contains(&tag) {
            n += 1;
            tag = format!("{wanted}-{n}");
        }
        self.0.push(tag.clone());
        tag
    }
}
