//! One row per job that something calls running or queued.

use std::collections::{BTreeMap, BTreeSet};

use super::blocked::blocks;
use super::{OpenClawRuns, Receipt, STUCK_MS, TaskRun, clean_abort};
use crate::job::Job;
use crate::openclaw::Confidence;
use crate::schedule::ZoneSource;
use crate::turn::{Blocks, Bound, Evidence, EvidenceKind, Liveness, Policy, Turn, Verdict};
use crate::when;

/// A run may last this long when its job sets no time-out: `agentTurn` jobs, then others.
const TURN_MS: i64 = 60 * 60_000;
const OTHER_MS: i64 = 10 * 60_000;
/// Records of one run name the same instant; ones further apart than this are of different runs.
const SAME_RUN_MS: u64 = 2_000;
/// A run younger than this may not have all its records yet.
const YOUNG_MS: i64 = 60_000;
/// A start this far ahead is a wrong clock; less is how clocks are.
const SKEW_MS: i64 = 5_000;

/// Judges every run that the source calls running, oldest first, then those that wait.
///
/// `jobs` are those of the source. The instants of its records are judged against `now_ms`.
pub fn openclaw_turns(
    runs: &OpenClawRuns,
    jobs: &[Job],
    policy: &Policy,
    zones: &dyn ZoneSource,
    now_ms: i64,
) -> Vec<Turn> {
    let by_id: BTreeMap<&str, &Job> = jobs.iter().map(|job| (&*job.id, job)).collect();
    let mut turns: Vec<Turn> = running_ids(runs)
        .into_iter()
        .map(|id| {
            let records = Records::of(runs, id);
            Judge {
                runs,
                jobs,
                job: by_id.get(id).copied(),
                id,
                policy,
                zones,
                now_ms,
            }
            .turn(&records)
        })
        .collect();
    turns.sort_by_key(|turn| (turn.started_at_ms.is_none(), turn.started_at_ms));
    turns
}

fn running_ids(runs: &OpenClawRuns) -> BTreeSet<&str> {
    let receipts = runs.receipts.iter().flatten().map(|r| &*r.job_id);
    let tasks = runs.tasks.iter().flatten().map(|t| &*t.job_id);
    let marked = runs.markers.keys().chain(runs.queued.keys());
    marked
        .map(String::as_str)
        .chain(receipts)
        .chain(tasks)
        .collect()
}

/// What a source has about one job's run.
struct Records<'a> {
    marker_ms: Option<i64>,
    receipt: Option<&'a Receipt>,
    /// The task of this run.
    task: Option<&'a TaskRun>,
    /// Running tasks of other runs of the job: left behind.
    left: Vec<&'a TaskRun>,
    queued_ms: Option<i64>,
}

impl<'a> Records<'a> {
    fn of(runs: &'a OpenClawRuns, id: &str) -> Self {
        let marker_ms = runs.markers.get(id).copied();
        let receipts = runs.receipts.iter().flatten();
        let receipt = receipts
            .filter(|r| r.job_id == id)
            .max_by_key(|r| r.started_at_ms);
        let mine = || runs.tasks.iter().flatten().filter(|t| t.job_id == id);
        // Without a receipt the marker may be earlier than the run, never later: gateways of 2026.3
        // mark all jobs that are due in a tick, and then run them one after the other.
        let same = |task: &&TaskRun| match (receipt, marker_ms, task.started_at_ms) {
            (Some(receipt), _, Some(start)) => receipt.started_at_ms.abs_diff(start) <= SAME_RUN_MS,
            (None, Some(marker), Some(start)) => {
                start >= marker.saturating_sub_unsigned(SAME_RUN_MS)
            }
            _ => true,
        };
        let running = || mine().filter(|t| !t.queued);
        let task = running().filter(same).max_by_key(|t| t.started_at_ms);
        let left = running().filter(|t| task.is_none_or(|own| own.id != t.id));
        let waiting = mine().filter(|t| t.queued).find_map(|t| t.started_at_ms);
        Self {
            marker_ms,
            receipt,
            task,
            left: left.collect(),
            queued_ms: runs.queued.get(id).copied().or(waiting),
        }
    }

