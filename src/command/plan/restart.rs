//! What a restarted gateway does with the jobs that it missed.

mod args;
mod configured;
mod findings;
pub(super) mod gateway;
mod report;
mod row;
mod screen;
mod stand;

use std::mem::ManuallyDrop;

pub(super) use self::args::RestartArgs;
use self::gateway::{Played, Restart};
pub use self::report::RestartReport;
use self::report::{CatchUpPeaks, Outcome, RestartInputs, RestartRow, Severity};
use super::args::{PlanArgs, name};
use super::gather::{self, Gathered};
use super::given::Given;
use crate::command::begin;
use crate::context::Context;
use crate::error::{Error, Exit, Problem};
use crate::plan::peaks_of;
use crate::report as output;
use crate::source::Scheduler;
use crate::when;

/// Foresees the restart and prints it.
///
/// # Errors
/// When the options contradict each other, a source has no state and nothing says since when its
/// gateway is down, or no source is an OpenClaw gateway's.
pub(super) fn run(args: &PlanArgs, ctx: &Context, given: &Given) -> Result<Exit, Error> {
    args::fits(args)?;
    let restart = restart(args, given)?;
    let gathered = ManuallyDrop::new(given.gathered(args, given.basis));
    begin::somebody_has(&args.job, &given.loaded.jobs.iter(), |asked| {
        format!("--job {asked:?}: no job has this id, prefix or name")
    })?;
    let rules = given.rules(args, &gathered);
    let mut problems = given.loaded.problems.clone();
    problems.extend(gathered.problems.iter().cloned());
    let mut played = Vec::new();
    for (index, source) in given.loaded.sources.iter().enumerate() {
        if source.scheduler == Scheduler::OpenClaw {
            let of = gateway::play(index, &restart, given, &gathered, &rules[index])?;
            played.push(of);
        } else {
            let what = "no OpenClaw gateway: what its scheduler makes up after a restart is not known \
                        to cronctl";
            problems.push(Problem::new(source.tag.clone(), what));
        }
    }
    if played.is_empty() {
        return Err(Error::failed(
            "no source is an OpenClaw gateway's, and --restart-at is about those",
        )
        .hint("--openclaw DIR reads a gateway's state directory")
        .hint(
            "--jobs FILE reads its jobs.json, or what `openclaw cron list --all --json` printed; \
             --openclaw-version states whose rules hold",
        ));
    }
    let mut report = report(args, given, &restart, &gathered, played, problems);
    let fails = |f: &report::RestartFinding| f.severity == Severity::Error;
    let exit = if report.findings.iter().any(fails) {
        Exit::Findings
    } else {
        Exit::Ok
    };
    if ctx.output.format == output::Format::Table {
        // They stand under the table.
        report.warnings.clear();
    }
    output::write(&mut report, ctx)?;
    Ok(exit)
}

/// The instants that are asked about.
///
/// # Errors
/// When one cannot be read, or they contradict each other.
pub(super) fn restart(args: &PlanArgs, given: &Given) -> Result<Restart, Error> {
    let read = |flag: &str, text: &str| given.zones.instant(flag, text, given.now_ms);
    let at_ms = match &args.restart.restart_at {
        Some(text) => read("--restart-at", text)?,
        None => given.now_ms,
    };
    let down_since_ms = args.restart.down_since.as_deref();
    let down_since_ms = down_since_ms.map(|t| read("--down-since", t)).transpose()?;
    if let Some(down) = down_since_ms.filter(|down| *down > at_ms) {
        return Err(Error::usage(format!(
            "--down-since {} is after --restart-at {}",
            when::utc(down),
            when::utc(at_ms)
        )));
    }
    let until_ms = match &args.until {
        Some(text) => read("--until", text)?,
        None => at_ms.saturating_add(args.length.unwrap_or(super::DAY_MS)),
    };
    if until_ms <= at_ms {
        return Err(Error::usage(format!(
            "the horizon is empty: it begins {} and ends {}",
            when::utc(at_ms),
            when::utc(until_ms)
        )));
    }
    Ok(Restart {
        at_ms,
        down_since_ms,
        until_ms,
    })
}

fn report(
    args: &PlanArgs,
    given: &Given,
    restart: &Restart,
    gathered: &Gathered<'_>,
    played: Vec<Played>,
    problems: Vec<Problem>,
) -> RestartReport {
    let peaks = peaks(gathered, &played);
    let findings = findings::findings(&played, &peaks, restart);
    let warnings = findings
        .iter()
        .filter(|f| f.severity > Severity::Note)
        .map(|f| f.text.clone())
        .collect();
    let (gateways, jobs): (Vec<_>, Vec<_>) = played
        .into_iter()
        .map(|played| (played.gateway, played.rows))
        .unzip();
    let mut jobs: Vec<RestartRow> = jobs.into_iter().flatten().collect();
    // The wave is the same whoever is shown.
    jobs.retain(|r| {
        let is = |asked: &String| r.job.starts_with(asked) || r.name.as_ref() == Some(asked);
        args.job.is_empty() || args.job.iter().any(is)
    });
    jobs.sort_by_key(|r| match r.outcome {
        Outcome::CaughtUp => r.start_at_ms.or(r.due_at_ms),
        _ => Some(i64::MAX),
    });
    RestartReport {
        inputs: RestartInputs {
            sources: given.loaded.sources.clone(),
            restart_at: when::utc(restart.at_ms),
            restart_at_ms: restart.at_ms,
            down_since_at: restart.down_since_ms.map(when::utc),
            down_since_at_ms: restart.down_since_ms,
            until_at: when::utc(restart.until_ms),
            until_at_ms: restart.until_ms,
            group_by: name(&given.settings.group_by),
            model: given.basis,
            run_lengths: gather::run_lengths(&gathered.planned),
            tzdata: given.zones.version(),
        },
        gateways,
        peaks,
        findings,
        jobs,
        warnings,
        problems,
    }
}

/// Peaks of the missed jobs on schedule and caught up, in total and per group: most at once first.
fn peaks(gathered: &Gathered<'_>, played: &[Played]) -> Vec<CatchUpPeaks> {
    let runs = || played.iter().flat_map(|p| &p.runs);
    let groups = gathered.groups.len();
    let on_schedule = runs().map(|r| (r.slot_ms, r.group, r.length_ms)).collect();
    let on_schedule = peaks_of(groups, on_schedule);
    let catch_up = runs().filter_map(|r| Some((r.start_ms?, r.group, r.length_ms)));
    let catch_up = peaks_of(groups, catch_up.collect());
    let of = |group: u32| CatchUpPeaks {
        group: Some(gathered.groups[group as usize].clone()),
        jobs: runs().filter(|r| r.group == group).count(),
        on_schedule: on_schedule.groups[group as usize],
        catch_up: catch_up.groups[group as usize],
    };
    let mut rows: Vec<_> = (0..).take(groups).map(of).filter(|g| g.jobs > 0).collect();
    rows.sort_by(|a, b| {
        let weight = |g: &CatchUpPeaks| std::cmp::Reverse(g.catch_up.concurrent);
        weight(a)
            .cmp(&weight(b))
            .then_with(|| a.group.cmp(&b.group))
    });
    let total = CatchUpPeaks {
        group: None,
        jobs: runs().count(),
        on_schedule: on_schedule.total,
        catch_up: catch_up.total,
    };
    std::iter::once(total).chain(rows).collect()
}
