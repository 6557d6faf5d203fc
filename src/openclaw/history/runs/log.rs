//! Run logs: one JSON object per finished run, in the order in which the runs ended.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::merge::{Found, Log, status_of};
use super::{AllRuns, logs_of, shown};
use crate::audit::{Evidence, Part, Run};
use crate::error::Problem;
use crate::openclaw::history::entry::values;
use crate::openclaw::loose::Loose;

/// The largest run log that is read. Gateways prune at 2 MB where no other size is set.
const MAX_BYTES: u64 = 64 << 20;

/// What the audit takes from a log line, from `cron_run_logs.entry_json` and from `detail_json`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Record {
    pub(super) job_id: Loose<String>,
    action: Loose<String>,
    pub(super) status: Loose<String>,
    error: Loose<String>,
    error_reason: Loose<String>,
    run_id: Loose<String>,
    run_at_ms: Loose<i64>,
    duration_ms: Loose<i64>,
    next_run_at_ms: Loose<i64>,
    ts: Loose<i64>,
}

impl Record {
    /// Whether it says that it is of something else than the end of a run.
    pub(super) fn is_other(&self) -> bool {
        matches!(&self.action, Loose::Is(action) if action != "finished")
    }

    /// The run; `None` when this is no record of an end, or has no start.
    pub(super) fn run(self, evidence: Evidence) -> Option<Run> {
        if self.is_other() {
            return None;
        }
        let status = status_of(self.status.ok().as_deref());
        let length = self.duration_ms.ok().filter(|ms| *ms >= 0);
        let written = self.ts.ok();
        let started_at_ms = self
            .run_at_ms
            .ok()
            .or_else(|| written?.checked_sub(length.unwrap_or(0)))?;
        Some(Run {
            started_at_ms,
            ended_at_ms: length
                .and_then(|ms| started_at_ms.checked_add(ms))
                .or(written),
            status,
            by_hand: self.run_id.ok().is_some_and(|id| is_manual(&id)),
            is_unmarked: true,
            next_run_at_ms: self.next_run_at_ms.ok(),
            error: self.error.text().map(String::into_boxed_str),
            error_class: self.error_reason.text().map(String::into_boxed_str),
            evidence,
        })
    }
}

/// Whether an id of a run says that it was started by hand: `manual:<job>:<ms>:<n>` (2026.8.1).
pub(super) fn is_manual(id: &str) -> bool {
    id.starts_with("manual:")
}

/// Reads all run logs of a directory, which need not exist, migrated ones included.
pub(super) fn read_all(dir: &Path, found: &mut HashMap<String, Found>, out: &mut AllRuns) {
    let logs = logs_of(dir);
    if !logs.is_empty() {
        out.read
            .push(format!("{} run logs in {}", logs.len(), dir.display()));
    }
    for (job, path) in logs {
        match crate::files::read(&path, MAX_BYTES) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let found = found.entry(job).or_default();
                read(&text, &shown(&path), found, &mut out.problems);
            }
            Err(error) => {
                found.entry(job).or_default().log = Log::Unreadable;
                out.problems.push(Problem::new(
                    error.in_one_line(),
                    "the runs of its job are not looked at",
                ));
            }
        }
    }
}

/// Reads one run log.
pub(super) fn read(text: &str, at: &Arc<str>, found: &mut Found, problems: &mut Vec<Problem>) {
    let mut lines = Lines::of(text);
    let mut damaged: Vec<usize> = Vec::new();
    let mut records = 0;
    found.log = found.log.max(Log::Read);
    values(text, |value| {
        let line = lines.at(value);
        let Ok(record) = serde_json::from_str::<Record>(value) else {
            damaged.push(line);
            return false;
        };
        // A value over several lines is first looked at as a line.
        if damaged.last() == Some(&line) {
            damaged.pop();
        }
        records += 1;
        for line in damaged.drain(..) {
            found.damaged(line, at, problems);
        }
        let evidence = Evidence {
            at: Arc::clone(at),
            part: Part::Line(line),
        };
        if record.is_other() {
            return true;
        }
        match record.run(evidence) {
            Some(run) => found.add_line(run, problems),
            None => found.damaged(line, at, problems),
        }
        true
    });
    for line in damaged.drain(..) {
        found.damaged(line, at, problems);
    }
    found.log_lines += records;
}

/// Tells the lines of pieces of a text, which are asked for in order.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            line: 1,
        }
    }

    /// The line, from 1, on which a piece of the text begins.
    fn at(&mut self, piece: &str) -> usize {
        let offset = (piece.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        if let Some(between) = self.text.as_bytes().get(self.offset..offset) {
            self.line += between.split(|b| *b == b'\n').skip(1).count();
            self.offset = offset;
        }
        self.line
    }
}
