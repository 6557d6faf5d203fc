use clap::Parser;

use super::*;
use crate::config::Config;
use crate::env::Env;
use crate::source::{SourceArgs, load};
use crate::zones::Zones;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    plan: PlanArgs,
}

/// Jobs that share expressions, zones and models in every way, among disabled, refused and periodic ones.
fn jobs() -> String {
    let job = |n: usize| {
        let schedule = match n % 7 {
            0 => format!(r#"{{"kind":"cron","expr":"{} * * * *"}}"#, n % 5),
            1 => r#"{"kind":"cron","expr":"0 9 * * *","tz":"Asia/Tokyo"}"#.to_owned(),
            2 => format!(r#"{{"kind":"cron","expr":"61 * * * *","tz":"Z{}"}}"#, n % 3),
            3 => r#"{"kind":"every","everyMs":60000,"anchorMs":0}"#.to_owned(),
            4 => r#"{"kind":"on-exit"}"#.to_owned(),
            5 => format!(
                r#"{{"kind":"cron","expr":"0 9 * * *","staggerMs":{}}}"#,
                n % 4
            ),
            _ => r#"{"kind":"cron","expr":"0 9 * * *","tz":"Europe/Berlin"}"#.to_owned(),
        };
        let enabled = !n.is_multiple_of(11);
        let model = ["a/x", "b/y", "c/z", "alias"][n / 9 % 4];
        format!(
            r#"{{"id":"job-{n}","enabled":{enabled},"schedule":{schedule},"sessionTarget":"isolated","payload":{{"kind":"agentTurn","message":"m","model":"{model}"}}}}"#
        )
    };
    (0..300).map(|n| job(n) + "\n").collect()
}

/// Everything that a plan takes from what was gathered, as text.
fn told(gathered: &Gathered<'_>) -> String {
    let planned = gathered.planned.iter().map(|p| {
        let (at, recurrence, zone) = (p.at(), p.recurrence(), p.zone());
        let reason = gathered.reason(p);
        let (stagger, run, group) = (p.stagger_ms, p.run_ms, p.group);
        format!("{at} {recurrence} {zone} {group} {stagger} {run} {reason}\n")
    });
    let planned: String = planned.collect();
    let zones: Vec<_> = gathered.zones.iter().map(|(name, _)| name).collect();
    let shared = gathered.recurrences.iter().map(|r| r.zone);
    let shared: Vec<_> = shared.collect();
    let (groups, counts, problems) = (&gathered.groups, &gathered.counts, &gathered.problems);
    format!("{planned}{zones:?}{shared:?}{groups:?}{counts:?}{problems:?}")
}

#[test]
fn it_does_not_show_in_how_many_parts_the_jobs_were_looked_at() {
    let plan = Cli::parse_from(["plan", "--jobs", "-"]).plan;
    let args = SourceArgs {
        jobs: vec!["-".into()],
        ..SourceArgs::default()
    };
    let text = jobs();
    let loaded = load(&args, &Env::of([]), &mut text.as_bytes()).unwrap();
    assert_eq!(loaded.jobs.len(), 300);
    let settings = plan.settings(&Config::default().plan_defaults()).unwrap();
    let look = Look {
        loaded: &loaded,
        args: &plan,
        settings: &settings,
        models: &Models::default(),
        basis: ModelBasis::Declared,
        zones: &Zones::new(&Env::of([])),
    };
    let whole = look.in_parts(1);
    assert!(whole.counts.refused > NAMED_PROBLEMS && whole.counts.disabled > 0);
    assert_eq!(whole.counts.read, 300);
    assert_eq!(whole.problems.len(), NAMED_PROBLEMS + 1);
    for parts in [2, 3, 7, 300, 1000] {
        assert_eq!(told(&look.in_parts(parts)), told(&whole), "{parts} parts");
    }
    let nothing = Loaded::default();
    let look = Look {
        loaded: &nothing,
        ..look
    };
    assert!(look.in_parts(2).planned.is_empty());
}
