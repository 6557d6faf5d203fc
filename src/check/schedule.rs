//! When jobs fire, against when they seem to.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::finding::{Finding, Findings, edit, quoted};
use super::rule::Rule;
use super::rules::schedule as rules;
use crate::job::Job;
use crate::openclaw::Confidence;
use crate::schedule::dst::{self, Effect};
use crate::schedule::traps::{self, Trap};
use crate::schedule::{
    Cron, Hang, JobFacts, Rules, ScheduleError, ScheduleSpec, Stagger, StaggerReason, Timetable,
    ZoneSource,
};

/// Clock changes that are looked at: one forward, one back.
const CHANGES: usize = 2;
/// A fire this long after a clock change is another day's.
const SAME_DAY_MS: i64 = 20 * 3_600_000;
/// What a clock change itself touches lies within this.
const AROUND_MS: i64 = 2 * 3_600_000;
/// The window that OpenClaw gives top-of-hour expressions by itself.
const DEFAULT_WINDOW_MS: i64 = 300_000;

/// The schedule of an enabled job, ready to be asked.
pub(super) struct Table<'a> {
    pub(super) job: &'a Job,
    pub(super) kind: TableKind,
}

pub(super) enum TableKind {
    /// A cron expression: its index among the distinct ones, and the job's stagger.
    Cron(usize, Stagger),
    Other(Timetable),
}

/// The schedules of all enabled jobs that a clock fires.
pub(super) struct Tables<'a> {
    pub(super) crons: Vec<Cron>,
    pub(super) jobs: Vec<Table<'a>>,
}

/// What is said about every job with an expression.
#[derive(Clone)]
struct Said {
    rule: &'static Rule,
    message: String,
    fix: Option<String>,
    /// The expression to write instead, and when.
    expr: Option<(&'static str, String)>,
}

/// One expression under some rules in some zone.
struct Expression {
    cron: Result<usize, ScheduleError>,
    said: Arc<[Said]>,
}

/// Checks the schedules of all enabled jobs.
pub(super) fn check<'a>(findings: &mut Findings<'a>, zones: &dyn ZoneSource) -> Tables<'a> {
    let now = findings.facts.now_ms;
    let mut crons = Vec::new();
    let mut jobs = Vec::new();
    // Most jobs share a few expressions, and a clock change takes long to look at.
    let mut known: FxHashMap<(Rules, &str, &str), Expression> = FxHashMap::default();
    for job in findings.enabled() {
        match &job.schedule {
            ScheduleSpec::Cron { expr, tz, .. } => {
                let key = (job.rules, expr.as_str(), tz.as_deref().unwrap_or(""));
                let expression = known
                    .entry(key)
                    .or_insert_with(|| examine(job, expr, tz.as_deref(), now, zones, &mut crons));
                for said in &*expression.said {
                    let gateway = findings.source_of(job).gateway;
                    let finding = findings.job(said.rule, job, said.message.clone());
                    finding.fix = match &said.expr {
                        Some((when, expr)) if gateway => {
                            let command = edit(job, &format!("--cron {}", quoted(expr)));
                            Some(format!("{when}{command}"))
                        }
                        _ => said.fix.clone(),
                    };
                }
                match &expression.cron {
                    Err(error) => refused(findings, job, error),
                    Ok(cron) => {
                        let cron = *cron;
                        zone(findings, job, &crons[cron]);
                        let stagger = stagger(findings, job);
                        jobs.push(Table {
                            job,
                            kind: TableKind::Cron(cron, stagger),
                        });
                    }
                }
            }
            ScheduleSpec::Other { .. } => {}
            ScheduleSpec::Every { .. } | ScheduleSpec::At { .. } => {
                other(findings, job, now, zones, &mut jobs);
            }
        }
    }
    Tables { crons, jobs }
}

