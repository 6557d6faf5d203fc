//! From what a plan wants of each job to a change of it, or to the reason why there is none. Pure.

use rustc_hash::FxHashSet;

use super::report::{ChangeKind, SuggestionRow};
use super::shell;
use crate::command::jitter::prefix;
use crate::command::plan::gather::{Gathered, Planned};
use crate::job::Job;
use crate::plan::Jitter;
use crate::plan::suggest::{Change, Span, Wish, Wishes, change, window_for_offset};
use crate::schedule::stagger::offset;
use crate::schedule::{Rules, ScheduleSpec, Stagger};
use crate::source::{Loaded, Scheduler};
use crate::when;

/// A job that the plan moves, and what is to be done.
pub(super) struct Found {
    /// Its place among the planned jobs.
    pub(super) index: usize,
    /// Its place among the jobs that were read.
    pub(super) at: usize,
    /// Its source.
    pub(super) source: usize,
    /// The change; `None` where there is none.
    pub(super) change: Option<Change>,
    pub(super) row: SuggestionRow,
}

/// What rows are made from.
pub(super) struct Rows<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) gathered: &'a Gathered<'a>,
    pub(super) wishes: &'a Wishes,
    pub(super) jitter: Jitter,
    /// Ids that more than one job of a source has.
    pub(super) shared: FxHashSet<(usize, &'a str)>,
}

/// The ids that more than one job of a source has: a command by id is for one of them, nobody knows which.
pub(super) fn shared(loaded: &Loaded) -> FxHashSet<(usize, &str)> {
    let mut known = FxHashSet::default();
    let ids = loaded.jobs.iter().map(|job| (job.source, &*job.id));
    ids.filter(|id| !known.insert(*id)).collect()
}

impl Rows<'_> {
    /// Every job that the plan wants elsewhere than it is.
    pub(super) fn found(&self) -> Vec<Found> {
        let planned = self.gathered.planned.iter().enumerate();
        planned
            .filter_map(|(index, planned)| {
                let wish = self.wishes.of(index);
                let wish = wish.filter(|w| w.offset_ms != planned.stagger_ms)?;
                Some(self.one(index, planned, wish))
            })
            .collect()
    }

    fn one(&self, index: usize, planned: &Planned<'_>, wish: Wish) -> Found {
        let job = planned.job;
        let source = &self.loaded.sources[job.source];
        let mut row = SuggestionRow {
            job: job.id.to_string(),
            name: job.name.clone().map(String::from),
            source: source.tag.clone(),
            change: ChangeKind::None,
            why: String::new(),
            from_expr: None,
            from_stagger_ms: None,
            to_expr: None,
            to_stagger_ms: None,
            offset_before_ms: planned.stagger_ms,
            offset_wanted_ms: wish.offset_ms,
            offset_got_ms: None,
            argv: None,
            command: None,
            patch: None,
        };
        let done = self.decide(job, wish, &mut row);
        let change = match done {
            Ok(change) => {
                row.offset_got_ms = Some(change.offset_ms);
                if let Some(span) = self.wishes.varies(index) {
                    row.why.push_str(&one_of_many(span, wish.on_tick));
                }
                Some(change)
            }
            Err(why) => {
                row.why = why;
                None
            }
        };
        Found {
            index,
            at: planned.at(),
            source: job.source,
            change,
            row,
        }
    }

    /// Decides about a change and writes it into the row; or says why there is none.
    fn decide(&self, job: &Job, wish: Wish, row: &mut SuggestionRow) -> Result<Change, String> {
        let own_window = match self.jitter {
            Jitter::Hash { window_ms } => Some(window_ms),
            _ => None,
        };
        let scheduler = self.loaded.sources[job.source].scheduler;
        let (expr, tz, stagger_ms) = match &job.schedule {
            ScheduleSpec::Cron {
                expr,
                tz,
                stagger_ms,
            } => (expr, tz.as_deref(), stagger_ms.as_ref()),
            ScheduleSpec::Every { .. } => {
                return Err(
                    "its period counts from its last start, so that its instants drift: \
                            neither a stagger nor a minute holds it"
                        .to_owned(),
                );
            }
            ScheduleSpec::At { .. } => {
                return Err("it fires once, at an instant of its own".to_owned());
            }
            ScheduleSpec::Other { .. } => return Err("no clock fires it".to_owned()),
        };
        row.from_expr = Some(expr.to_string());
        match (scheduler, job.rules) {
            (Scheduler::OpenClaw, Rules::OpenClaw(version)) => {
                may_be_edited(job)?;
                if self.shared.contains(&(job.source, &*job.id)) {
                    return Err("its id is not unique in its source".to_owned());
                }
                let stagger = Stagger::of(version, expr, stagger_ms, &job.id);
                row.from_stagger_ms = Some(stagger.window_ms);
                let change = change(&job.id, expr, wish, own_window)
                    .ok_or_else(|| no_window(wish.offset_ms))?;
                row.change = match change.expr {
                    Some(_) => ChangeKind::Minute,
                    None => ChangeKind::Stagger,
                };
                row.why = why(&change, expr, wish.offset_ms);
                row.to_expr = Some(change.expr.clone().unwrap_or_else(|| expr.to_string()));
                row.to_stagger_ms = Some(change.window_ms);
                let argv = shell::edit(&job.id, tz, &change);
                row.command = shell::line(&argv);
                row.argv = Some(argv);
                Ok(change)
            }
            (Scheduler::Crontab, _) => {
                may_be_prefixed(job.name.as_deref().unwrap_or_default())?;
                let window_ms = own_window
                    .filter(|w| offset(&job.id, *w) == wish.offset_ms)
                    .or_else(|| window_for_offset(&job.id, wish.offset_ms, wish.most_ms))
                    .ok_or_else(|| no_window(wish.offset_ms))?;
                let offset_ms = offset(&job.id, window_ms);
                row.change = ChangeKind::Prefix;
                row.why = format!(
                    "cron(8) has no stagger; before the command of {}, this waits {}",
                    job.at,
                    when::duration(offset_ms)
                );
                row.command = shell::line(&shell::prefix(&job.id, job.name.as_deref(), window_ms));
                Ok(Change {
                    expr: None,
                    window_ms,
                    offset_ms,
                })
            }
            (Scheduler::Molecule, _) => Err(format!(
                "Molecule has no stagger, and starts within 30 s of the minute: PATCH /workspaces/{}/schedules/{} \
                 with another cron_expr moves it by whole minutes",
                job.workspace.as_deref().unwrap_or(":id"),
                job.id
            )),
            _ => Err("no command is known that changes jobs of this scheduler".to_owned()),
        }
    }
}

