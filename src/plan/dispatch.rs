//! Dispatch: when a scheduler with limited slots really starts what is due.
//!
//! The rules of each system by version. What they do not fix is said in [`Dispatch::rule`].

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use serde::Serialize;

use super::busy::Busy;
use super::peak::{Meter, Peak};
use super::trace::{Trace, Window};

/// How a source starts what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// Everything at once: cron(8), or a cap lifted by option.
    Unlimited,
    /// OpenClaw from 2026.8.1: so many slots for all cron runs, first due first served.
    Pool {
        /// Runs at once.
        slots: u32,
    },
    /// OpenClaw before: a tick takes what is due, works through it with so many slots, and no other
    /// tick begins before it has ended; what came due meanwhile waits [`REARM_MS`](Self::REARM_MS) more.
    Batch {
        /// Runs at once.
        slots: u32,
    },
    /// Molecule's poll loop.
    Molecule(MoleculeRules),
}

/// Molecule's scheduler loop (molecule-core of May 2026). Durations in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoleculeRules {
    /// Between two polls.
    pub poll_ms: i64,
    /// When, within the poll period counted from the epoch, polls happen. Not knowable from outside.
    pub phase_ms: i64,
    /// Rows that one tick reads at most.
    pub batch: usize,
    /// Fires in progress at once.
    pub slots: usize,
    /// The row cursor's own deadline: no row is read later than this after the tick began.
    pub cursor_ms: i64,
    /// A fire gives its slot back at the latest after this (the proxy's header time-out); the turn goes on.
    pub fire_ms: i64,
    /// Polls of a busy workspace before the fire is recorded as skipped.
    pub busy_polls: i64,
    /// Between two of them.
    pub busy_poll_ms: i64,
    /// Workspace index by job rank: one turn at a time in each.
    pub workspaces: Vec<u32>,
}

impl MoleculeRules {
    /// The constants of molecule-core's scheduler as of commit 2357aec4 (23 May 2026).
    pub fn of_may_2026(phase_ms: i64) -> Self {
        Self {
            poll_ms: 30_000,
            phase_ms,
            batch: 50,
            slots: 10,
            cursor_ms: 10_000,
            fire_ms: 180_000,
            busy_polls: 12,
            busy_poll_ms: 10_000,
            workspaces: Vec::new(),
        }
    }
}

impl Dispatch {
    /// The least time until the timer of a batch fires for what is due already, milliseconds.
    ///
    /// Source: `MIN_REFIRE_GAP_MS` in `armTimer`, OpenClaw 2026.3.28 and 2026.3.31; run on 2026.3.31: a
    /// job that came due 10 s before another's run ended began 2.02 s after that end.
    pub const REARM_MS: i64 = 2_000;

    /// When a timer fires that is armed at `now_ms` for what is due at `due_ms`. Epoch milliseconds.
    pub fn armed(due_ms: i64, now_ms: i64) -> i64 {
        if due_ms <= now_ms {
            now_ms.saturating_add(Self::REARM_MS)
        } else {
            due_ms
        }
    }

    /// Says the rule in words.
    pub fn rule(&self) -> String {
        match self {
            Self::Unlimited => "no cap on what runs at once".to_owned(),
            Self::Pool { slots } => format!("{slots} slots for all cron runs"),
            Self::Batch { slots: 1 } => {
                "one run at a time, and no tick before the last one has ended, 2 s later for what waits"
                    .to_owned()
            }
            Self::Batch { slots } => format!(
                "{slots} slots a tick, and no tick before the last one has ended, 2 s later for what waits"
            ),
            Self::Molecule(rules) => format!(
                "a poll every {} s, {} rows and {} slots a tick, no row read later than {} s into it",
                rules.poll_ms / 1000,
                rules.batch,
                rules.slots,
                rules.cursor_ms / 1000
            ),
        }
    }
}

/// What dispatch made of the fires of one source. Instants are epoch milliseconds UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DispatchReport {
    /// Starts per second and runs at once, with the source's slots.
    pub peak: Peak,
    /// Longest time between due and started, milliseconds.
    pub longest_wait_ms: i64,
    /// The last start; null when nothing started.
    pub last_start_ms: Option<i64>,
    /// The last end; null when nothing started.
    pub last_end_ms: Option<i64>,
    /// Occurrences that became due while the same job waited or ran: they never fire.
    pub coalesced: u64,
    /// Fires recorded as skipped because their workspace stayed busy (Molecule).
    pub skipped: u64,
}

