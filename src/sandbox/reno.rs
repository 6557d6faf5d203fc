//! Reno Stars in virtual time: the pure world, watched by the pure core. What the platform says is
//! read through its own JSON, as over HTTP.

use std::collections::BTreeMap;

use super::scenario::{Moment, Scenario, Span, built_in};
use super::world::{Ask, Filter, Reply, World};
use crate::checkpoint::{
    self, Action, Attempt, Outcome, ReadBack, Reply as Wire, Seen, Target, read_answer,
};
use crate::ledger::Ledger;
use crate::turn::{self, Adapters, Sighting, Snapshot, Spell, TurnsRoute, Verdict, Witness, judge};

/// 2026-05-22T07:00:03Z: the turn begins.
const BEGIN: i64 = 1_779_433_203_000;
/// 2026-05-22T18:30:44Z: it is reported.
const REPORTED: i64 = 1_779_474_644_000;
const MINUTE: i64 = 60_000;

/// What a day came to.
#[derive(Debug, Default)]
struct Day {
    /// Requests sent: instant and turn.
    requests: Vec<(i64, Option<String>)>,
    outcomes: Vec<Outcome>,
    /// The fires by status, in order.
    fires: Vec<String>,
    /// How often the first turn was seen, and with which verdicts.
    verdicts: BTreeMap<&'static str, u32>,
    still_there: bool,
}

/// The watch: looks every minute in the first three quarters of an hour, then every quarter, and
/// frees what is over its ceiling.
struct Watch {
    world: World,
    turns_route: bool,
    ledger: Ledger,
    spells: BTreeMap<String, Spell>,
    /// By what names the turn, as the ledger keeps them.
    attempts: BTreeMap<String, Vec<Attempt>>,
    day: Day,
}

fn watched(scenario: &Scenario, turns_route: bool) -> Day {
    let mut watch = Watch {
        world: World::new(scenario, BEGIN).unwrap(),
        turns_route,
        ledger: Ledger::in_memory().unwrap(),
        spells: BTreeMap::new(),
        attempts: BTreeMap::new(),
        day: Day::default(),
    };
    let mut now = BEGIN;
    while now <= REPORTED {
        watch.world.advance(now);
        // Without the list of turns the next one looks like the one whose POST timed out: busy, with
        // the same prompt. What tells them apart is that the workspace was seen idle between them.
        watch.look(now);
        let early = now < BEGIN + 45 * MINUTE;
        now += if early { MINUTE } else { 15 * MINUTE };
    }
    watch.world.advance(REPORTED);
    let filter = Filter {
        kind: Some("cron_run".to_owned()),
        limit: Some(500),
        ..Filter::default()
    };
    let runs = watch.world.activity_json(0, &filter);
    let status = |row: &serde_json::Value| row["status"].as_str().unwrap().to_owned();
    watch.day.fires = runs.as_array().unwrap().iter().rev().map(status).collect();
    let turn = watch.world.turn_json(0);
    watch.day.still_there = turn.is_some_and(|turn| turn["started_at"] == "2026-05-22T07:00:03Z");
    watch.day
}

impl Watch {
    fn snapshot(&mut self, now_ms: i64) -> Snapshot {
        let list = String::from_utf8(self.world.workspaces_json().to_vec()).unwrap();
        let workspaces = turn::parse_workspaces(&list).unwrap().value;
        let id = workspaces[0].id.clone();
        let rows = Filter {
            limit: Some(50),
            ..Filter::default()
        };
        let activity = self.world.activity_json(0, &rows).to_string();
        let schedules = self.world.schedules_json(0).to_string();
        let config = self.world.config_json(0).to_string();
        let turns = if self.turns_route {
            let turns = self.world.turns_json(None);
            TurnsRoute::Listed(turn::parse_turns(&turns).unwrap().value)
        } else {
            TurnsRoute::Missing("404".to_owned())
        };
        Snapshot {
            turns_cut: false,
            source: "sandbox".to_owned(),
            taken_at_ms: now_ms,
            clock_offset_ms: Some(0),
            activity: [(id.clone(), turn::parse_activity(&activity).unwrap().value)].into(),
            ceilings: [(id.clone(), turn::parse_config(&config).unwrap())].into(),
            schedules: [(id, turn::parse_schedules(&schedules).unwrap().value)].into(),
            workspaces,
            turns,
        }
    }

    /// What a poll of the workspaces saw.
    fn remember(&mut self, snapshot: &Snapshot, now_ms: i64) {
        let workspace = &snapshot.workspaces[0];
        let sighting = Sighting {
            workspace_id: workspace.id.clone(),
            at_ms: now_ms,
            busy: workspace.active_tasks.is_some_and(|n| n > 0),
            by: Witness::Poll,
            turn_id: None,
            current_task: workspace.current_task.clone(),
            started_ms: None,
            ended_ms: None,
            idle_before_ms: None,
        };
        self.spells = self.ledger.observe("sandbox", &[sighting]).unwrap();
    }

    fn look(&mut self, now_ms: i64) {
        let snapshot = self.snapshot(now_ms);
        self.remember(&snapshot, now_ms);
        let policy = turn::Policy {
            ceiling_ms: None,
            silent_after_ms: 10 * MINUTE,
        };
        let judged = judge(&snapshot, &self.spells, &Adapters::built_in(), &policy);
        for turn in judged.turns {
            let word = match turn.verdict {
                Verdict::Over => "over",
                Verdict::Under => "under",
                Verdict::Off => "off",
                Verdict::Idle => "idle",
                _ => "other",
            };
            *self.day.verdicts.entry(word).or_default() += 1;
            if turn.verdict == Verdict::Over {
                self.free(&turn, now_ms);
            }
        }
    }

