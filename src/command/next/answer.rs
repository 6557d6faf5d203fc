//! From a question to its answer: asks the engine, and says what it rests on.

use super::Asked;
use super::refuse::{hangs, refused, tidy};
use super::report::{ChangeRow, EffectRow, FireRow, Inputs, NextReport, TrapRow};
use crate::error::Error;
use crate::schedule::traps::{self, Trap};
use crate::schedule::{
    AsFound, Cron, Hang, Rules, Stagger, Timetable, Version, dst, meaning, normalised,
};
use crate::when;
use crate::zones::Zones;

/// Clock changes whose effect is told.
const CHANGES: usize = 2;

/// Answers a question under one scheduler's rules.
pub(super) fn answer(asked: &Asked<'_>, zones: &Zones) -> Result<NextReport, Error> {
    let cron = Cron::compile(asked.rules, asked.expr, asked.tz, zones)
        .map_err(|e| refused(&tidy(e, asked.expr), asked.expr, asked.tz))?;
    report(asked, &cron, zones).map_err(hangs)
}

fn report(asked: &Asked<'_>, cron: &Cron, zones: &Zones) -> Result<NextReport, Hang> {
    let stagger = stagger(asked);
    let traps = traps::traps(&traps::Asked {
        rules: asked.rules,
        expr: asked.expr,
        tz: asked.tz,
        cron,
        after_ms: asked.after_ms,
        stagger,
    })?;
    let (fires, ends) = fires(asked, cron, stagger)?;
    let mut warnings = Vec::new();
    if let Rules::OpenClaw(version) = asked.rules
        && version > Version::NEWEST_CHECKED
    {
        warnings.push(format!(
            "OpenClaw {version} is newer than {}, the newest whose fires were recorded: its \
                 rules may have changed",
            Version::NEWEST_CHECKED
        ));
    }
    Ok(NextReport {
        inputs: inputs(asked, cron, stagger, zones),
        normalised: normalised(asked.rules, cron),
        meaning: meaning(cron),
        traps: traps.iter().map(trap_row).collect(),
        dst: changes(cron, asked.after_ms)?,
        ends,
        fires,
        warnings,
        problems: Vec::new(),
    })
}

/// The stagger of the job that was named.
fn stagger(asked: &Asked<'_>) -> Option<Stagger> {
    let id = asked.job_id?;
    let Rules::OpenClaw(version) = asked.rules else {
        return None;
    };
    let declared = asked.stagger_ms.map(AsFound::from);
    Some(Stagger::of(version, asked.expr, declared.as_ref(), id))
}

fn trap_row(trap: &Trap) -> TrapRow {
    TrapRow {
        kind: trap.kind(),
        text: trap.text(),
        instead: trap.instead(),
    }
}

/// Returns the fires, and whether there are no more.
fn fires(
    asked: &Asked<'_>,
    cron: &Cron,
    stagger: Option<Stagger>,
) -> Result<(Vec<FireRow>, bool), Hang> {
    let tz = cron.zone().time_zone();
    let stagger = stagger.unwrap_or(Stagger::NONE);
    let table = Timetable::staggered(cron.clone(), stagger);
    let mut rows = Vec::with_capacity(asked.count.min(64));
    let mut after = asked.after_ms;
    while rows.len() < asked.count {
        // A fire that is not later would be given again and again.
        let Some(at_ms) = table.next(after)?.filter(|at| *at > after) else {
            return Ok((rows, true));
        };
        let offset = stagger.offset_ms;
        let note = dst::note(cron, after.saturating_sub(offset), at_ms - offset)?;
        rows.push(FireRow {
            at: when::utc(at_ms),
            at_ms,
            local_at: when::local(at_ms, tz),
            in_ms: at_ms.saturating_sub(asked.now_ms),
            dst: note.as_ref().map(dst::FireNote::kind),
            note: note.map(|note| note.to_string()),
            tz: tz.clone(),
        });
        after = at_ms;
    }
    let ends = table.next(after)?.is_none_or(|at| at <= after);
    Ok((rows, ends))
}

fn changes(cron: &Cron, after_ms: i64) -> Result<Vec<ChangeRow>, Hang> {
    let zone = cron.zone();
    let row = |change: dst::Change| {
        let effects = dst::effects(cron, change)?;
        Ok(ChangeRow {
            at: when::utc(change.at_ms),
            at_ms: change.at_ms,
            change: change.to_string(),
            shift_ms: change.shift() * 1_000,
            effects: effects
                .iter()
                .map(|effect| EffectRow {
                    kind: effect.kind(),
                    text: effect.text(zone),
                })
                .collect(),
        })
    };
    dst::changes(zone, after_ms, CHANGES)
        .into_iter()
        .map(row)
        .collect()
}

/// Returns the name of the dialect that rules belong to.
pub(super) fn dialect(rules: Rules) -> &'static str {
    match rules {
        Rules::OpenClaw(_) => "openclaw",
        Rules::Molecule => "molecule",
        Rules::CronRs => "cron-rs",
    }
}

fn inputs(asked: &Asked<'_>, cron: &Cron, stagger: Option<Stagger>, zones: &Zones) -> Inputs {
    let version = match asked.rules {
        Rules::OpenClaw(version) => Some(version),
        _ => None,
    };
    Inputs {
        expr: asked.expr.to_owned(),
        dialect: dialect(asked.rules).to_owned(),
        dialect_origin: asked.dialect_origin.to_owned(),
        openclaw_version: version.map(|v| v.to_string()),
        openclaw_version_origin: version.map(|_| asked.version_origin.to_owned()),
        zone: cron.zone().name().to_owned(),
        zone_origin: zone_origin(asked.rules, asked.expr, asked.tz, zones),
        tzdata: zones.version(),
        after_at: when::utc(asked.after_ms),
        after_at_ms: asked.after_ms,
        after_origin: asked.after_origin.to_owned(),
        count: asked.count,
        job_id: asked.job_id.map(str::to_owned),
        stagger_window_ms: stagger.map(|s| s.window_ms),
        stagger_ms: stagger.map(|s| s.offset_ms),
        stagger_reason: stagger.map(|s| s.reason),
    }
}

/// Says where the zone comes from.
pub(super) fn zone_origin(rules: Rules, expr: &str, tz: Option<&str>, zones: &Zones) -> String {
    let host = || format!("the host's, from {}", zones.host_origin());
    let prefix = ["TZ=", "CRON_TZ="]
        .into_iter()
        .find(|p| expr.starts_with(p));
    let local = |name: &str| name == "Local";
    match (rules, tz.unwrap_or_default().trim()) {
        (Rules::Molecule, tz) => match prefix {
            Some(prefix) if !expr.starts_with(&format!("{prefix}Local ")) => {
                "the expression's prefix".to_owned()
            }
            _ if tz.is_empty() => "Molecule's default".to_owned(),
            _ if local(tz) => host(),
            _ => "--tz".to_owned(),
        },
        (Rules::OpenClaw(_), "") => host(),
        (Rules::CronRs, "") => "default".to_owned(),
        _ => "--tz".to_owned(),
    }
}