/// Compiles an expression and looks for everything that every job with it shares.
fn examine(
    job: &Job,
    expr: &str,
    tz: Option<&str>,
    now: i64,
    zones: &dyn ZoneSource,
    crons: &mut Vec<Cron>,
) -> Expression {
    let cron = match Cron::compile(job.rules, expr, tz, zones) {
        Ok(cron) => cron,
        Err(error) => {
            return Expression {
                cron: Err(error),
                said: Arc::new([]),
            };
        }
    };
    let mut said = Vec::new();
    let asked = traps::Asked {
        rules: job.rules,
        expr,
        tz,
        cron: &cron,
        after_ms: now,
        stagger: None,
    };
    let looked = traps::traps(&asked)
        .map(|traps| said.extend(traps.iter().filter_map(of_trap)))
        .and_then(|()| changes(&cron, now, &mut said));
    if let Err(hang) = looked {
        said.push(Said {
            rule: rules::SCHEDULE_HANGS,
            message: hang.to_string(),
            fix: None,
            expr: None,
        });
    }
    crons.push(cron);
    Expression {
        cron: Ok(crons.len() - 1),
        said: said.into(),
    }
}

fn of_trap(trap: &Trap) -> Option<Said> {
    let rule = match trap {
        Trap::QuestionMark { .. } => rules::QUESTION_MARK,
        Trap::WholeField { .. } => rules::WHOLE_FIELD,
        Trap::EitherDay { .. } => rules::EITHER_DAY,
        Trap::StarItem { .. } => rules::STAR_ITEM,
        Trap::BothDays => rules::BOTH_DAYS,
        Trap::MarchLost { .. } => rules::MARCH_LOST,
        Trap::NeverSilent | Trap::NeverButDue | Trap::EmptyField { .. } | Trap::Empty => {
            rules::NEVER_FIRES
        }
        Trap::Past => rules::PAST,
        Trap::OneShot => rules::ONE_SHOT,
        Trap::NumberAndLast { .. } => rules::NUMBER_AND_LAST,
        Trap::SecondsField { .. } => rules::SECONDS_FIELD,
        Trap::StepFromNumber { .. } => rules::STEP_FROM_NUMBER,
        Trap::LostInWalk { .. } => rules::LOST_IN_WALK,
        Trap::NumericWeekdays { .. } => rules::NUMERIC_WEEKDAYS,
        Trap::ZonePrefix { .. } => rules::ZONE_PREFIX,
        // It depends on the job: `stagger` says it.
        Trap::TopOfHour { .. } => return None,
    };
    Some(Said {
        rule,
        message: trap.text(),
        fix: trap.instead(),
        expr: match trap {
            Trap::QuestionMark { instead } | Trap::WholeField { instead, .. } => {
                Some(("", instead.clone()))
            }
            Trap::EitherDay { both: Some(both) } => Some(("for both: ", both.clone())),
            _ => None,
        },
    })
}

/// What the next clock changes do. Each rule is said once per expression, for the first change.
fn changes(cron: &Cron, now: i64, said: &mut Vec<Said>) -> Result<(), Hang> {
    for change in dst::changes(cron.zone(), now, CHANGES) {
        let other_day = |after_ms: i64| -> Result<bool, Hang> {
            let next = cron.next(after_ms)?;
            Ok(next.is_none_or(|next| next >= change.at_ms.saturating_add(SAME_DAY_MS)))
        };
        for effect in dst::effects(cron, change)? {
            let rule = match &effect {
                Effect::Skipped(_) if other_day(change.at_ms - 1)? => rules::DST_SKIPPED,
                Effect::Shifted(..) if other_day(change.at_ms + AROUND_MS)? => rules::DST_SHIFTED,
                Effect::Twice(_) if other_day(change.at_ms + AROUND_MS)? => rules::DST_TWICE,
                Effect::Extra(_) => rules::DST_TWICE,
                Effect::Neither(_) | Effect::Stalls { .. } => rules::DST_STALLS,
                // The trap of Molecule's walk says it better where it is that.
                Effect::Lost(_) if said.iter().all(|s| s.rule != rules::LOST_IN_WALK) => {
                    rules::DST_STALLS
                }
                // What fires several times a day misses nothing by one time more or less.
                _ => continue,
            };
            if said.iter().all(|s| s.rule != rule) {
                let zone = cron.zone();
                said.push(Said {
                    rule,
                    message: format!("{}, {change}: {}", zone.name(), effect.text(zone)),
                    fix: None,
                    expr: None,
                });
            }
        }
    }
    Ok(())
}

