//! The rules that a rehearsal was played by, and what each rests on. Pure.

use super::report::{RestartRule, RestartUse, RuleRow, Sureness};
use super::setting::Cast;
use crate::command::plan::given::Given;
use crate::job::Job;
use crate::rehearsal::{Era, FAILED_CALL_MS, Silence};
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
            let sure = checked.contains(&version);
            let names: Vec<String> = checked.iter().map(Version::to_string).collect();
            let of = if sure {
                String::new()
            } else {
                format!(", taken for {version} too")
            };
            rules.push(RuleRow {
                source: Some(source.tag.clone()),
                rule,
                sureness: if sure {
                    Sureness::Certain
                } else {
                    Sureness::Likely
                },
                origin: format!("{origin} {}{of}", names.join(", ")),
            });
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
        match gateway.era {
            Era::March { silence: ends } => {
                row(
                    "a call that fails with 429 or 5xx: 3 tries 0.5 and 1 s apart, less up to a quarter, all that 4 times, 2, 4 and 8 s apart: 12 calls; other statuses: 1 call".into(),
                    &[MARCH_28, MARCH_31],
                    "recorded on 2026.3.28, read of",
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
                    "then the next model of the chain, at the end of the line, after 250 to 300 ms when overloaded; not after a 400; an error of a recurring job: no start for 30 s, 1 min, 5 min, 15 min, 1 h; one-shots: 3 repeats, then off".into(),
                    &[MARCH_28, MARCH_31],
                    "maybeBackoffBeforeOverloadFailover, applyJobResult of",
                );
            }
            Era::September => {
                row(
                    "a call that fails with 429, 5xx or no answer: again after 1 s, doubling to 30 s, times 0.5 to 1.5; 8 times within 90 s, 9 times at a 429; other statuses: 1 call".into(),
                    &[SEPTEMBER_6],
                    "resolveTransientRetryDelayMs, recorded on",
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
            }
        }
    }
    rules.push(RuleRow {
        source: None,
        rule: "a 408 is retried as a 429 is, on 2026.9 as a 5xx".to_owned(),
        sureness: Sureness::Likely,
        origin: "by its class; not recorded".to_owned(),
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
