//! `--restart-at` in a rehearsal: it begins where the gateways start, with what they make up.

use super::report::{RestartRule, RestartUse};
use super::setting::Cast;
use crate::command::plan::args::PlanArgs;
use crate::command::plan::gather::Gathered;
use crate::command::plan::given::Given;
use crate::command::plan::restart::{self, gateway};
use crate::error::Error;
use crate::plan::Horizon;
use crate::rehearsal::Restart;
use crate::when;

/// What is made up.
#[derive(Default)]
pub(super) struct MadeUp {
    /// By gateway that starts.
    pub(super) restarts: Vec<Restart>,
    /// Planned jobs that resume after an error backoff, and when.
    pub(super) extra: Vec<(usize, i64)>,
    pub(super) said: Option<RestartUse>,
}

/// The restart that is asked for; from its instant on goes the horizon.
///
/// # Errors
/// When an option contradicts it, or an instant cannot be read.
pub(super) fn asked(args: &PlanArgs, given: &mut Given) -> Result<Option<gateway::Restart>, Error> {
    if !args.restart.is_asked() {
        return Ok(None);
    }
    for (flag, is_given) in [
        ("--from", args.from.is_some()),
        ("--tick", args.tick.is_some()),
    ] {
        if is_given {
            return Err(
                Error::usage(format!("{flag} does not go with --restart-at"))
                    .because("the rehearsal begins where the gateway starts")
                    .hint(format!(
                        "leave {flag} out; --for and --until say where it ends"
                    )),
            );
        }
    }
    let restart = restart::restart(args, given)?;
    given.horizon = Horizon {
        from_ms: restart.at_ms,
        until_ms: restart.until_ms,
    };
    Ok(Some(restart))
}

/// What the OpenClaw gateways among the sources make up.
///
/// # Errors
/// When one would not start, its jobs have no state and nothing says since when it is down, or there
/// is none.
pub(super) fn made_up(
    restart: Option<&gateway::Restart>,
    given: &Given,
    gathered: &Gathered<'_>,
    cast: &Cast,
) -> Result<MadeUp, Error> {
    let Some(restart) = restart else {
        return Ok(MadeUp::default());
    };
    let (mut restarts, mut extra, mut gateways) = (Vec::new(), Vec::new(), Vec::new());
    for (source, version) in cast.versions.iter().enumerate() {
        let Some(version) = *version else { continue };
        let own = gateway::made_up(source, version, restart, given, gathered)?;
        gateways.push(RestartRule {
            source: given.loaded.sources[source].tag.clone(),
            version: version.to_string(),
            rule: own.rules.rule(),
            rule_confidence: own.rules.confidence,
            immediate: own.first.len(),
            deferred: own.then.len(),
            resumed: own.resume.len(),
            dropped: own.dropped,
        });
        extra.extend(own.resume);
        restarts.push(Restart {
            source,
            at_ms: restart.at_ms,
            first: own.first,
            then: own.then,
            passes_over: own.rules.loses_slots_meanwhile(),
        });
    }
    if restarts.is_empty() {
        return Err(Error::failed(
            "no source is an OpenClaw gateway's, and --restart-at is about those",
        )
        .hint("leave --restart-at out, or add --openclaw DIR"));
    }
    Ok(MadeUp {
        restarts,
        extra,
        said: Some(RestartUse {
            restart_at: when::utc(restart.at_ms),
            restart_at_ms: restart.at_ms,
            down_since_at: restart.down_since_ms.map(when::utc),
            down_since_at_ms: restart.down_since_ms,
            gateways,
        }),
    })
}
