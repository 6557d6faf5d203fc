//! The rules that a rehearsal was played by, and what each rests on. Pure.

use super::report::{RestartRule, RestartUse, RuleRow, Sureness};
use super::retry::{self, Basis};
use super::setting::Cast;
use crate::command::plan::given::Given;
use crate::job::Job;
use crate::rehearsal::{Era, FAILED_CALL_MS, Retry, Silence};
use crate::schedule::Version;
use crate::when;

const MARCH_28: Version = Version::new(2026, 3, 28);
const MARCH_31: Version = Version::new(2026, 3, 31);
const SEPTEMBER_6: Version = Version::new(2026, 9, 6);

/// What one gateway makes up after a restart.
fn made_up(g: &RestartRule) -> RuleRow {
    RuleRow {
        source: Some(g.source.clone()),
        rule: format!("after a restart, {}", g.rule),
        sureness: Sureness::of(g.rule_confidence),
        origin: format!(
            "planStartupCatchup, executeStartupCatchupPlan of {}",
            g.version
        ),
    }
}

/// Every rule in force, source by source, then the simplifications.
pub(super) fn used(given: &Given, cast: &Cast, restart: Option<&RestartUse>) -> Vec<RuleRow> {
    let gateways = restart.map_or(&[][..], |r| &r.gateways);
    let mut rules: Vec<RuleRow> = gateways.iter().map(made_up).collect();
    for (at, source) in given.loaded.sources.iter().enumerate() {
        let Some(version) = cast.versions[at].filter(|_| cast.has(at)) else {
            continue;
        };
        let gateway = &cast.gateways[at];
        let mut row = |rule: String, checked: &[Version], origin: &str| {
            rules.push(of_version(&source.tag, version, rule, checked, origin));
        };
        row(
            format!("slots: {}", gateway.dispatch.rule()),
            &[MARCH_28, MARCH_31, SEPTEMBER_6],
            "run on",
        );
        if gateway.lane.is_some() {
            row(
                "isolated agent turns run one at a time, whatever cron.maxConcurrentRuns says; the wait counts for their time-out".into(),
                &[MARCH_28, MARCH_31],
                "resolveGlobalLane (lane nested), recorded on 2026.3.28, read of",
            );
        }
        let silence = when::duration(gateway.era.silence_ms());
        let basis = retry::of(given.loaded.gateways[at].as_ref(), gateway.era).1;
        match gateway.era {
            Era::March { silence: ends } => {
                row(
                    "a call that fails with 429, 500, 502, 503, 504 or 529: 3 tries 0.5 and 1 s apart, less up to a quarter, all that 4 times, 2, 4 and 8 s apart: 12 calls; with 408, 409 or another 5xx: 3 tries; with another status: 1 call".into(),
                    &[MARCH_28, MARCH_31],
                    "_isRetryableError, shouldRetry of the clients; 400 to 404, 429, 500, 503, 529 recorded on 2026.3.28, read of",
                );
                let (after, checked) = match ends {
                    Silence::Client => ("and counts as one of these tries", MARCH_28),
                    Silence::Watched => ("and the model is given up", MARCH_31),
                };
                row(
                    format!("a call without an answer ends after {silence} {after}"),
                    &[checked],
                    "recorded on",
                );
                row(
                    "then the next model of the chain, at the end of the line, after 250 to 300 ms when overloaded; not after 400, 408, 409, the 4xx and 5xx that it does not know; an error of a recurring job: no start for 30 s, 1 min, 5 min, 15 min, 1 h".into(),
                    &[MARCH_28, MARCH_31],
                    "maybeBackoffBeforeOverloadFailover, classifyFailoverReason, applyJobResult of",
                );
                rules.extend(repeats(&source.tag, version, ends, (&gateway.retry, basis)));
            }
            Era::September => {
                row(
                    "a call that fails with 408, 410, 429, 499, 5xx or no answer: again after 1 s, doubling to 30 s, times 0.5 to 1.5; 8 times within 90 s, 9 times at a 429; other statuses: 1 call".into(),
                    &[SEPTEMBER_6],
                    "resolveTransientRetryDelayMs, classifyFailoverSignalCore, recorded on",
                );
                row(
                    format!(
                        "a call without an answer ends after {silence} (not at providers on the gateway's own host)"
                    ),
                    &[SEPTEMBER_6],
                    "CRON_LLM_IDLE_TIMEOUT_MS of",
                );
                row(
                    "then the next model of the chain at once; a run that failed of what may pass is repeated after 30 s, 1 min and 5 min; 10 errors in a row switch a recurring job off".into(),
                    &[SEPTEMBER_6],
                    "applyJobResult, recorded on",
                );
                if basis == Basis::Set {
                    row(
                        "cron.retry of the configuration changes nothing".into(),
                        &[SEPTEMBER_6],
                        "resolveTransientCronRetryDecision of",
                    );
                }
            }
        }
    }
    rules.push(RuleRow {
        source: None,
        rule: "an answer that fails says nothing but its status: words such as overloaded, timeout or billing in its body may make it another kind".to_owned(),
        sureness: Sureness::Assumed,
        origin: "a simplification: what providers write is not known".to_owned(),
    });
    let events = |job: &Job| job.enabled && job.payload_kind.as_deref() == Some("systemEvent");
    if given.loaded.jobs.iter().any(events) {
        rules.push(RuleRow {
            source: None,
            rule: "an event for a main session is played like an agent turn of its own, outside the lane; a gateway hands its text to the session, whose turn calls the model".to_owned(),
            sureness: Sureness::Assumed,
            origin: "a simplification: which turn takes it up is not recorded".to_owned(),
        });
    }
    rules.extend(simplifications());
    rules
}