    /// Whether anything says that it runs, not only that it waits.
    fn runs(&self) -> bool {
        self.marker_ms.is_some() || self.receipt.is_some() || self.task.is_some()
    }

    /// The start that the strongest record names.
    fn start_ms(&self) -> Option<i64> {
        let receipt = self.receipt.map(|r| r.started_at_ms);
        receipt
            .or_else(|| self.task?.started_at_ms)
            .or(self.marker_ms)
    }
}

/// What is to be thought of a run, and why.
struct Opinion {
    verdict: Verdict,
    sure: Confidence,
    note: Option<String>,
}

struct Judge<'a> {
    runs: &'a OpenClawRuns,
    jobs: &'a [Job],
    job: Option<&'a Job>,
    id: &'a str,
    policy: &'a Policy,
    zones: &'a dyn ZoneSource,
    now_ms: i64,
}

impl Judge<'_> {
    fn turn(&self, records: &Records<'_>) -> Turn {
        let start = records.start_ms().filter(|_| records.runs());
        let (ceiling_ms, ceiling_origin) = self.ceiling();
        let opinion = self.opinion(records, start, ceiling_ms);
        // One that waits for its slot has no age: it did not start.
        let (since, start) = (start, start.filter(|_| opinion.verdict != Verdict::Idle));
        let age = start.map(|start| self.now_ms.saturating_sub(start).max(0));
        let over = (opinion.verdict == Verdict::Over)
            .then(|| Some(age?.saturating_sub(ceiling_ms)))
            .flatten();
        let mut notes: Vec<String> = opinion.note.into_iter().collect();
        notes.extend(self.disagreements(records));
        let holds = matches!(
            opinion.verdict,
            Verdict::Running | Verdict::Over | Verdict::Off
        );
        let (blocks, said) = match since {
            Some(start) if opinion.verdict != Verdict::Skewed => blocks(
                self.job,
                self.runs,
                self.jobs,
                start,
                holds,
                self.zones,
                self.now_ms,
            ),
            _ => (Blocks::default(), Vec::new()),
        };
        notes.extend(said);
        let mut evidence = self.evidence(records).into_iter();
        let strongest = evidence.next();
        let sign = last_sign(records);
        let (steerable, steerable_origin) = self.steerable();
        let turn_id = records.receipt.map(|r| r.id.clone());
        Turn {
            source: self.runs.source.clone(),
            workspace_id: self.agent(records),
            workspace_name: self.job.and_then(|job| job.name.clone()).map(String::from),
            runtime: Some("openclaw".to_owned()),
            native_session: None,
            native_session_origin: "not applicable: an OpenClaw gateway runs its own sessions"
                .to_owned(),
            turn_id: turn_id.or_else(|| records.task.and_then(run_name)),
            origin: Some("cron".to_owned()),
            schedule_id: Some(self.id.to_owned()),
            verdict: opinion.verdict,
            confidence: opinion.sure,
            liveness: self.liveness(sign.map(|(at, _)| at)),
            started_at: start.map(when::utc),
            started_at_ms: start,
            age_ms: age,
            age_is: age.and(strongest.as_ref()).map(|evidence| evidence.bound),
            evidence: strongest,
            other_evidence: evidence.collect(),
            ceiling_ms: Some(ceiling_ms),
            ceiling_origin,
            over_by_ms: over,
            last_sign_at: sign.map(|(at, _)| when::utc(at)),
            last_sign_at_ms: sign.map(|(at, _)| at),
            last_sign: sign.map(|(_, what)| what.to_owned()),
            queue_depth: None,
            active_tasks: None,
            current_task: None,
            blocks,
            steerable,
            steerable_origin,
            notes,
            url: None,
            key: start.map_or_else(|| "queued".to_owned(), |start| start.to_string()),
        }
    }

    fn agent(&self, records: &Records<'_>) -> String {
        let recorded = records.receipt.and_then(|r| r.agent_id.clone());
        recorded
            .or_else(|| records.task?.agent_id.clone())
            .or_else(|| self.job?.agent.as_ref().map(ToString::to_string))
            .unwrap_or_else(|| self.runs.default_agent.clone())
    }

    /// The ceiling in milliseconds, 0 for none, and where it is set.
    fn ceiling(&self) -> (i64, String) {
        if let Some(ms) = self.policy.ceiling_ms {
            return (ms, "--ceiling".to_owned());
        }
        let version = self.runs.version;
        let Some(job) = self.job else {
            let what = format!("default of agent turns ({version}); the job itself is not known");
            return (TURN_MS, what);
        };
        match job.timeout_seconds() {
            Some(seconds) if seconds <= 0.0 => (0, "the job's timeoutSeconds: no limit".to_owned()),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast from a float saturates, which is what a huge limit means"
            )]
            Some(seconds) => (
                (seconds * 1_000.0) as i64,
                "the job's timeoutSeconds".to_owned(),
            ),
            None if job.payload_kind.as_deref() == Some("agentTurn") => {
                (TURN_MS, format!("default of agent turns ({version})"))
            }
            None => (OTHER_MS, format!("default of other jobs ({version})")),
        }
    }

    fn opinion(&self, records: &Records<'_>, start: Option<i64>, ceiling_ms: i64) -> Opinion {
        let is = |verdict, sure, note| Opinion {
            verdict,
            sure,
            note,
        };
        if !records.runs() {
            let since = records.queued_ms.map_or_else(String::new, |since| {
                let waited = self.now_ms.saturating_sub(since).max(0);
                format!(" since {} ({})", when::utc(since), short(waited))
            });
            let note = format!("it waits for a slot{since} and does not run yet");
            return is(Verdict::Idle, self.sure_at_best(records), Some(note));
        }
        let Some(start) = start else {
            let note = "no record says when it started".to_owned();
            return is(Verdict::Unknown, Confidence::Likely, Some(note));
        };
        let age = self.now_ms.saturating_sub(start);
        if age < -SKEW_MS {
            let note = format!("its start is {} ahead: a clock is wrong", short(-age));
            return is(Verdict::Skewed, Confidence::Certain, Some(note));
        }
        if let Some((verdict, why)) = self.waiting(records) {
            return is(verdict, Confidence::Likely, Some(why));
        }
        if let Some((sure, why)) = self.leaked(records, age) {
            return is(Verdict::Leaked, sure, Some(why));
        }
        let sure = self.sure_at_best(records);
        if ceiling_ms == 0 {
            is(Verdict::Off, sure, None)
        } else if age > ceiling_ms {
            let own = self.policy.ceiling_ms.is_none();
            let note = own.then(|| "the gateway's own time-out should have ended it".to_owned());
            is(Verdict::Over, sure, note)
        } else {
            is(Verdict::Running, sure, None)
        }
    }

    /// Whether a job that has nothing but a marker may wait for its slot, and why.
    ///
    /// Seen on 2026.3.31: all jobs that are due in a tick are marked at once, and run as slots get
    /// free. Where tasks are kept, the one that runs has one.
    fn waiting(&self, records: &Records<'_>) -> Option<(Verdict, String)> {
        let runs = self.runs;
        let marker = records.marker_ms?;
        if records.receipt.is_some() || records.task.is_some() || runs.receipts.is_some() {
            return None;
        }
        let since = when::utc(marker);
        let slots = runs.slots();
        if let Some(tasks) = &runs.tasks {
            let running = tasks.iter().filter(|task| !task.queued);
            let running: BTreeSet<&str> = running.map(|task| &*task.job_id).collect();
            let full = running.len() >= slots.unwrap_or(1) && !running.is_empty();
            let behind: Vec<&str> = running.into_iter().collect();
            let why = format!(
                "it was taken up at {since} and waits behind {}",
                behind.join(", ")
            );
            let verdict = match slots {
                Some(_) => Verdict::Idle,
                None => Verdict::Unknown,
            };
            return full.then_some((verdict, why));
        }
        let count = runs.markers.len();
        (count > slots?).then(|| {
            let why = format!(
                "{count} jobs are marked, and {} runs at a time: which one is not recorded; the \
                 others wait",
                slots.unwrap_or(1)
            );
            (Verdict::Unknown, why)
        })
    }

    /// A run is certain when the gateway itself says so, or the process that runs it was seen.
    fn sure_at_best(&self, records: &Records<'_>) -> Confidence {
        let owner = records.receipt.and_then(|r| r.owner_alive);
        if self.runs.live || owner == Some(true) {
            Confidence::Certain
        } else {
            Confidence::Likely
        }
    }

    /// Why the records are what a run left behind; `None` when they may be those of a run.
    fn leaked(&self, records: &Records<'_>, age: i64) -> Option<(Confidence, String)> {
        let runs = self.runs;
        if let Some(receipt) = records.receipt {
            if receipt.owner_alive != Some(false) {
                return None;
            }
            let pid = receipt
                .owner_pid
                .map_or_else(String::new, |pid| format!(" ({pid})"));
            let why = format!(
                "the process that ran it{pid} is gone from this machine; a gateway in a container \
                 or elsewhere would not be seen"
            );
            return Some((Confidence::Likely, why));
        }
        let young = age <= YOUNG_MS;
        if runs.receipts.is_some() && !runs.live {
            let what = match (records.marker_ms, records.task) {
                (Some(_), Some(_)) => "a marker and a task",
                (None, _) => "a task",
                (Some(_), None) => "a marker",
            };
            let why = format!("{what} without a run: no receipt of this job is running");
            return (!young).then_some((Confidence::Certain, why));
        }
        if records.task.is_some() {
            let why = "a task without a run: the job has no running marker".to_owned();
            return (records.marker_ms.is_none() && !young).then_some((Confidence::Likely, why));
        }
        if runs.tasks.is_some() {
            let why = "a marker without a run: no task of this job is running".to_owned();
            return (!young).then_some((Confidence::Likely, why));
        }
        let why = format!(
            "the marker is older than {}: a gateway that works clears such a marker by itself",
            when::duration(STUCK_MS)
        );
        (age > STUCK_MS).then_some((Confidence::Likely, why))
    }

    /// What the records say of each other.
    fn disagreements(&self, records: &Records<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        let start = records.start_ms();
        if let (Some(marker), Some(receipt)) = (records.marker_ms, records.receipt)
            && marker.abs_diff(receipt.started_at_ms) > SAME_RUN_MS
        {
            notes.push(format!(
                "the records disagree: the marker is of {}, the receipt of {}; the receipt is used",
                when::utc(marker),
                when::utc(receipt.started_at_ms)
            ));
        }
        if let (None, Some(marker), Some(task)) = (records.receipt, records.marker_ms, records.task)
            && let Some(start) = task.started_at_ms
            && start.abs_diff(marker) > SAME_RUN_MS
        {
            let waited = short(start.saturating_sub(marker));
            notes.push(format!(
                "it was taken up {waited} before it ran: it waited for its slot"
            ));
        }
        if records.receipt.is_some() && records.marker_ms.is_none() {
            notes
                .push("the records disagree: a receipt runs, and the job has no marker".to_owned());
        }
        let has_task_of_run = records.task.is_some();
        if records.receipt.is_some() && self.runs.tasks.is_some() && !has_task_of_run {
            notes.push("the records disagree: a receipt runs, and no task of it does".to_owned());
        }
        for task in &records.left {
            let since = task.started_at_ms.map_or_else(|| "?".to_owned(), when::utc);
            if task.started_at_ms != start || has_task_of_run {
                notes.push(format!(
                    "task {} of another run ({since}) still says running: left behind",
                    task.id
                ));
            }
        }
        if let (true, Some(since)) = (records.runs(), records.queued_ms) {
            notes.push(format!("it is also queued since {}", when::utc(since)));
        }
        notes
    }

    /// The evidence, the strongest first: a receipt names its owner, a marker nothing but an instant.
    fn evidence(&self, records: &Records<'_>) -> Vec<Evidence> {
        let piece = |kind, since_ms, says| Evidence {
            kind,
            since_ms,
            bound: Bound::Exact,
            says,
        };
        // Where a job is marked before it runs, its age is what it may be at most.
        let marker_bound = match self.runs.receipts {
            None if self.runs.marks_early() => Bound::Estimate,
            _ => Bound::Exact,
        };
        let mut evidence = Vec::new();
        if let Some(receipt) = records.receipt {
            let owner = match (receipt.owner_pid, receipt.owner_alive) {
                (None, _) => String::new(),
                (Some(pid), Some(true)) => format!(", owner_pid {pid} runs on this machine"),
                (Some(pid), Some(false)) => format!(", owner_pid {pid} is gone from this machine"),
                (Some(pid), None) => format!(", owner_pid {pid}"),
            };
            let says = format!(
                "{}: receipt {}, status running, started_at_ms {}{owner}",
                receipt.at, receipt.id, receipt.started_at_ms
            );
            evidence.push(piece(
                EvidenceKind::Receipt,
                Some(receipt.started_at_ms),
                says,
            ));
        }
        if let Some(task) = records.task {
            let started = task
                .started_at_ms
                .map_or_else(String::new, |at| format!(", started_at {at}"));
            let says = format!("{}: task {}, status running{started}", task.at, task.id);
            evidence.push(piece(EvidenceKind::TaskRun, task.started_at_ms, says));
        }
        if let Some(marker) = records.marker_ms {
            let says = format!("{}: state.runningAtMs {marker}", self.runs.markers_at);
            evidence.push(Evidence {
                bound: marker_bound,
                ..piece(EvidenceKind::RunningMarker, Some(marker), says)
            });
        }
        evidence
    }

    /// A task's last event is a sign when it is recent. No event proves nothing: a gateway writes
    /// none while a model thinks.
    fn liveness(&self, sign_ms: Option<i64>) -> Liveness {
        let recent = |at| self.now_ms.saturating_sub(at) <= self.policy.silent_after_ms;
        if sign_ms.is_some_and(recent) {
            Liveness::Active
        } else {
            Liveness::Unknown
        }
    }

    fn steerable(&self) -> (Option<bool>, String) {
        let kind = self.job.and_then(|job| job.payload_kind.as_deref());
        if let Some(kind) = kind.filter(|kind| *kind != "agentTurn") {
            let why = format!("a {kind} run has no agent session of its own to abort");
            return (Some(false), why);
        }
        let rule = clean_abort(self.runs.version);
        (rule.known(), rule.why().to_owned())
    }
}

/// What names a task's run: its receipt, which the run's id holds from 2026.8.1 (`cron:<job>:<start>:
/// <receipt>`, and more for a manual run), else that id.
fn run_name(task: &TaskRun) -> Option<String> {
    let id = task.run_id.as_deref()?;
    let start = task.started_at_ms.unwrap_or_default();
    let rest = id.strip_prefix(&format!("cron:{}:{start}:", task.job_id));
    let receipt = rest.and_then(|rest| rest.split(':').next());
    Some(receipt.unwrap_or(id).to_owned())
}

/// The last event of a task, when there was one after its start.
fn last_sign(records: &Records<'_>) -> Option<(i64, &'static str)> {
    let task = records.task?;
    let at = task.last_event_at_ms?;
    (Some(at) > task.started_at_ms).then_some((at, "task_runs last_event_at"))
}

/// A duration to the second.
fn short(ms: i64) -> String {
    when::duration(ms / 1_000 * 1_000)
}
