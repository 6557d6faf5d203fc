//! Turns of an OpenClaw gateway, from its state directory.

use super::sources::{Gateway, OpenClawState};
use crate::context::Context;
use crate::error::Error;
use crate::model::agent_id;
use crate::openclaw::state::{self, Layout, State};
use crate::openclaw::{Want, models, running};
use crate::schedule::Version;
use crate::source::SourceArgs;
use crate::turn::{OpenClawRuns, Policy, openclaw_turns};
use crate::zones::Zones;

/// Reads what runs in a state directory, offline and read-only, and judges it.
///
/// # Errors
/// When the state cannot be read.
pub(super) fn turns(
    source: &OpenClawState,
    ctx: &Context,
    policy: &Policy,
    now_ms: i64,
) -> Result<Gateway, Error> {
    let paths = source.paths.clone();
    let stated = stated_version(ctx)?;
    let state = state::read(paths, &ctx.env, &ctx.directory, stated, 0, Want::Jobs)?;
    let mut warnings = state.notes.clone();
    let mut problems = state.problems.clone();
    let Some(store) = &state.store else {
        return Ok(Gateway {
            turns: Vec::new(),
            warnings,
            problems,
        });
    };
    let version = state.version.version;
    let found = running::read(&state.paths.state_dir, store, version, &ctx.env)?;
    problems.extend(found.problems);
    let runs = OpenClawRuns {
        source: source.tag.clone(),
        version,
        version_sure: state.version.confidence,
        live: false,
        max_concurrent_runs: state.max_concurrent_runs,
        default_agent: default_agent(&state),
        markers: found.markers,
        queued: found.queued,
        markers_at: found.markers_at,
        receipts: found.receipts,
        tasks: found.tasks,
    };
    if let Some(why) = alone(&state, &runs) {
        warnings.push(format!("{}: {why}", state.paths.state_dir.display()));
    }
    let turns = openclaw_turns(&runs, &state.jobs, policy, &Zones::new(&ctx.env), now_ms);
    Ok(Gateway {
        turns,
        warnings,
        problems,
    })
}

/// What it means that markers stand alone, where there are any.
fn alone(state: &State, runs: &OpenClawRuns) -> Option<&'static str> {
    if runs.markers.is_empty() || runs.receipts.is_some() || runs.tasks.is_some() {
        return None;
    }
    Some(match state.layout {
        Some(Layout::Files) => {
            "this version keeps no list of running tasks: a running marker is all there is, and a \
             run that the gateway does not know any more looks like one that goes on"
        }
        _ => {
            "no receipts and no tasks of cron runs are kept here: a running marker is all there is"
        }
    })
}

/// The version that the configuration of cronctl states.
fn stated_version(ctx: &Context) -> Result<Option<Version>, Error> {
    let args = SourceArgs::default().or_configured(&ctx.config.source_defaults())?;
    Ok(args.stated_version())
}

/// The agent of jobs that name none: the one marked as default, else the first, else `main`.
fn default_agent(state: &State) -> String {
    let settings = state.config.as_ref().map(models::settings);
    let agents = settings.iter().flat_map(|settings| &settings.agents);
    let marked = agents.clone().find(|agent| agent.is_default);
    let agent = marked.or_else(|| agents.clone().next());
    agent.map_or_else(|| "main".to_owned(), |agent| agent_id(&agent.id))
}