    /// Does what is decided about one turn, until it is done.
    fn free(&mut self, turn: &turn::Turn, mut now_ms: i64) {
        let target = Target {
            platform: "sandbox".to_owned(),
            workspace_id: turn.workspace_id.clone(),
            turn_id: turn.turn_id.clone(),
            turn_key: turn.key.clone(),
            begun_ms: now_ms,
        };
        let policy = checkpoint::Policy::default();
        let mut looks = Vec::new();
        let mut attempts = self.attempts.remove(&turn.key).unwrap_or_default();
        for _ in 0..200 {
            match checkpoint::decide(&target, &attempts, &looks, &policy, now_ms) {
                Action::Request { request_id, round } => {
                    self.day.requests.push((now_ms, target.turn_id.clone()));
                    let ask = Ask {
                        turn_id: target.turn_id.clone(),
                        request_id: request_id.clone(),
                    };
                    let reply = self.world.checkpoint(0, &ask).reply;
                    let answer = (read_answer(&wire(&reply)).0, now_ms);
                    attempts.push(Attempt {
                        request_id,
                        round,
                        at_ms: now_ms,
                        answer: Some(answer),
                        restart: false,
                    });
                }
                Action::Look { at_ms } => {
                    now_ms = now_ms.max(at_ms);
                    self.world.advance(now_ms);
                    looks.push(ReadBack {
                        at_ms: now_ms,
                        seen: self.seen(&target),
                    });
                }
                Action::Wait { until_ms, .. } => {
                    now_ms = now_ms.max(until_ms);
                    self.world.advance(now_ms);
                }
                Action::Restart => panic!("nobody asked for a restart"),
                Action::Done { outcome, .. } => {
                    self.day.outcomes.push(outcome);
                    self.attempts.insert(turn.key.clone(), attempts);
                    return;
                }
            }
        }
        panic!("no end of it: {:?}", self.day);
    }

    fn seen(&mut self, target: &Target) -> Seen {
        if !self.turns_route {
            let snapshot = self.snapshot(self.world.now_ms());
            let busy = snapshot.workspaces[0].active_tasks.is_some_and(|n| n > 0);
            return if busy { Seen::InFlight } else { Seen::Idle };
        }
        match self.world.turn_json(0) {
            None => Seen::Gone,
            Some(turn) if turn["turn_id"].as_str() == target.turn_id.as_deref() => Seen::InFlight,
            Some(_) => Seen::Successor,
        }
    }
}

/// A reply as it comes over the wire.
fn wire(reply: &Reply) -> Wire {
    let Reply::Json(status, body) = reply else {
        panic!("the adapter of Reno Stars answers in JSON: {reply:?}");
    };
    Wire::Http {
        status: *status,
        content_type: Some("application/json".to_owned()),
        retry_after_ms: None,
        body: body.to_string(),
    }
}

/// The scenario up to the begin of the turn.
fn scenario(name: &str) -> Scenario {
    let mut scenario = Scenario::parse(name, built_in(name).unwrap()).unwrap();
    scenario.platform.start = Some(Moment::At(BEGIN));
    scenario.platform.history = Span(MINUTE);
    scenario
}

#[test]
fn with_the_default_ceiling_it_is_checkpointed_at_30_minutes_and_the_fires_run() {
    let as_it_was = scenario("reno-stars");
    // The same day, had the schedule fired all the time.
    let mut all_fires = as_it_was.clone();
    for workspace in &mut all_fires.workspaces {
        for schedule in &mut workspace.as_mut().schedules {
            schedule.still = Some((Moment::At(BEGIN - MINUTE), Moment::At(BEGIN + MINUTE)));
        }
    }
    for (scenario, fires) in [(&as_it_was, 13), (&all_fires, 23)] {
        for turns_route in [true, false] {
            let day = watched(scenario, turns_route);
            let [(at, turn)] = &day.requests[..] else {
                panic!("{day:?}");
            };
            // A look a minute: the first one after 30 minutes, to the second, were over.
            assert_eq!(*at, BEGIN + 31 * MINUTE, "{day:?}");
            let named = turn.as_deref() == Some("turn-3fe84b89-1");
            assert_eq!(named, turns_route, "{day:?}");
            // Looked at again while its zero may still be the sweep's, it is confirmed once more, and
            // nothing is sent.
            let outcomes = &day.outcomes;
            assert!(!outcomes.is_empty(), "{day:?}");
            assert!(outcomes.iter().all(|o| *o == Outcome::Confirmed), "{day:?}");
            assert!(!day.still_there);
            let ok = day.fires.iter().filter(|status| *status == "ok").count();
            assert_eq!((ok, day.fires.len()), (fires, fires), "{:?}", day.fires);
        }
    }
}

#[test]
fn with_ceiling_0_it_is_left_alone_as_before() {
    for turns_route in [true, false] {
        let day = watched(&scenario("reno-stars-ceiling-0"), turns_route);
        assert_eq!(day.requests, [], "{turns_route}");
        assert!(day.still_there);
        // 45 looks in the first 45 minutes, 44 in the 10 h 45 min after: never another verdict.
        assert_eq!(day.verdicts, [("off", 89)].into(), "{turns_route}");
        assert_eq!(day.fires, vec!["error"; 12]);
    }
}
