//! One row: a workspace, or one of its turns.

use super::Policy;
use super::ceiling::Ceiling;
use super::evidence::{Age, age};
use crate::openclaw::Confidence;
use crate::turn::{
    Activity, Adapter, Adapters, Blocks, Bound, Evidence, EvidenceKind, ListedTurn, Liveness,
    Snapshot, Spell, Turn, TurnsRoute, Verdict, Workspace,
};
use crate::when::utc;

/// A start this far ahead is a clock's rounding, not a wrong clock.
const AHEAD_MS: i64 = 2_000;

/// Everything that is known of one row.
pub(super) struct Case<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) policy: &'a Policy,
    pub(super) adapter: Option<&'a Adapter>,
    /// The workspace's id.
    pub(super) id: &'a str,
    workspace: Option<&'a Workspace>,
    pub(super) listed: Option<&'a ListedTurn>,
    /// The spell of the turn, if it still holds.
    pub(super) spell: Option<&'a Spell>,
    /// The instant of the snapshot by our clock.
    pub(super) now_ms: i64,
    runtime: Option<&'a str>,
}

/// Whether a turn is in flight.
enum Flight {
    /// One is.
    Going,
    /// None is; how sure that is.
    None(Confidence),
    /// Nothing tells.
    NotKnown,
}