/// A due occurrence: instant, rank of the job.
type Due = (i64, u32);

/// Simulates one source over occurrences that come in ascending order.
pub(super) struct Dispatcher<'a> {
    rules: &'a Dispatch,
    /// When a slot is free again.
    slots: BinaryHeap<Reverse<i64>>,
    pending: VecDeque<Due>,
    busy: Busy,
    /// Until when a workspace's turn runs, and when that turn began (Molecule).
    turns: HashMap<u32, (i64, i64)>,
    /// No tick begins before this (batch, Molecule).
    idle_at: i64,
    meter: Meter,
    report: DispatchReport,
    runs: &'a (dyn Fn(u32) -> i64 + Sync),
}

impl<'a> Dispatcher<'a> {
    /// A dispatcher of so many jobs that also traces what it starts over these windows.
    pub(super) fn new(
        rules: &'a Dispatch,
        runs: &'a (dyn Fn(u32) -> i64 + Sync),
        windows: &[Window],
        jobs: usize,
    ) -> Self {
        let slots = match rules {
            Dispatch::Pool { slots } | Dispatch::Batch { slots } => (*slots).max(1) as usize,
            Dispatch::Molecule(rules) => rules.slots.max(1),
            Dispatch::Unlimited => 0,
        };
        Self {
            rules,
            slots: (0..slots).map(|_| Reverse(i64::MIN)).collect(),
            pending: VecDeque::new(),
            busy: Busy::new(jobs),
            turns: HashMap::new(),
            idle_at: i64::MIN,
            meter: Meter::new(1).tracing(windows),
            report: DispatchReport::default(),
            runs,
        }
    }

    /// Whether it matters which jobs are due, and not only how long they run.
    pub(super) fn has_slots(&self) -> bool {
        *self.rules != Dispatch::Unlimited
    }

    /// So many jobs that run so long are due at `t`, no earlier than those before, and no slots keep
    /// them waiting.
    pub(super) fn start_at_once(&mut self, t: i64, run: i64, jobs: u32) {
        self.meter.start(t, 0, run, jobs);
        self.started(t, t, t.saturating_add(run));
    }

    /// These jobs are due at `t`, no earlier than those before.
    pub(super) fn due(&mut self, t: i64, ranks: &[u32]) {
        self.busy.look(t, ranks.len());
        match self.rules {
            Dispatch::Unlimited => {
                for rank in ranks {
                    self.start_at_once(t, (self.runs)(*rank), 1);
                }
            }
            Dispatch::Pool { .. } => {
                for rank in ranks {
                    if self.busy.is(*rank, t) {
                        self.report.coalesced += 1;
                    } else {
                        self.pooled(t, *rank);
                    }
                }
            }
            Dispatch::Batch { .. } | Dispatch::Molecule(_) => {
                while self.next_tick().is_some_and(|tick| tick < t) {
                    self.tick();
                }
                for rank in ranks {
                    // Still waiting for its tick: the row is due once, however often it came round.
                    if self.busy.is(*rank, t) {
                        self.report.coalesced += 1;
                    } else {
                        self.busy.keep(*rank, i64::MAX);
                        self.pending.push_back((t, *rank));
                    }
                }
            }
        }
    }

    /// No more occurrences come: the report, and the traces by window.
    pub(super) fn finish(mut self) -> (DispatchReport, Vec<Trace>) {
        while self.next_tick().is_some() {
            self.tick();
        }
        self.report.peak = self.meter.peaks().total;
        let traces = self.meter.traces().into_iter();
        (self.report, traces.map(|t| t.total).collect())
    }

    fn pooled(&mut self, t: i64, rank: u32) {
        let Some(Reverse(free)) = self.slots.pop() else {
            return;
        };
        let at = t.max(free);
        let run = (self.runs)(rank);
        self.slots.push(Reverse(at.saturating_add(run)));
        self.start(at, t, rank, run);
    }

