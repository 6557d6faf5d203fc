//! Which runs are meant, and what would be sent for each.

use super::Ask;
use crate::checkpoint::Outcome;
use crate::error::Error;
use crate::job::Job;
use crate::openclaw::Confidence;
use crate::openclaw::gateway::{Look, session_of, task_of};
use crate::report::nearest;
use crate::turn::{Turn, Verdict};
use crate::when;

/// How many candidates a message lists.
const LISTED: usize = 5;

/// One run that is meant.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// The run as judged before.
    pub(super) turn: Turn,
    /// What to do.
    pub(super) what: What,
}

/// What to do about a run.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Abort the session of this key.
    Abort(String),
    /// Nothing: how that ends, and why.
    Nothing(Outcome, String),
}

impl Planned {
    /// A line for a person who is asked whether to go on; `None` when nothing would be sent.
    pub(super) fn line(&self) -> Option<String> {
        let What::Abort(key) = &self.what else {
            return None;
        };
        let name = label(&self.turn);
        let age = self.turn.age_ms.map_or_else(
            || "of unknown age".to_owned(),
            |age| when::duration(age / 1_000 * 1_000),
        );
        Some(format!("{name}, {age}: {key}"))
    }
}

/// A run's name for people.
pub(super) fn label(turn: &Turn) -> &str {
    let name = turn.workspace_name.as_deref();
    name.or(turn.schedule_id.as_deref()).unwrap_or("?")
}

/// Chooses the runs that are asked for, oldest first.
///
/// # Errors
/// When a name is no job's, or several jobs'.
pub(super) fn select(ask: &Ask<'_>, look: &Look, turns: &[Turn]) -> Result<Vec<Planned>, Error> {
    let mut named = Vec::new();
    for text in ask.jobs {
        let id = one(text, &look.jobs)?;
        if !named.contains(&id) {
            named.push(id);
        }
    }
    let is_named = |turn: &Turn| {
        named.is_empty()
            || named
                .iter()
                .any(|id| Some(*id) == turn.schedule_id.as_deref())
    };
    let is_over = |turn: &Turn| !ask.over_ceiling || turn.verdict == Verdict::Over;
    let mut planned: Vec<Planned> = turns
        .iter()
        .filter(|turn| is_named(turn) && is_over(turn))
        .map(|turn| Planned {
            what: what(ask, look, turn),
            turn: turn.clone(),
        })
        .collect();
    for planned in planned
        .iter_mut()
        .filter(|p| p.line().is_some())
        .skip(ask.max_actions)
    {
        let why = format!("--max-actions {} was used up", ask.max_actions);
        planned.what = What::Nothing(Outcome::NotSent, why);
    }
    if !ask.over_ceiling {
        let idle = named.iter().filter(|id| {
            let mut ids = turns.iter().map(|turn| turn.schedule_id.as_deref());
            !ids.any(|have| have == Some(**id))
        });
        let jobs = idle.filter_map(|id| look.jobs.iter().find(|job| *job.id == **id));
        planned.extend(jobs.map(|job| idle_row(job, look)));
    }
    Ok(planned)
}

fn what(ask: &Ask<'_>, look: &Look, turn: &Turn) -> What {
    let nothing = |outcome, why: &str| What::Nothing(outcome, why.to_owned());
    let why = turn
        .notes
        .first()
        .map_or("nothing is in flight", String::as_str);
    match turn.verdict {
        Verdict::Idle | Verdict::Leaked => return nothing(Outcome::Idle, why),
        _ if ask.certain && turn.confidence != Confidence::Certain => {
            return nothing(Outcome::NotSent, "its verdict is not certain (--certain)");
        }
        _ => {}
    }
    let job = look
        .jobs
        .iter()
        .find(|job| Some(&*job.id) == turn.schedule_id.as_deref());
    match session_of(turn, job, task_of(turn, &look.runs)) {
        Ok(key) => What::Abort(key),
        Err(why) => What::Nothing(Outcome::Unsupported, why),
    }
}

/// A job that was named and has nothing in flight.
fn idle_row(job: &Job, look: &Look) -> Planned {
    let agent = job.agent.as_ref().map(ToString::to_string);
    let turn = Turn {
        source: look.runs.source.clone(),
        workspace_id: agent.unwrap_or_else(|| look.runs.default_agent.clone()),
        workspace_name: job.name.clone().map(String::from),
        runtime: Some("openclaw".to_owned()),
        native_session: None,
        native_session_origin: "not applicable".to_owned(),
        turn_id: None,
        origin: None,
        schedule_id: Some(job.id.to_string()),
        verdict: Verdict::Idle,
        confidence: Confidence::Certain,
        liveness: crate::turn::Liveness::Unknown,
        started_at: None,
        started_at_ms: None,
        age_ms: None,
        age_is: None,
        evidence: None,
        other_evidence: Vec::new(),
        ceiling_ms: None,
        ceiling_origin: "not asked: nothing is in flight".to_owned(),
        over_by_ms: None,
        last_sign_at: None,
        last_sign_at_ms: None,
        last_sign: None,
        queue_depth: None,
        active_tasks: None,
        current_task: None,
        blocks: crate::turn::Blocks::default(),
        steerable: None,
        steerable_origin: "nothing is in flight".to_owned(),
        notes: Vec::new(),
        url: None,
        key: "idle".to_owned(),
    };
    let why = "neither a running marker nor a running task".to_owned();
    Planned {
        turn,
        what: What::Nothing(Outcome::Idle, why),
    }
}

/// Finds the job that is meant: by id, name, or unique prefix of the id. What is ambiguous is
/// refused: a run that is aborted does not come back.
fn one<'a>(text: &str, jobs: &'a [Job]) -> Result<&'a str, Error> {
    let ids = |wanted: &dyn Fn(&Job) -> bool| -> Vec<&'a str> {
        let wanted = jobs.iter().filter(|job| wanted(job));
        wanted.map(|job| &*job.id).collect()
    };
    let exact = ids(&|job| *job.id == *text);
    let named = ids(&|job| job.name.as_deref() == Some(text));
    let begun = ids(&|job| !text.is_empty() && job.id.starts_with(text));
    for (found, what) in [
        (exact, "have the id"),
        (named, "are named"),
        (begun, "begin with"),
    ] {
        match &found[..] {
            [] => {}
            [id] => return Ok(*id),
            several => {
                let mut listed = several[..several.len().min(LISTED)].join(", ");
                if several.len() > LISTED {
                    listed.push_str(", …");
                }
                let n = several.len();
                return Err(Error::usage(format!("{n} jobs {what} {text:?}: {listed}"))
                    .hint("name the one that is meant by its id"));
            }
        }
    }
    let candidates = jobs
        .iter()
        .flat_map(|job| std::iter::once(&*job.id).chain(job.name.as_deref()));
    let error = Error::usage(format!(
        "no job of the gateway has the id, prefix or name {text:?}"
    ));
    Err(match nearest(text, candidates) {
        Some(name) => error.hint(format!("did you mean {name:?}?")),
        None => error,
    })
}