impl<'a> Case<'a> {
    /// Puts together what is known of one row.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        policy: &'a Policy,
        adapters: &'a Adapters,
        id: &'a str,
        workspace: Option<&'a Workspace>,
        listed: Option<&'a ListedTurn>,
        spell: Option<&'a Spell>,
    ) -> Self {
        let runtime = workspace.and_then(|w| w.runtime.as_deref());
        let runtime = runtime.or_else(|| listed.and_then(|turn| turn.runtime.as_deref()));
        let mut case = Self {
            snapshot,
            policy,
            adapter: adapters.get(runtime),
            id,
            workspace,
            listed,
            spell: None,
            now_ms: snapshot.taken_at_ms,
            runtime,
        };
        case.spell = spell.filter(|spell| case.goes_on(spell));
        case
    }

    /// Whether a spell that was seen is that of what is in flight now.
    fn goes_on(&self, spell: &Spell) -> bool {
        let id = self.listed.and_then(|turn| turn.turn_id.as_ref());
        if id.is_some() && spell.turn_id.as_ref() == id {
            return true;
        }
        let other_task = match (&spell.current_task, self.current_task()) {
            (Some(then), Some(now)) => then != now,
            _ => false,
        };
        let later_start = self
            .listed_start_ms()
            .map(|start| self.ours(start))
            .is_some_and(|start| {
                (spell.first_seen_ms.saturating_add(AHEAD_MS)..=self.now_ms).contains(&start)
            });
        spell.holds_at(self.now_ms) && !other_task && !later_start
    }

    /// Converts an instant of the platform's clock to ours.
    pub(super) fn ours(&self, platform_ms: i64) -> i64 {
        platform_ms.saturating_sub(self.snapshot.clock_offset_ms.unwrap_or(0))
    }

    /// The activity of the workspace, newest first, if it was got.
    pub(super) fn activity(&self) -> Option<&'a [Activity]> {
        self.snapshot.activity.get(self.id).map(Vec::as_slice)
    }

    /// What to call the workspace.
    pub(super) fn called(&self) -> String {
        self.name().map_or_else(
            || self.id.to_owned(),
            |name| format!("{name} ({})", self.id),
        )
    }

    /// The name of the workspace.
    pub(super) fn name(&self) -> Option<&'a String> {
        let own = self.workspace.and_then(|w| w.name.as_ref());
        own.or_else(|| self.listed.and_then(|turn| turn.workspace_name.as_ref()))
    }

    fn active_tasks(&self) -> Option<i64> {
        let listed = self.listed.and_then(|turn| turn.active_tasks);
        listed.or_else(|| self.workspace.and_then(|w| w.active_tasks))
    }

    fn current_task(&self) -> Option<&'a String> {
        let listed = self.listed.and_then(|turn| turn.current_task.as_ref());
        listed.or_else(|| self.workspace.and_then(|w| w.current_task.as_ref()))
    }

    /// Whether the adapter's SDK owns the turn, and what says so.
    fn native(&self) -> (Option<bool>, String) {
        if let Some(native) = self.listed.and_then(|turn| turn.native_session) {
            return (Some(native), "GET /admin/turns: native_session".to_owned());
        }
        match self.adapter.and_then(|a| a.native_session.as_ref()) {
            Some((native, origin)) => (Some(*native), origin.clone()),
            None => (None, self.not_known()),
        }
    }

    /// Whether the turn can be cancelled, and what says so.
    fn steerable(&self) -> (Option<bool>, String) {
        if let Some(steerable) = self.listed.and_then(|turn| turn.steerable) {
            return (Some(steerable), "GET /admin/turns: steerable".to_owned());
        }
        match self.adapter.and_then(|a| a.steerable.as_ref()) {
            Some((steerable, origin)) => (Some(*steerable), origin.clone()),
            None => (None, self.not_known()),
        }
    }

    fn not_known(&self) -> String {
        match self.runtime {
            Some(runtime) => format!("not known: runtime {runtime}"),
            None => "not known: the platform names no runtime".to_owned(),
        }
    }

    /// Whether a turn is in flight, and what there is to say about that.
    fn flight(&self, native: Option<bool>, notes: &mut Vec<String>) -> Flight {
        let active = self.active_tasks();
        if self.listed.is_some() {
            if active == Some(0) {
                notes
                    .push("active_tasks is 0; GET /admin/turns, which lists it, is trusted".into());
            }
            return Flight::Going;
        }
        let has_list = matches!(self.snapshot.turns, TurnsRoute::Listed(_));
        match active {
            Some(1..) => Flight::Going,
            _ if has_list => Flight::None(Confidence::Certain),
            None => {
                notes.push("the platform does not say active_tasks".to_owned());
                Flight::NotKnown
            }
            Some(_) if self.spell.is_some() => {
                notes.push(
                    "active_tasks is 0 for less than 60 s: taken as the platform's sweep, not as an end"
                        .to_owned(),
                );
                Flight::Going
            }
            Some(_) => {
                let silent = self.adapter.and_then(|a| a.reports_busy) == Some(false);
                if silent {
                    let runtime = self.runtime.unwrap_or_default();
                    notes.push(format!(
                        "{runtime} does not report its turns in active_tasks"
                    ));
                }
                if silent && native == Some(true) {
                    Flight::NotKnown
                } else {
                    // A single look may fall into the sweep.
                    Flight::None(Confidence::Likely)
                }
            }
        }
    }

    /// Whether nothing is in flight.
    pub(super) fn is_idle(&self) -> bool {
        let native = self.listed.and_then(|turn| turn.native_session);
        let own = || self.adapter?.native_session.as_ref().map(|(yes, _)| *yes);
        let flight = self.flight(native.or_else(own), &mut Vec::new());
        matches!(flight, Flight::None(_))
    }

    /// Judges it.
    pub(super) fn row(&self, ceiling: Ceiling) -> Turn {
        let mut notes = Vec::new();
        let (native, native_session_origin) = self.native();
        let (steerable, steerable_origin) = self.steerable();
        let flight = self.flight(native, &mut notes);
        let going = matches!(flight, Flight::Going);
        let (mut evidence, odd) = if going {
            self.evidence()
        } else {
            Default::default()
        };
        notes.extend(odd);
        let age = age(&evidence);
        let (verdict, confidence) = match flight {
            Flight::None(confidence) => (Verdict::Idle, confidence),
            Flight::NotKnown => (Verdict::Unknown, Confidence::Certain),
            Flight::Going => self.verdict(native, ceiling.ms, &evidence, age.as_ref(), &mut notes),
        };
        let ahead = age.as_ref().is_some_and(|age| self.is_ahead(age));
        let age_ms = age
            .as_ref()
            .filter(|_| !ahead)
            .map(|age| self.now_ms.saturating_sub(age.since_ms).max(0));
        let over_by_ms = age_ms
            .zip(ceiling.ms)
            .filter(|_| verdict == Verdict::Over)
            .map(|(age, ceiling)| age.saturating_sub(ceiling));
        let (life, blocks) = if going {
            (self.life(age.as_ref()), self.blocks(age.as_ref()))
        } else {
            (super::life::Life::default(), Blocks::default())
        };
        self.describe(&mut notes);
        let key = self.key(&evidence);
        let since_ms = age.as_ref().map(|age| age.since_ms);
        let bound = age.as_ref().map(|age| age.bound);
        let strongest = age.map(|age| evidence.remove(age.index));
        Turn {
            source: self.snapshot.source.clone(),
            workspace_id: self.id.to_owned(),
            workspace_name: self.name().cloned(),
            runtime: self.runtime.map(str::to_owned),
            native_session: native,
            native_session_origin,
            turn_id: self.turn_id().cloned(),
            origin: self.listed.and_then(|turn| turn.origin.clone()),
            schedule_id: self.listed.and_then(|turn| turn.schedule_id.clone()),
            verdict,
            confidence,
            liveness: life.liveness.unwrap_or(Liveness::Unknown),
            started_at: since_ms.map(utc),
            started_at_ms: since_ms,
            age_ms,
            age_is: bound.filter(|_| age_ms.is_some()),
            evidence: strongest,
            other_evidence: evidence,
            ceiling_ms: ceiling.ms,
            ceiling_origin: ceiling.origin,
            over_by_ms,
            last_sign_at: life.at_ms.map(utc),
            last_sign_at_ms: life.at_ms,
            last_sign: life.what,
            queue_depth: self.listed.and_then(|turn| turn.queue_depth),
            active_tasks: self.active_tasks(),
            current_task: self.task(going).cloned(),
            blocks,
            steerable,
            steerable_origin,
            notes,
            url: self.workspace.and_then(|w| w.url.clone()),
            key,
        }
    }

    /// Weighs the age of a turn in flight against its ceiling.
    fn verdict(
        &self,
        native: Option<bool>,
        ceiling_ms: Option<i64>,
        evidence: &[Evidence],
        age: Option<&Age>,
        notes: &mut Vec<String>,
    ) -> (Verdict, Confidence) {
        let surest = if native.is_none() {
            notes.push(
                "whether its session is native is not known: judged as if it were".to_owned(),
            );
            Confidence::Likely
        } else {
            Confidence::Certain
        };
        if native == Some(false) {
            return (Verdict::NotNative, Confidence::Certain);
        }
        if ceiling_ms == Some(0) {
            return (Verdict::Off, surest);
        }
        if age.is_some_and(|age| self.is_ahead(age)) {
            notes.push("its start lies in the future: a clock is wrong".to_owned());
            return (Verdict::Skewed, surest);
        }
        if self.listed.is_none() && matches!(self.snapshot.turns, TurnsRoute::Listed(_)) {
            notes.push(
                "active_tasks says that it is busy; GET /admin/turns does not list it".into(),
            );
            return (Verdict::Unknown, Confidence::Certain);
        }
        let (Some(ceiling_ms), Some(age)) = (ceiling_ms, age) else {
            return (Verdict::Unknown, Confidence::Certain);
        };
        let is_over = |since_ms: i64| self.now_ms.saturating_sub(since_ms) > ceiling_ms;
        match (age.bound, is_over(age.since_ms)) {
            (Bound::Exact, true) => (Verdict::Over, surest),
            (Bound::Exact, false) => (Verdict::Under, surest),
            (_, false) => (Verdict::Unknown, Confidence::Certain),
            (_, true) => {
                // It was watched all the while; between two skipped fires it was not.
                let watched = evidence
                    .iter()
                    .any(|e| e.kind == EvidenceKind::Observed && e.since_ms.is_some_and(is_over));
                let sure = if watched { surest } else { Confidence::Likely };
                (Verdict::Over, sure)
            }
        }
    }

    /// Whether an age begins in the future.
    fn is_ahead(&self, age: &Age) -> bool {
        age.since_ms > self.now_ms.saturating_add(AHEAD_MS)
    }

    /// The turn's id: as listed, else as an earlier look at the list named it.
    fn turn_id(&self) -> Option<&'a String> {
        let listed = self.listed.and_then(|turn| turn.turn_id.as_ref());
        listed.or_else(|| self.spell?.turn_id.as_ref())
    }

    /// The prompt in flight; while the sweep hides it, the one seen before.
    fn task(&self, going: bool) -> Option<&'a String> {
        let spell = self.spell.filter(|_| going);
        self.current_task().or_else(|| spell?.current_task.as_ref())
    }

    /// Adds what else there is to say of the workspace.
    fn describe(&self, notes: &mut Vec<String>) {
        match self.workspace {
            None => notes.push("GET /workspaces does not list this workspace".to_owned()),
            Some(workspace) => {
                let status = workspace.status.as_deref().unwrap_or("online");
                if status != "online" {
                    notes.push(format!("the workspace is {status}"));
                }
            }
        }
    }

    /// What names the turn where it has no id: the start that the list names or, as it stays the same
    /// from look to look, when it was first seen busy.
    fn key(&self, evidence: &[Evidence]) -> String {
        if let Some(id) = self.turn_id() {
            return id.clone();
        }
        let listed = self.listed.and_then(|turn| turn.started_at_ms);
        let since = listed
            .or_else(|| self.spell.map(|spell| spell.first_seen_ms))
            .or_else(|| evidence.iter().find_map(|e| e.since_ms))
            .unwrap_or(self.now_ms);
        format!("since:{since}")
    }
}