fn refused(findings: &mut Findings<'_>, job: &Job, error: &ScheduleError) {
    let finding = findings.job(rules::SCHEDULE_REFUSED, job, error.to_string());
    if let Some(hint) = &error.hint {
        finding.fix(hint.clone());
    }
}

/// A time of day that names no zone. What fires by the minute only does not depend on one.
fn zone(findings: &mut Findings<'_>, job: &Job, cron: &Cron) {
    let ScheduleSpec::Cron { expr, tz, .. } = &job.schedule else {
        return;
    };
    if !findings.source_of(job).gateway || tz.as_deref().is_some_and(|tz| !tz.trim().is_empty()) {
        return;
    }
    let fields: Vec<&str> = expr.split_whitespace().collect();
    let by_hour = match fields.len() {
        // @daily, a date, and what is shorter.
        0..=4 => !expr.eq_ignore_ascii_case("@hourly"),
        5 => fields[1..].iter().any(|f| *f != "*"),
        _ => fields[2..].iter().any(|f| *f != "*"),
    };
    if by_hour {
        let host = cron.zone().name();
        let message = format!(
            "{expr} names no zone: it means the clock of the gateway's host, and this host's is {host}"
        );
        let fix = edit(job, &format!("--tz {host}"));
        findings.job(rules::ZONE_MISSING, job, message).fix(fix);
    }
}

/// The job's stagger, and what surprises in it.
fn stagger(findings: &mut Findings<'_>, job: &Job) -> Stagger {
    let (
        ScheduleSpec::Cron {
            expr, stagger_ms, ..
        },
        Rules::OpenClaw(version),
        true,
    ) = (&job.schedule, job.rules, findings.source_of(job).gateway)
    else {
        return Stagger::NONE;
    };
    let stagger = Stagger::of(version, expr, stagger_ms.as_ref(), &job.id);
    if stagger.window_ms != DEFAULT_WINDOW_MS {
        return stagger;
    }
    let own = Stagger::of(version, expr, None, &job.id);
    let offset = crate::when::duration(stagger.offset_ms);
    if own.reason == StaggerReason::TopOfHour {
        let message = format!("{expr} fires {offset} after the times that it names, every time");
        let fix = edit(job, "--exact");
        findings.job(rules::TOP_OF_HOUR, job, message).fix(fix);
    } else {
        let message = format!(
            "staggerMs is the default window of top-of-hour expressions, which {expr} is not: it \
             fires {offset} late"
        );
        let fix = edit(job, "--exact");
        findings
            .job(rules::STAGGER_KEPT, job, message)
            .fix(fix)
            // Someone may have asked for just these five minutes.
            .sure(Confidence::Likely);
    }
    stagger
}

fn other<'a>(
    findings: &mut Findings<'a>,
    job: &'a Job,
    now: i64,
    zones: &dyn ZoneSource,
    jobs: &mut Vec<Table<'a>>,
) {
    let facts = JobFacts {
        id: &job.id,
        created_at_ms: job.created_at_ms,
        last_run_at_ms: job.state.last_run_at_ms,
        last_status: job.state.last_status.as_deref(),
    };
    let table = match Timetable::compile(job.rules, &job.schedule, &facts, zones) {
        Ok(table) => table,
        Err(error) => return refused(findings, job, &error),
    };
    // A one-shot that has run is done, and not a mistake.
    let done =
        matches!(job.schedule, ScheduleSpec::At { .. }) && job.state.last_run_at_ms.is_some();
    if !done && matches!(table.next(now), Ok(None)) {
        never(findings, job);
    }
    jobs.push(Table {
        job,
        kind: TableKind::Other(table),
    });
}

fn never<'f>(findings: &'f mut Findings<'_>, job: &Job) -> &'f mut Finding {
    let message = match &job.schedule {
        ScheduleSpec::At { at } => format!("at {at:?} is no instant that the gateway can read"),
        _ => "everyMs or anchorMs is no number that the gateway can use".to_owned(),
    };
    findings.job(rules::NEVER_FIRES, job, message)
}