/// Refuses jobs whose schedule is not their owner's to edit (2026.9.6: system-owned-declaration.ts).
fn may_be_edited(job: &Job) -> Result<(), String> {
    match job.declaration_key() {
        _ if job.payload_kind.as_deref() == Some("heartbeat") => {
            Err("it is the gateway's own heartbeat, which follows the configuration".to_owned())
        }
        Some(key) if job.is_monitor() => Err(format!(
            "it belongs to the gateway, which lets no client edit it (declarationKey {key:?})"
        )),
        Some(key) => Err(format!(
            "it is declared under {key:?}: whatever declares it sets its schedule anew"
        )),
        None => Ok(()),
    }
}

/// Refuses commands before which a delay would not be what it is meant to be.
fn may_be_prefixed(command: &str) -> Result<(), String> {
    if prefix::read(command).is_some() {
        return Err("its command already waits by cronctl jitter: change that delay".to_owned());
    }
    if shell::runs_apart(command) {
        return Err(
            "what follows the & in its command would not wait: put both into a script, and the \
             delay before that"
                .to_owned(),
        );
    }
    Ok(())
}

/// Writes a window to the millisecond, as it is set.
fn exactly(ms: i64) -> String {
    match ms {
        ms if ms < 120_000 || (ms < 7_200_000 && ms % 1000 == 0) => when::duration(ms),
        ms => format!("{ms} ms"),
    }
}

/// Says that a job keeps one of several offsets.
fn one_of_many((least, most): Span, on_tick: u32) -> String {
    format!(
        "; in the plan its fires have offsets of {} to {}, and it can have one: that of its biggest \
         burst ({on_tick} jobs)",
        when::duration(least),
        when::duration(most)
    )
}

fn minute(expr: &str) -> &str {
    expr.split_whitespace().next().unwrap_or_default()
}

fn no_window(wanted_ms: i64) -> String {
    format!(
        "no stagger window that is short enough puts its id {} after its time",
        when::duration(wanted_ms)
    )
}

/// Says what a change does and why it is of its kind.
fn why(change: &Change, expr: &str, wanted_ms: i64) -> String {
    let window = exactly(change.window_ms);
    let mut text = match (&change.expr, change.window_ms) {
        (None, 0) => "no stagger: it starts at its time".to_owned(),
        (None, _) => format!(
            "{} after its time, where a stagger window of {window} puts its id",
            when::duration(change.offset_ms)
        ),
        (Some(later), 0) => format!("minute {} to {}", minute(expr), minute(later)),
        (Some(later), _) => format!(
            "{} after its time: minute {} to {}, the rest by a stagger window of {window}",
            when::duration(change.offset_ms),
            minute(expr),
            minute(later)
        ),
    };
    if change.expr.is_none() && change.offset_ms >= 60_000 {
        text += "; its minute stays, being no single number or too near the end of the hour";
    }
    if change.offset_ms > wanted_ms {
        let late = when::duration(change.offset_ms - wanted_ms);
        text.extend(["; ", &late, " later than planned"]);
    }
    text
}