    fn start(&mut self, at: i64, due: i64, rank: u32, run: i64) {
        let end = at.saturating_add(run);
        self.busy.keep(rank, end);
        self.meter.start(at, 0, run, 1);
        self.started(at, due, end);
    }

    fn started(&mut self, at: i64, due: i64, end: i64) {
        let report = &mut self.report;
        report.longest_wait_ms = report.longest_wait_ms.max(at - due);
        report.last_start_ms = report.last_start_ms.max(Some(at));
        report.last_end_ms = report.last_end_ms.max(Some(end));
    }

    /// When the next tick with something to do begins.
    fn next_tick(&self) -> Option<i64> {
        let (due, _) = *self.pending.front()?;
        match self.rules {
            Dispatch::Molecule(rules) => {
                let polls = |t: i64| {
                    let since = t - rules.phase_ms;
                    -((-since).div_euclid(rules.poll_ms)) * rules.poll_ms + rules.phase_ms
                };
                // A tick missed while another ran begins as soon as that one has ended.
                Some(polls(due).max(self.idle_at))
            }
            _ => Some(Dispatch::armed(due, self.idle_at)),
        }
    }

    fn tick(&mut self) {
        let Some(tick) = self.next_tick() else { return };
        let free_from = |Reverse(free): Reverse<i64>| Reverse(free.max(tick));
        self.slots = self.slots.drain().map(free_from).collect();
        let end = if let Dispatch::Molecule(rules) = self.rules {
            self.molecule_tick(rules, tick)
        } else {
            self.batch_tick(tick)
        };
        self.idle_at = end.max(tick);
    }

    fn batch_tick(&mut self, tick: i64) -> i64 {
        let mut end = tick;
        while let Some(&(due, rank)) = self.pending.front() {
            if due > tick {
                break;
            }
            self.pending.pop_front();
            let Some(Reverse(free)) = self.slots.pop() else {
                break;
            };
            let run = (self.runs)(rank);
            self.slots.push(Reverse(free.saturating_add(run)));
            self.start(free, due, rank, run);
            end = end.max(free.saturating_add(run));
        }
        end
    }

    fn molecule_tick(&mut self, rules: &MoleculeRules, tick: i64) -> i64 {
        let mut end = tick;
        let mut reading_at = tick;
        for _ in 0..rules.batch {
            // The row cursor shares the query's deadline, and reading blocks on a free slot.
            if reading_at - tick > rules.cursor_ms {
                break;
            }
            let Some(&(due, rank)) = self.pending.front() else {
                break;
            };
            if due > tick {
                break;
            }
            self.pending.pop_front();
            let Some(Reverse(free)) = self.slots.pop() else {
                break;
            };
            reading_at = reading_at.max(free);
            let at = reading_at;
            let workspace = rules.workspaces.get(rank as usize).copied().unwrap_or(rank);
            let run = (self.runs)(rank);
            let freed = if let Some(start) = self.turn_free_at(rules, workspace, at) {
                self.turns
                    .insert(workspace, (start, start.saturating_add(run)));
                self.start(start, due, rank, run);
                start.saturating_add(run.min(rules.fire_ms))
            } else {
                self.report.skipped += 1;
                at + rules.busy_polls * rules.busy_poll_ms
            };
            // The next run is computed when the fire has ended, from then on.
            self.busy.keep(rank, freed);
            self.slots.push(Reverse(freed));
            end = end.max(freed);
        }
        end
    }

    /// When a fire that got its slot at `at` may start in its workspace: at once when no turn runs
    /// or one began in this very moment (both read the counter before either raises it), else at the
    /// first busy poll that finds it idle; `None` when none does.
    fn turn_free_at(&self, rules: &MoleculeRules, workspace: u32, at: i64) -> Option<i64> {
        let Some(&(began, ends)) = self.turns.get(&workspace) else {
            return Some(at);
        };
        if ends <= at || began == at {
            return Some(at);
        }
        let polls = (ends - at).div_euclid(rules.busy_poll_ms)
            + i64::from((ends - at).rem_euclid(rules.busy_poll_ms) > 0);
        (polls <= rules.busy_polls).then(|| at + polls * rules.busy_poll_ms)
    }
}
