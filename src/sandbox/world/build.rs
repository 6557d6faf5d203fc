//! From a scenario to a world.

use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::json;

use super::parts::{Message, Rng, Schedule, Status, Turn, Workspace};
use super::{GROUPS, POLL_MS, POLL_PHASE_MS, SWEEP_MS, What, World};
use crate::error::Error;
use crate::sandbox::scenario::{self, Behaviour, Fault, Moment, Origin, Scenario, uuid_of};
use crate::zones::Zones;

impl World {
    /// Builds it, and lets it run up to the start.
    ///
    /// # Errors
    /// When an expression or a zone is none, which [`Scenario::parse`] does not let through.
    pub fn new(scenario: &Scenario, start_ms: i64) -> Result<Self, Error> {
        let platform = &scenario.platform;
        let boot_ms = start_ms.saturating_sub(platform.history.0.max(0));
        let mut world = Self {
            now_ms: boot_ms,
            skew_ms: platform.clock_skew.0,
            heartbeat_ms: platform.heartbeat.0,
            header_timeout_ms: platform.header_timeout.0,
            busy: platform.busy,
            base_url: String::new(),
            rng: Rng::new(platform.seed),
            workspaces: Vec::new(),
            by_id: FxHashMap::default(),
            groups: vec![Vec::new(); usize::from(GROUPS)],
            in_flight: Vec::new(),
            queue: BinaryHeap::new(),
            due: BinaryHeap::new(),
            open_fires: 0,
            posts: FxHashMap::default(),
            sequence: 0,
            version: 0,
            listening: false,
            events: Vec::new(),
            ended: Vec::new(),
            list: None,
        };
        let zones = Zones::built_in();
        for section in scenario.workspaces.iter().map(toml::Spanned::get_ref) {
            for number in 1..=section.count {
                world.add(section, number, start_ms, boot_ms, &zones)?;
            }
        }
        for group in 0..usize::from(GROUPS) {
            world.later(boot_ms + world.first_beat(group), What::Beat(group));
        }
        world.later(after(boot_ms, POLL_MS) + POLL_PHASE_MS, What::Poll);
        world.later(after(boot_ms, SWEEP_MS), What::Sweep);
        world.advance(start_ms);
        world.events.clear();
        Ok(world)
    }

    /// How long after boot a group of workspaces beats first.
    fn first_beat(&self, group: usize) -> i64 {
        let group = i64::try_from(group).unwrap_or(0);
        1_000 + self.heartbeat_ms * group / i64::from(GROUPS)
    }

    fn add(
        &mut self,
        section: &scenario::Workspace,
        number: u32,
        start_ms: i64,
        boot_ms: i64,
        zones: &Zones,
    ) -> Result<(), Error> {
        let many = section.count > 1;
        let name = if section.name.is_empty() {
            section.id.clone().unwrap_or_default()
        } else {
            section.name.clone()
        };
        let id: Arc<str> = section.id(number).into();
        let ws = self.workspaces.len();
        self.by_id.insert(Arc::clone(&id), ws);
        let native = matches!(&*section.runtime, "claude-code" | "hermes");
        let silent = matches!(&*section.runtime, "codex" | "hermes");
        let session_id = self.rng.uuid();
        let config = match &section.ceiling_seconds {
            Some(ceiling) => json!({"runtime_config": {"native_session_ceiling_seconds": ceiling}}),
            None => json!({}),
        };
        let group = ws % usize::from(GROUPS);
        let first_beat_ms = boot_ms + self.first_beat(group);
        self.groups[group].push(ws);
        let schedules = section
            .schedules
            .iter()
            .map(|s| schedule(s, &id, start_ms, boot_ms, zones))
            .collect::<Result<Vec<_>, _>>()?;
        for (i, schedule) in schedules.iter().enumerate() {
            if let Some(at) = schedule.next_run_ms {
                self.due.push(std::cmp::Reverse((at, ws, i)));
            }
        }
        let cron = schedules.iter().position(|s| s.enabled);
        let faults = match (&section.faults, section.behaviour) {
            (Some(faults), _) => faults.iter().copied().collect(),
            (None, Behaviour::Flaky) => VecDeque::from([Fault::Unavailable, Fault::Reset]),
            (None, _) => VecDeque::new(),
        };
        self.workspaces.push(Workspace {
            id: Arc::clone(&id),
            name: if many {
                format!("{name} {number}")
            } else {
                name
            },
            role: section.role.clone(),
            runtime: section.runtime.clone(),
            behaviour: section.behaviour,
            native: section.native.unwrap_or(native),
            reports_busy: section
                .reports_busy
                .unwrap_or(!silent && section.behaviour != Behaviour::NoReport),
            max_concurrent_tasks: section.max_concurrent_tasks,
            config,
            status: Status::Online,
            removed_ms: section.removed.then_some(boot_ms),
            // A day of heartbeats, so that uptimes change with them.
            up_since_ms: first_beat_ms - 2_880 * self.heartbeat_ms,
            uptime_known: true,
            turn: None,
            place: 0,
            foreseen: None,
            waiting: VecDeque::new(),
            turns: 0,
            turn_length_ms: section.turn_length.0.max(1),
            refill: section
                .refill
                .map(|span| (span.0.max(0), section.current_task.clone())),
            session_id,
            saved: None,
            shown_active: 0,
            shown_task: "".into(),
            row: None,
            last_activity_ms: None,
            rows: VecDeque::new(),
            schedules,
            faults,
            answer_after_ms: section.answer_after.0,
            takes_ms: section.takes.0,
            swaps: u32::from(section.behaviour == Behaviour::TurnSwapping),
            answered: VecDeque::new(),
        });
        if let Some(started) = section.turn_started
            && section.behaviour != Behaviour::Idle
        {
            self.place_turn(section, ws, cron, started, start_ms);
        }
        Ok(())
    }