/// A rule of one gateway: certain where it was looked at in its very version.
fn of_version(
    tag: &str,
    version: Version,
    rule: String,
    checked: &[Version],
    origin: &str,
) -> RuleRow {
    let sure = checked.contains(&version);
    let names: Vec<String> = checked.iter().map(Version::to_string).collect();
    let of = if sure {
        String::new()
    } else {
        format!(", taken for {version} too")
    };
    RuleRow {
        source: Some(tag.to_owned()),
        rule,
        sureness: if sure {
            Sureness::Certain
        } else {
            Sureness::Likely
        },
        origin: format!("{origin} {}{of}", names.join(", ")),
    }
}

/// The repeats of one-shots by 2026.3, and what an error counts as.
fn repeats(
    tag: &str,
    version: Version,
    silence: Silence,
    (retry, basis): (&Retry, Basis),
) -> Vec<RuleRow> {
    let mut row = of_version(
        tag,
        version,
        retry::said(retry, basis),
        &[MARCH_28, MARCH_31],
        "resolveRetryConfig, applyJobResult of",
    );
    if basis == Basis::Unknown {
        row.sureness = Sureness::Likely;
    }
    let alone = match silence {
        Silence::Client => "408, 409, 410, 499 and no answer do not",
        Silence::Watched => "408, 409, 410 and 499 do not",
    };
    let read = format!(
        "what an error is, the scheduler reads in its text: 429, 5xx may pass, {alone}; after several models the text is that of all, and what may pass of any counts"
    );
    let origin = "TRANSIENT_PATTERNS, throwFallbackFailureSummary of";
    let read = of_version(tag, version, read, &[MARCH_28, MARCH_31], origin);
    vec![row, read]
}

/// What holds for all, because it is not recorded.
fn simplifications() -> [RuleRow; 3] {
    let assumed = |rule: String, origin: &str| RuleRow {
        source: None,
        rule,
        sureness: Sureness::Assumed,
        origin: origin.to_owned(),
    };
    [
        assumed(
            format!("a healthy run is one call that lasts the run's length; a refused call lasts {FAILED_CALL_MS} ms; a call that was accepted before a fault begins succeeds"),
            "a simplification: how many calls a run makes is not recorded",
        ),
        assumed(
            "each provider has one key; keys put aside after an error (cool-downs of auth profiles, of a whole provider after 401, 402 and 403 in 2026.9) are not played: their calls are an upper bound".into(),
            "not in what the sources record",
        ),
        assumed(
            "every-jobs stay on the plan's instants; a gateway counts from the last start".into(),
            "a simplification",
        ),
    ]
}
