//! `cronctl audit`: gathers jobs and their runs, audits every slot, prints what is not in order.

mod args;
mod gather;
mod report;
mod rows;
mod screen;

use crate::audit::{self, LATE_AFTER_MS, Outcome};
use crate::command::begin;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::report::{self as output, Format, RowWriter};
use crate::source::Want;
use crate::when;
use crate::zones::Zones;

use self::gather::{Gateway, Period};
use self::rows::Rows;

pub use args::{AuditArgs, FailOn};
pub use report::{AuditReport, SlotRow};

/// What is looked at without `--since`, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Runs `cronctl audit`.
///
/// # Errors
/// When the options contradict each other, or no source can be read.
pub fn run(args: &AuditArgs, ctx: &Context) -> Result<Exit, Error> {
    let zones = Zones::new(&ctx.env);
    let loaded = begin::load(&args.source, ctx, Want::Jobs)?;
    begin::somebody_has(&args.job, &loaded.jobs.iter(), |asked| {
        format!("--job {asked:?}: no job has this id, prefix or name")
    })?;
    let now_ms = begin::now_ms(&loaded, ctx);
    let period = period(args, now_ms, &zones)?;
    let mut problems = loaded.problems.clone();
    let gateways = gather::gather(&loaded, &period, ctx, &zones, &mut problems);
    let audited: Vec<Vec<_>> = gateways
        .iter()
        .map(|gateway| {
            let verdicts = audit::audit(&gateway.subjects, &gateway.asked);
            let mut take = |(n, verdict): (usize, Result<_, String>)| {
                verdict.unwrap_or_else(|why| {
                    problems.push(gateway.refused(&loaded, n, &why));
                    Vec::new()
                })
            };
            verdicts.into_iter().enumerate().map(&mut take).collect()
        })
        .collect();
    let rows = Rows::new(args, &loaded, &gateways, &audited);
    let mut report = rows.report(args, &loaded, &period, problems);
    let failed = report.summary.failed;
    if ctx.output.streams() {
        let mut lines = RowWriter::<SlotRow>::stdout(ctx)?;
        rows.each(false, &mut |row| lines.row(&row))?;
        lines.finish()?;
        for warning in &report.warnings {
            ctx.ui.warning(warning);
        }
        for problem in &report.problems {
            ctx.problem(problem);
        }
    } else {
        // Rows that are asked for one by one are not folded.
        let how = &ctx.output;
        let bare = how.columns.is_some() || how.no_headers || how.sort.is_some();
        let fold = how.format == Format::Table && !args.all && !bare;
        rows.each(fold, &mut |row| {
            report.slots.push(row);
            Ok(())
        })?;
        output::write(&mut report, ctx)?;
    }
    Ok(if failed { Exit::Findings } else { Exit::Ok })
}

fn period(args: &AuditArgs, now_ms: i64, zones: &Zones) -> Result<Period, Error> {
    // With a sign it is an instant relative to now, as everywhere else.
    let is_ago = |text: &str| !text.trim_start().starts_with(['+', '-']);
    let read = |flag: &str, text: &str| match when::parse_duration(text) {
        Ok(ago) if is_ago(text) => Ok(now_ms.saturating_sub(ago)),
        _ => zones.instant(flag, text, now_ms),
    };
    let until_ms = match &args.until {
        Some(text) => read("--until", text)?,
        None => now_ms,
    };
    let since_ms = match &args.since {
        Some(text) => read("--since", text)?,
        None => until_ms.saturating_sub(DAY_MS),
    };
    let (since, until) = (when::utc(since_ms), when::utc(until_ms));
    if until_ms > now_ms {
        return Err(Error::usage(format!(
            "--until {until} is still to come: it is {}",
            when::utc(now_ms)
        ))
        .hint("cronctl plan tells what will fire"));
    }
    if since_ms < when::YEAR_0_MS {
        let asked = args.since.as_deref().unwrap_or("24h before --until");
        return Err(Error::usage(format!(
            "--since {asked}: it begins before the year 0, and no instant of then can be written"
        ))
        .hint("a job has no slots before it was made: --since 3650d looks at ten years"));
    }
    if since_ms >= until_ms {
        return Err(Error::usage(format!(
            "there is nothing to audit: it begins {since} and ends {until}"
        )));
    }
    Ok(Period {
        since_ms,
        until_ms,
        now_ms,
        late_after_ms: args.late_after.unwrap_or(LATE_AFTER_MS),
    })
}

impl Gateway {
    fn refused(
        &self,
        loaded: &crate::source::Loaded,
        n: usize,
        why: &str,
    ) -> crate::error::Problem {
        let at = self.jobs.get(n).map(|job| &loaded.jobs[*job]);
        let place = at.map_or_else(String::new, |job| loaded.place(job));
        crate::error::Problem::new(place, why.to_owned())
    }
}

/// Whether a slot is worth a look: not in order, and not so by somebody's decision.
fn is_finding(slot: &audit::Slot) -> bool {
    use audit::Reason::{Disabled, NotYet};
    slot.outcome != Outcome::Ok && !matches!(slot.reason, Disabled { .. } | NotYet)
}
