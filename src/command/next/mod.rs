//! `cronctl next`: the next fires of one expression, or of many (`--batch`).

mod answer;
mod args;
mod batch;
mod compare;
mod refuse;
mod report;
mod screen;

use std::io::BufReader;

use crate::context::Context;
use crate::error::{Error, Exit};
use crate::files;
use crate::report as output;
use crate::schedule::{Rules, Version};
use crate::source::{Dialect, VersionArg};
use crate::zones::Zones;

pub use args::NextArgs;
pub use batch::{Batch, Failure, batch};
pub use compare::CompareReport;
pub use report::NextReport;

/// Fires shown without `--count`.
const COUNT: usize = 5;

/// Runs `cronctl next`.
///
/// # Errors
/// When the expression or the zone is refused, or the options contradict each other.
pub fn run(args: &NextArgs, ctx: &Context) -> Result<Exit, Error> {
    let zones = Zones::new(&ctx.env);
    if let Some(file) = &args.batch {
        return run_batch(file, ctx, &zones);
    }
    let asked = Asked::new(args, ctx, &zones)?;
    if args.compare {
        output::write(&mut compare::compare(&asked, &zones), ctx)?;
    } else {
        output::write(&mut answer::answer(&asked, &zones)?, ctx)?;
    }
    Ok(Exit::Ok)
}

/// The question as the options put it.
struct Asked<'a> {
    expr: &'a str,
    tz: Option<&'a str>,
    rules: Rules,
    /// Where the dialect comes from.
    dialect_origin: &'static str,
    version_origin: &'static str,
    /// `--openclaw-version`.
    version: Option<Version>,
    after_ms: i64,
    after_origin: &'static str,
    now_ms: i64,
    count: usize,
    job_id: Option<&'a str>,
    stagger_ms: Option<i64>,
}

impl<'a> Asked<'a> {
    fn new(args: &'a NextArgs, ctx: &Context, zones: &Zones) -> Result<Self, Error> {
        let version = args.openclaw_version.and_then(VersionArg::stated);
        let dialect = args.dialect.unwrap_or(Dialect::OpenClaw);
        if dialect != Dialect::OpenClaw {
            let only = |flag: &str| {
                Error::usage(format!(
                    "{flag} is for --dialect openclaw, not for {dialect}"
                ))
            };
            if args.openclaw_version.is_some() {
                return Err(only("--openclaw-version"));
            }
            if args.job_id.is_some() {
                return Err(only("--job-id").because("only OpenClaw staggers jobs by their id"));
            }
        }
        let rules = match dialect {
            Dialect::OpenClaw => Rules::OpenClaw(version.unwrap_or(Version::NEWEST_CHECKED)),
            Dialect::Molecule => Rules::Molecule,
            Dialect::CronRs => Rules::CronRs,
        };
        let after_ms = match &args.after {
            None => ctx.now_ms,
            Some(text) => zones.instant("--after", text, ctx.now_ms)?,
        };
        let flag = |given: bool, flag: &'static str, other: &'static str| {
            if given { flag } else { other }
        };
        Ok(Self {
            expr: args.expr.as_deref().unwrap_or_default(),
            tz: args.tz.as_deref(),
            rules,
            dialect_origin: flag(args.dialect.is_some(), "--dialect", "default"),
            version_origin: flag(
                version.is_some(),
                "--openclaw-version",
                "default, the newest checked",
            ),
            version,
            after_ms,
            after_origin: flag(args.after.is_some(), "--after", "now"),
            now_ms: ctx.now_ms,
            count: args.count.map_or(COUNT, |n| n as usize),
            job_id: args.job_id.as_deref(),
            stagger_ms: args.stagger,
        })
    }
}

fn run_batch(file: &std::path::Path, ctx: &Context, zones: &Zones) -> Result<Exit, Error> {
    // Lines are flushed one by one: a program that asks and waits gets its answer.
    let output = ctx.ui.answer();
    let done = if file == std::path::Path::new("-") {
        batch(std::io::stdin().lock(), output, zones)
    } else {
        let input = files::open(&ctx.directory.join(file))
            .map_err(|e| Error::failed(format!("{} cannot be read", file.display())).because(e))?;
        batch(BufReader::new(input), output, zones)
    };
    done.map(|_| Exit::Ok).map_err(|e| match e {
        batch::Failure::Reading(e) => {
            Error::failed(format!("{} cannot be read", file.display())).because(e)
        }
        batch::Failure::Writing(e) => Error::writing("stdout", &e),
    })
}