    /// Puts the turn of the scenario in flight, now or when its time comes.
    fn place_turn(
        &mut self,
        section: &scenario::Workspace,
        ws: usize,
        cron: Option<usize>,
        started: Moment,
        start_ms: i64,
    ) {
        let workspace = &mut self.workspaces[ws];
        let schedule = cron.filter(|_| matches!(section.origin, None | Some(Origin::Cron)));
        let origin = section.origin.unwrap_or(if schedule.is_some() {
            Origin::Cron
        } else {
            Origin::User
        });
        let text = schedule
            .map(|s| workspace.schedules[s].prompt.clone())
            .filter(|prompt| !prompt.is_empty())
            .unwrap_or_else(|| section.current_task.clone());
        let started_ms = started.at(start_ms);
        workspace.turns = 1;
        let turn = Turn {
            number: 1,
            id: section
                .turn_id
                .clone()
                .unwrap_or_else(|| turn_id(&workspace.id, 1)),
            started_ms,
            message: Message {
                post: None,
                text,
                origin,
                schedule,
            },
            task: section.current_task.clone(),
            last_event_ms: started_ms,
            log_every_ms: match (section.log_every, section.behaviour) {
                (Some(every), _) => every.0,
                (None, Behaviour::Long) => 130_000,
                (None, _) => 0,
            },
            interrupting: false,
            resumed_from: None,
        };
        for _ in 0..section.waiting {
            workspace.waiting.push_back(Message {
                post: None,
                text: "A message that waits".to_owned(),
                origin: Origin::A2a,
                schedule: None,
            });
        }
        let ends = (section.behaviour == Behaviour::Healthy)
            .then(|| started_ms.unwrap_or(start_ms) + section.turn_length.0);
        workspace.foreseen = Some(Box::new((turn, ends)));
        match started_ms {
            // What starts within the time simulated begins then; a start in the future is one that
            // the adapter claims: its clock is off, and the turn is there all along.
            Some(at) if at > self.now_ms && at <= start_ms => self.later(at, What::TurnBegin(ws)),
            _ => self.begin_foreseen(ws),
        }
    }
}

/// The next multiple of a period after an instant.
fn after(ms: i64, period: i64) -> i64 {
    (ms.div_euclid(period) + 1) * period
}

/// The id of a workspace's n-th turn.
pub(super) fn turn_id(workspace: &str, number: u64) -> String {
    let short: String = workspace.chars().take(8).collect();
    format!("turn-{short}-{number}")
}

fn schedule(
    section: &scenario::Schedule,
    workspace: &str,
    start_ms: i64,
    boot_ms: i64,
    zones: &Zones,
) -> Result<Schedule, Error> {
    let cron = section.compile(zones).map_err(|e| {
        let name = &section.name;
        Error::failed(format!("the schedule {name:?} is refused")).because(e)
    })?;
    let still = match section.still {
        Some((from, until)) => from.at(start_ms).zip(until.at(start_ms)),
        None => None,
    };
    let mut schedule = Schedule {
        id: section
            .id
            .clone()
            .unwrap_or_else(|| uuid_of(&format!("{workspace}/{}", section.name))),
        name: section.name.clone(),
        expr: section.cron.get_ref().clone(),
        timezone: section.timezone.clone(),
        prompt: section.prompt.clone(),
        enabled: section.enabled,
        still,
        cron,
        created_ms: boot_ms,
        last_run_ms: None,
        next_run_ms: None,
        run_count: 0,
        last_status: "",
        last_error: String::new(),
    };
    schedule.next_run_ms = schedule.next(boot_ms);
    Ok(schedule)
}
