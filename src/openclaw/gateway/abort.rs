//! Aborting a cron run: which session is its own, and what an answer means. Pure.

use serde_json::{Value, json};

use super::failure::Failure;
use crate::checkpoint::{Answer, Seen};
use crate::job::Job;
use crate::turn::{OpenClawRuns, TaskRun, Turn};

/// The method.
pub const ABORT: &str = "sessions.abort";

/// Records of one run name the same instant; ones further apart are of different runs.
const SAME_RUN_MS: u64 = 2_000;

/// The session of a run, or why there is none that may be aborted.
///
/// An isolated run has a session of its own, whose key names the run: to abort it stops nothing
/// else. While the gateway prepares the run, only the job's key is known. A session that is shared
/// (`main`, a named one) may be in use by a person at the same moment, so it is left alone.
///
/// # Errors
/// The reason, in words.
pub fn session_of(
    turn: &Turn,
    job: Option<&Job>,
    task: Option<&TaskRun>,
) -> Result<String, String> {
    let id = turn.schedule_id.as_deref().unwrap_or_default();
    if let Some(kind) = job.and_then(|job| job.payload_kind.as_deref())
        && kind != "agentTurn"
    {
        return Err(format!(
            "a {kind} run has no agent session; the gateway's tasks.cancel ends it by its task{}",
            task.map_or_else(String::new, |task| format!(" {}", task.id))
        ));
    }
    let own = format!("agent:{}:cron:{id}", turn.workspace_id);
    let Some(key) = task.and_then(|task| task.session_key.as_deref()) else {
        let target = job.and_then(|job| job.session_target.as_deref());
        return match target {
            Some(shared) if shared != "isolated" => Err(shared_session(shared, task)),
            _ => Ok(own),
        };
    };
    if key == own || key.starts_with(&format!("{own}:")) {
        Ok(key.to_owned())
    } else {
        Err(shared_session(key, task))
    }
}

fn shared_session(key: &str, task: Option<&TaskRun>) -> String {
    format!(
        "it runs in the session {key}, which others use too: aborting it could stop them; the \
         gateway's tasks.cancel ends it by its task{}",
        task.map_or_else(String::new, |task| format!(" {}", task.id))
    )
}

/// The parameters of [`ABORT`].
pub fn abort_params(key: &str) -> Value {
    json!({"key": key})
}

/// The task of a turn.
pub fn task_of<'a>(turn: &Turn, runs: &'a OpenClawRuns) -> Option<&'a TaskRun> {
    let tasks = runs.tasks.iter().flatten();
    let mine = |task: &&TaskRun| Some(&*task.job_id) == turn.schedule_id.as_deref();
    tasks
        .filter(|task| !task.queued)
        .filter(mine)
        .find(|task| same_run(turn.started_at_ms, task.started_at_ms))
}

/// What is there of a turn.
pub fn seen(turn: &Turn, runs: &OpenClawRuns) -> Seen {
    let id = turn.schedule_id.as_deref().unwrap_or_default();
    let tasks = runs.tasks.iter().flatten();
    let tasks = tasks.filter(|task| task.job_id == id && !task.queued);
    let marker = runs.markers.get(id).map(|at| Some(*at));
    let starts = tasks.map(|task| task.started_at_ms).chain(marker);
    let mut any = false;
    for start in starts {
        if same_run(turn.started_at_ms, start) {
            return Seen::InFlight;
        }
        any = true;
    }
    if any { Seen::Successor } else { Seen::Gone }
}

/// Whether two starts are of one run; an unknown one may be any.
fn same_run(a: Option<i64>, b: Option<i64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) <= SAME_RUN_MS,
        _ => true,
    }
}

/// Reads what came back from [`ABORT`]. The text says what stood in it.
pub fn read_abort(result: &Result<Value, Failure>) -> (Answer, String) {
    match result {
        Ok(payload) => match payload["status"].as_str() {
            Some("aborted") => {
                let answer = Answer::Checkpointed {
                    turn_id: payload["abortedRunId"].as_str().map(str::to_owned),
                    checkpoint_id: None,
                    resumable: None,
                };
                (answer, "aborted".to_owned())
            }
            Some("no-active-run") => (Answer::Idle, "no-active-run".to_owned()),
            _ => (
                Answer::Unclear,
                "an answer without a known status".to_owned(),
            ),
        },
        Err(Failure::Said(error)) => {
            let answer = if error.is_unauthorised() {
                Answer::Unauthorised
            } else if error.is_busy() {
                let retry_after_ms = error.retry_after_ms.and_then(|ms| i64::try_from(ms).ok());
                Answer::Throttled { retry_after_ms }
            } else if error.message.starts_with("unknown method") {
                Answer::Unsupported
            } else if error.code == "INVALID_REQUEST" {
                Answer::Rejected
            } else {
                Answer::Unclear
            };
            (answer, error.to_string())
        }
        Err(failure) => (Answer::Unclear, failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openclaw::gateway::RpcError;

    #[test]
    fn answers_are_read_by_what_they_say() {
        let said = |code: &str, message: &str, after: Option<u64>| {
            let error = json!({"code": code, "message": message, "retryAfterMs": after});
            Err(Failure::Said(RpcError::read(&error)))
        };
        let broken = Err(Failure::Broken {
            why: "nothing came within 10 s".to_owned(),
            sent: true,
        });
        let aborted = Answer::Checkpointed {
            turn_id: None,
            checkpoint_id: None,
            resumable: None,
        };
        let cases = [
            (
                Ok(json!({"ok": true, "abortedRunId": null, "status": "aborted"})),
                aborted,
            ),
            (
                Ok(json!({"ok": true, "status": "no-active-run"})),
                Answer::Idle,
            ),
            (Ok(json!({"ok": true})), Answer::Unclear),
            (Ok(json!(null)), Answer::Unclear),
            (
                said("FORBIDDEN", "missing scope: operator.write", None),
                Answer::Unauthorised,
            ),
            (
                said("UNAVAILABLE", "slow down", Some(700)),
                Answer::Throttled {
                    retry_after_ms: Some(700),
                },
            ),
            (
                said("INVALID_REQUEST", "unknown method: sessions.abort", None),
                Answer::Unsupported,
            ),
            (
                said("INVALID_REQUEST", "agent \"x\" not found", None),
                Answer::Rejected,
            ),
            (said("INTERNAL", "boom", None), Answer::Unclear),
            (broken, Answer::Unclear),
        ];
        for (result, expected) in cases {
            assert_eq!(read_abort(&result).0, expected, "{result:?}");
        }
    }
}
