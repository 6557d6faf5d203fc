//! `cronctl plan --what-if`: the incident, capacity, chance, wrong names, formats.

mod rules;
mod windows;

use serde_json::{Value, json};

use crate::plan_restart::{P11, database, files, jobs};
use crate::sandbox::{Run, Sandbox};

/// The 24 jobs of the built-in incident, 22:00 Pacific.
const TICK: &str = "plan --demo --tick 2026-03-31T22:00-07:00";

fn run(line: &str) -> Run {
    Sandbox::new().command(line.split_whitespace()).run()
}

fn rehearsed(line: &str) -> Value {
    let run = run(&format!("{line} --json"));
    assert_eq!(run.code, Some(0), "{run}");
    run.json()
}

fn scenario<'a>(document: &'a Value, name: &str) -> &'a Value {
    let rows = document["scenarios"].as_array().unwrap();
    rows.iter().find(|row| row["scenario"] == name).unwrap()
}

fn figures<const N: usize>(document: &Value, name: &str, keys: [&str; N]) -> [i64; N] {
    let row = scenario(document, name);
    keys.map(|key| {
        row[key]
            .as_i64()
            .unwrap_or_else(|| panic!("{key}: {row:#}"))
    })
}

fn provider<'a>(document: &'a Value, name: &str, provider: &str) -> &'a Value {
    let rows = scenario(document, name)["providers"].as_array().unwrap();
    rows.iter().find(|row| row["provider"] == provider).unwrap()
}

fn finding<'a>(document: &'a Value, kind: &str) -> &'a str {
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["kind"] == kind);
    found.unwrap_or_else(|| panic!("no finding {kind}: {findings:#?}"))["text"]
        .as_str()
        .unwrap()
}

#[test]
fn the_incident_is_288_calls_and_24_lost_runs_whatever_the_jitter() {
    let document = rehearsed(&format!(
        "{TICK} --run-length 60s --what-if anthropic=503@22:00..22:20"
    ));
    // 24 jobs, all on anthropic as 2026.3.28 resolves them, nothing to fall back to: 12 calls each.
    for name in ["as-is", "jitter"] {
        let keys = ["due", "ok", "lost", "calls", "failed_calls", "fell_back"];
        assert_eq!(
            figures(&document, name, keys),
            [24, 0, 24, 288, 288, 0],
            "{name}"
        );
        assert_eq!(scenario(&document, name)["amplification"], 12.0);
    }
    let text = finding(&document, "jitter");
    assert!(
        text.contains("alone saves no run: the outage of 20 min is longer than the window of 5 s"),
        "{text}"
    );
    // 16 declare openai, and are served at their first call; 8 declare anthropic. One after the other
    // they take 16 min and 8 × 22.4 s at most: all within the outage, and within their time-outs.
    for name in ["honoured", "both"] {
        let [due, ok, lost] = figures(&document, name, ["due", "ok", "lost"]);
        assert_eq!((due, ok + lost), (24, 24), "{name}");
        let openai = provider(&document, name, "openai");
        assert_eq!(
            (&openai["calls"], &openai["failed_calls"]),
            (&json!(16), &json!(0))
        );
        let anthropic = provider(&document, name, "anthropic");
        assert_eq!(anthropic["calls"], anthropic["failed_calls"]);
        assert_eq!(anthropic["calls"], 8 * 12);
        assert_eq!((ok, lost), (16, 8));
    }
    assert_eq!(provider(&document, "as-is", "openai")["calls"], 0);
    // The window was read in the zone of the burst, and said as instants.
    let fault = &document["inputs"]["faults"][0];
    assert_eq!(fault["spans"][0]["from_at"], "2026-04-01T05:00:00.000Z");
    assert_eq!(fault["spans"][0]["until_at"], "2026-04-01T05:20:00.000Z");
    assert_eq!(fault["zone"], "America/Los_Angeles (of the biggest burst)");
}

#[test]
fn agent_turns_of_march_share_a_lane_unless_a_number_of_runs_is_asked_for() {
    let fault = "--what-if anthropic=503";
    let lane = rehearsed(&format!("{TICK} {fault}"));
    assert_eq!(
        figures(&lane, "as-is", ["peak_at_once", "longest_queue"]),
        [1, 23]
    );
    assert!(finding(&lane, "lane").contains("one at a time"), "{lane:#}");
    let free = rehearsed(&format!("{TICK} {fault} --max-concurrent-runs 24"));
    let keys = ["peak_at_once", "peak_per_second", "longest_queue", "calls"];
    // The first two tries of all 24 begin within one second.
    assert_eq!(figures(&free, "as-is", keys), [24, 48, 0, 288]);
    assert!(
        free["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["kind"] != "lane")
    );
    let rules = free["rules"].as_array().unwrap();
    assert!(
        rules
            .iter()
            .all(|r| !r["rule"].as_str().unwrap().contains("one at a time"))
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_other_draws() {
    let line = format!("{TICK} --what-if anthropic=503:0.5 --max-concurrent-runs 24 --json");
    let (one, two) = (run(&line), run(&line));
    assert_eq!(one.stdout, two.stdout);
    let other = run(&format!("{line} --seed 9"));
    assert_ne!(one.stdout, other.stdout);
}

#[test]
fn runs_give_medians_and_intervals() {
    let line = format!("{TICK} --what-if anthropic=503:0.5 --max-concurrent-runs 24");
    let document = rehearsed(&format!("{line} --runs 21"));
    let row = scenario(&document, "as-is");
    let of = |value: &Value| value["calls"].as_i64().unwrap();
    let ends = ["low", "high"].map(|end| of(&row[end]));
    assert!(ends[0] <= of(row) && of(row) <= ends[1], "{row:#}");
    assert!(ends[0] < ends[1], "{row:#}");
    // Each call fails with one half: 24 × 2 calls in the mean, and 12 in a row hardly ever.
    assert!((30..80).contains(&of(row)), "{row:#}");
    assert_eq!(document["inputs"]["runs"], 21);
    let single = rehearsed(&line);
    assert_eq!(scenario(&single, "as-is")["low"], Value::Null);
    // CSV has them too, and so has a table that is asked for them.
    let columns = "--columns calls,low.calls,high.calls,high.amplification";
    let csv = |line: &str| run(&format!("{line} -o csv {columns}")).stdout;
    let many = csv(&format!("{line} --runs 21"));
    let amplified = &row["high"]["amplification"];
    let first = format!("{},{},{},{amplified}", of(row), ends[0], ends[1]);
    assert_eq!(many.lines().nth(1), Some(&*first), "{many}");
    let [median, ..] = figures(&single, "as-is", ["calls"]);
    assert_eq!(csv(&line).lines().nth(1), Some(&*format!("{median},,,")));
    let whole = run(&format!("{line} -o csv")).stdout;
    assert!(
        whole
            .lines()
            .next()
            .unwrap()
            .contains("low.drain_ms,high.drain_ms"),
        "{whole}"
    );
}

#[test]
fn capacity_makes_overload_of_a_burst() {
    let line = format!("{TICK} --max-concurrent-runs 24 --run-length 60s");
    let document = rehearsed(&format!("{line} --capacity anthropic=4"));
    // Four are served; the other 20 have tried 12 times after 23 s, and no slot was free by then.
    let keys = ["ok", "lost", "calls", "failed_calls"];
    assert_eq!(figures(&document, "as-is", keys), [4, 20, 4 + 240, 240]);
    let provider = provider(&document, "as-is", "anthropic");
    assert_eq!(provider["capacity"], 4);
    let enough = rehearsed(&format!("{line} --capacity anthropic=24"));
    assert_eq!(figures(&enough, "as-is", keys), [24, 0, 24, 0]);
    assert!(finding(&enough, "outcome").contains("no call fails"));
}

#[test]
fn what_never_runs_is_not_saved() {
    let document = rehearsed("plan --demo --what-if anthropic=503@22:00..22:20");
    let never = |name| figures(&document, name, ["lost", "coalesced", "dropped", "not_ok"]);
    let (before, after) = (never("as-is"), never("honoured"));
    for [lost, coalesced, dropped, not_ok] in [before, after] {
        assert_eq!(lost + coalesced + dropped, not_ok);
    }
    let saved = before[3] - after[3];
    assert!(saved < before[0] - after[0], "{before:?} {after:?}");
    let text = finding(&document, "honoured");
    let said = format!("declared models honoured: saves {saved} runs; ");
    assert!(text.starts_with(&said), "{text}");
    assert!(
        text.contains("occurrences that never run go from"),
        "{text}"
    );
    // What the affected runs make is not diluted by the day's others.
    assert_eq!(scenario(&document, "as-is")["amplification"], 12.0);
    let table = run("plan --demo --what-if anthropic=503@22:00..22:20");
    for row in ["never ran, busy ", "amplification ", "  per run due "] {
        assert!(table.stdout.contains(row), "{table}");
    }
    assert!(!table.stdout.contains("never ran, off"), "{table}");
}

#[test]
fn a_name_that_nobody_calls_is_a_warning_with_the_nearest_one() {
    let run = run(&format!("{TICK} --what-if antropic=503 --json"));
    assert_eq!(run.code, Some(0), "{run}");
    let document = run.json();
    let text = finding(&document, "not-called");
    assert!(
        text.contains("antropic") && text.contains("did you mean anthropic?"),
        "{text}"
    );
    assert!(run.stderr.contains("did you mean anthropic?"), "{run}");
    assert_eq!(figures(&document, "as-is", ["failed_calls"]), [0]);
}

#[test]
fn what_does_not_fit_is_refused_with_a_hint() {
    for (line, expected) in [
        ("--runs 5", "nothing is to be rehearsed"),
        ("--what-if anthropic", "not of the form TARGET=FAULT"),
        ("--what-if anthropic=200", "neither an HTTP status"),
        ("--what-if anthropic=503:2", "how likely"),
        ("--what-if anthropic=503@22:00", "FROM..UNTIL"),
        ("--what-if anthropic=503@22:00..22:00", "empty"),
        (
            "--what-if anthropic=503@2030-01-01T00:00Z..2030-01-01T01:00Z",
            "not in the horizon",
        ),
        (
            "--what-if anthropic=503@22:00..22:20[Mars/Base]",
            "not a known time zone",
        ),
        ("--capacity anthropic=0", "from 1 on"),
        (
            "--capacity anthropic=1 --capacity Anthropic=3",
            "anthropic serves 1 at once, and that it serves 3",
        ),
        ("--what-if anthropic=503@22:00..", "UNTIL is \"\""),
        ("--what-if anthropic=503@22:00..now", "22:00..22:20[UTC]"),
        ("--what-if anthropic=503 --fires", "--fires does not apply"),
        (
            "--what-if anthropic=503 --group-by model",
            "--group-by changes a rehearsal only with --jitter fit",
        ),
        (
            "--what-if anthropic=503 --max-concurrent 2",
            "--max-concurrent changes a rehearsal only with --jitter fit",
        ),
    ] {
        let run = run(&format!("plan --demo {line}"));
        assert_eq!(run.code, Some(2), "{line}: {run}");
        assert!(run.stderr.contains(expected), "{line}: {run}");
    }
}

#[test]
fn fit_keeps_to_its_peak_in_a_rehearsal_too() {
    // As resolved all are on anthropic: none fails, and each is one call of a minute.
    let line = format!("{TICK} --run-length 60s --what-if openai=503 --max-concurrent-runs 24");
    for peak in [2, 12] {
        let document = rehearsed(&format!("{line} --jitter fit --max-concurrent {peak}"));
        assert_eq!(figures(&document, "jitter", ["peak_at_once"]), [peak]);
    }
}

/// One job at 22:00 UTC that says which model it wants, and what to fall back to.
fn one_with_fallbacks(sandbox: &Sandbox) {
    let job = json!([{
        "id": "j000", "name": "report", "enabled": true, "createdAtMs": 1_774_072_800_000_i64,
        "sessionTarget": "isolated", "schedule": {"kind": "cron", "expr": "0 22 * * *", "tz": "UTC"},
        "payload": {
            "kind": "agentTurn", "message": "x", "model": "anthropic/claude-sonnet-4-6",
            "fallbacks": ["anthropic/claude-sonnet-4-6", "cheap", "openai/gpt-5.4"],
        },
    }]);
    sandbox.write("work/one.json", job.to_string());
    sandbox.write("work/empty.json5", "{}");
}

#[test]
fn fallbacks_that_a_job_declares_are_played_without_a_configuration() {
    let sandbox = Sandbox::new();
    one_with_fallbacks(&sandbox);
    let play = |version: &str, rest: &str| {
        let run = sandbox.run(&format!(
            "plan --quiet --json --jobs one.json --openclaw-version {version} \
             --from 2026-04-01T00:00Z --what-if anthropic=503 {rest}"
        ));
        assert_eq!(run.code, Some(0), "{run}");
        run.json()
    };
    let keys = ["ok", "lost", "fell_back"];
    let (saved, lost) = ([1, 0, 1], [0, 1, 0]);
    // Not read before 2026.3.24; read and thrown back by 2026.3.28, unless what is declared counts.
    for (version, as_is, honoured) in [
        ("2026.2.24", lost, lost),
        ("2026.3.28", lost, saved),
        ("2026.3.31", saved, saved),
        ("2026.9.6", saved, saved),
    ] {
        let document = play(version, "");
        assert_eq!(figures(&document, "as-is", keys), as_is, "{version}");
        assert_eq!(figures(&document, "honoured", keys), honoured, "{version}");
        let text = finding(&document, "fallbacks-unknown");
        assert!(
            text.contains("where its version tries them, the payload.fallbacks"),
            "{text}"
        );
    }
    let configured = play("2026.9.6", "--config empty.json5");
    assert_eq!(figures(&configured, "as-is", keys), saved);
}

#[test]
fn what_is_called_is_not_claimed_where_models_are_unknown() {
    let sandbox = Sandbox::new();
    sandbox.write("work/crontab", "0 22 * * * a\n0 22 * * * b\n");
    let play = |jobs: &str| {
        let run = sandbox.run(&format!(
            "plan --quiet --json {jobs} --from 2026-04-01T00:00Z --what-if anthropic=503"
        ));
        assert_eq!(run.code, Some(0), "{run}");
        run.json()
    };
    let unknown = play("--jobs crontab");
    assert_eq!(
        finding(&unknown, "not-called"),
        "not known whether a job calls anthropic: of 2 jobs it is not known which model they call"
    );
    assert_eq!(
        finding(&unknown, "outcome"),
        "as it is, not known what fails: no run is in these figures"
    );
    let table = sandbox.run("plan --quiet --jobs crontab --what-if anthropic=503");
    assert!(!table.stdout.contains("CALLS OF"), "{table}");
    one_with_fallbacks(&sandbox);
    let some = play("--jobs crontab --jobs one.json --openclaw-version 2026.2.24");
    assert!(
        finding(&some, "outcome").starts_with("as it is, 1 run due makes"),
        "{some:#}"
    );
}

#[test]
fn rows_are_scenarios_in_every_format() {
    let line = format!("{TICK} --what-if anthropic=503");
    let csv = run(&format!(
        "{line} -o csv --columns scenario,due,lost,not_ok,calls,amplification,calls_per_due"
    ));
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "scenario,due,lost,not_ok,calls,amplification,calls_per_due"
    );
    assert_eq!(lines[1], "as-is,24,24,24,288,12.0,12.0");
    assert_eq!(lines.len(), 5);
    let ndjson = run(&format!("{line} -o ndjson"));
    let rows: Vec<Value> = ndjson
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = rows
        .iter()
        .map(|r| r["scenario"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["as-is", "jitter", "honoured", "both"]);
}

#[test]
fn the_screen_fits_80_columns_and_says_what_it_means() {
    let table = run("plan --demo --what-if anthropic=503@22:00..22:20 --runs 5");
    assert_eq!(table.code, Some(0), "{table}");
    for line in table.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for expected in [
        "AS IT IS",
        "retry waves",
        "Provider calls per",
        "What it means",
        "Rules",
        "certain",
    ] {
        assert!(table.stdout.contains(expected), "{expected}: {table}");
    }
}

#[test]
fn bins_of_the_timeline_hold_every_call_under_the_fault() {
    let document = rehearsed(&format!("{TICK} --what-if anthropic=503@22:00..22:20"));
    let timeline = &document["timeline"];
    assert_eq!(timeline["from_at"], "2026-04-01T05:00:00.000Z");
    for row in document["scenarios"].as_array().unwrap() {
        let sum = |key: &str| {
            let bins = row[key].as_array().unwrap();
            assert_eq!(bins.len() as u64, timeline["bins"].as_u64().unwrap());
            bins.iter().map(|n| n.as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!(sum("failed_per_bin"), row["failed_calls"].as_i64().unwrap());
    }
}

/// Jobs whose gateway is not known, and jobs that name no model.
#[test]
fn what_is_not_known_is_said() {
    let job = |id: &str, model: Option<&str>| {
        let mut payload = json!({"kind": "agentTurn", "message": "go"});
        if let Some(model) = model {
            payload["model"] = json!(model);
        }
        json!({
            "id": id, "name": id, "enabled": true, "createdAtMs": 1_767_225_600_000_i64,
            "schedule": {"kind": "cron", "expr": "0 22 * * *", "tz": "UTC"},
            "sessionTarget": "isolated", "payload": payload,
        })
    };
    let jobs = json!({"version": 1, "jobs": [
        job("a", Some("anthropic/claude-sonnet-4-6")), job("b", Some("openai/gpt-5.4")), job("c", None),
    ]});
    let line = "plan --jobs - --openclaw-version 2026.9.6 --from 2026-04-01T00:00Z --json \
                --what-if anthropic=503@22:00..22:01:00 --what-if openai/gpt-5.4=401";
    let run = |jobs: &Value| {
        let stdin = serde_json::to_vec(jobs).unwrap();
        let sandbox = Sandbox::new();
        let command = sandbox.command(line.split_whitespace());
        command.stdin(stdin).run()
    };
    let first = run(&jobs);
    assert_eq!(first.code, Some(0), "{first}");
    let document = first.json();
    let keys = ["occurrences", "due", "not_simulated", "ok", "lost"];
    // The outage of a minute is over before the scheduler repeats the run; a 401 is final.
    assert_eq!(figures(&document, "as-is", keys), [3, 2, 1, 1, 1]);
    assert!(finding(&document, "not-simulated").contains("1 of 3 occurrences"));
    assert!(finding(&document, "fallbacks-unknown").contains("of 2 jobs only their own word"));
    // The order of the jobs does not matter.
    let mut turned = jobs.clone();
    turned["jobs"].as_array_mut().unwrap().reverse();
    let turned: Value = run(&turned).json();
    assert_eq!(turned["scenarios"], document["scenarios"]);
}

/// The tables of a page, by caption: their rows.
fn tables(page: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let parts = page.split("<table>").skip(1);
    let table = |part: &str| {
        let text = format!("<table>{}</table>", part.split("</table>").next().unwrap());
        let document = roxmltree::Document::parse(&text).unwrap();
        let words = |node: roxmltree::Node<'_, '_>| node.text().unwrap_or_default().to_owned();
        let all = |of: roxmltree::Node<'_, '_>, tag: &str| {
            let found = of.descendants().filter(|n| n.has_tag_name(tag));
            found.map(words).collect::<Vec<_>>()
        };
        let caption = all(document.root(), "caption").remove(0);
        let rows = document.descendants().filter(|n| n.has_tag_name("tr"));
        let rows = rows.map(|row| all(row, "td")).filter(|row| !row.is_empty());
        (caption, rows.collect())
    };
    parts.map(table).collect()
}

const WAYS: [&str; 4] = ["as-is", "jitter", "honoured", "both"];

#[test]
fn the_numbers_of_the_picture_are_those_of_the_answer() {
    let sandbox = Sandbox::new();
    for line in [
        &format!("{TICK} --max-concurrent-runs 24 --capacity anthropic=4"),
        "plan --demo --what-if anthropic=503@22:00..22:20",
    ] {
        let run = sandbox.run(&format!("{line} --json --chart rehearsal.html"));
        assert_eq!(run.code, Some(0), "{run}");
        assert!(run.stderr.contains("rehearsal.html: a page"), "{run}");
        let document = run.json();
        let page = std::fs::read_to_string(sandbox.path("work/rehearsal.html")).unwrap();
        let tables = tables(&page);
        for name in ["anthropic", "openai"] {
            let caption = format!("{name}: calls begun within ");
            let (_, rows) = tables
                .iter()
                .find(|(c, _)| c.starts_with(&caption))
                .unwrap();
            for (at, way) in WAYS.into_iter().enumerate() {
                let sum: u64 = rows
                    .iter()
                    .map(|row| row[at + 1].parse::<u64>().unwrap())
                    .sum();
                assert_eq!(provider(&document, way, name)["calls"], sum, "{name} {way}");
            }
            let peaks = |key: &str, ways: &[&str]| {
                let said = ways.iter().map(|way| {
                    let word = if *way == "as-is" { "as it is" } else { way };
                    format!("{word} {}", provider(&document, way, name)[key])
                });
                format!("peak {}", said.collect::<Vec<_>>().join(", "))
            };
            for (what, key) in [
                ("calls per second", "peak_per_second"),
                ("calls at once", "peak_at_once"),
            ] {
                let title = format!("{name}: {what}, {}", peaks(key, &["as-is", "both"]));
                assert!(page.contains(&title), "{title}");
            }
        }
        let figures = &tables.iter().find(|(c, _)| c == "Figures").unwrap().1;
        let lost = figures.iter().find(|row| row[0] == "Lost").unwrap();
        for (at, way) in WAYS.into_iter().enumerate() {
            assert_eq!(scenario(&document, way)["lost"].to_string(), lost[at + 1]);
        }
        for rule in document["rules"].as_array().unwrap() {
            let word = rule["sureness"].as_str().unwrap();
            assert!(page.contains(&format!("({word}: ")), "{rule}");
        }
    }
}

#[test]
fn the_picture_says_what_goes_wrong_and_where_a_limit_is() {
    let sandbox = Sandbox::new();
    let faults = "--what-if anthropic=503@22:00..22:20 --capacity anthropic=4";
    let run = sandbox.run(&format!(
        "{TICK} --max-concurrent-runs 24 {faults} --chart a.svg"
    ));
    assert_eq!(run.code, Some(0), "{run}");
    let svg = std::fs::read_to_string(sandbox.path("work/a.svg")).unwrap();
    for said in [
        "anthropic · 503 2026-03-31 22:00:00 PDT to 22:20:00; serves 4 at once",
        "; serves 4</title>",
        "class=\"limit\"",
        "openai · nothing goes wrong here",
        "honoured: declared models called",
        "alone saves no run",
        "Each change alone: until the last failed call",
    ] {
        assert!(svg.contains(said), "{said}");
    }
}

/// P11, the gateway starting at 09:00 UTC into an outage, until the evening: no slot but what is made
/// up. 13 jobs on anthropic, a minute each.
fn restarted(sandbox: &Sandbox, fault: &str) -> Value {
    let run = sandbox.run(&format!(
        "plan --quiet {P11} --for 12h --json --what-if {fault}"
    ));
    assert_eq!(run.code, Some(0), "{run}");
    run.json()
}

const MADE_UP: [&str; 7] = [
    "due",
    "caught_up",
    "ok",
    "lost",
    "calls",
    "failed_calls",
    "peak_at_once",
];

#[test]
fn p11_an_early_version_restarts_into_the_outage() {
    let sandbox = Sandbox::new();
    files(&sandbox, "2026.3.31", "{}", &jobs(1));
    let played = |fault: &str| figures(&restarted(&sandbox, fault), "as-is", MADE_UP);
    // 12 calls in 20.9 to 22.4 s each. Five one after the other end after 112 s at most; the others, due
    // 5 to 40 s later, follow one another in the lane, and end 5 + 8 × 22.4 s after that, within 5 min.
    assert_eq!(
        played("anthropic=503@09:00..09:10"),
        [13, 13, 0, 13, 13 * 12, 13 * 12, 1]
    );
    // Until 09:02:00 five are lost, as they end within 112 s. The sixth begins 5 s after they ended, at
    // 109.5 to 117.4 s, and its fourth round of calls 19.1 to 20.3 s later: it is served by then. It and
    // the seven others are ok, these at their first call.
    let [due, made_up, ok, lost, calls, failed, _] = played("anthropic=503@09:00..09:02");
    assert_eq!((due, made_up, ok, lost), (13, 13, 8, 5));
    assert_eq!(calls - failed, 8);
    assert!((5 * 12 + 1..=5 * 12 + 9).contains(&failed), "{failed}");
    // Until 09:00:51 two are lost, at 44.8 s at the latest. The third begins its second round at 45.5 to
    // 48.9 s, whose last call is at 50.8 s at the latest; its third round not before 51.2 s.
    assert_eq!(
        played("anthropic=503@09:00..09:00:51"),
        [13, 13, 11, 2, 2 * 12 + 6 + 11, 2 * 12 + 6, 1]
    );
    // Each run refused once is over after 0.2 s: 0, 0.2, …, 0.8 s, then 5, 10, …, 40 s after 1 s.
    let document = restarted(&sandbox, "anthropic=401");
    assert_eq!(
        figures(&document, "as-is", MADE_UP),
        [13, 13, 0, 13, 13, 13, 1]
    );
    assert_eq!(scenario(&document, "as-is")["drain_ms"], 41_200);
    let gateway = &document["inputs"]["restart"]["gateways"][0];
    assert_eq!(
        (&gateway["immediate"], &gateway["deferred"]),
        (&json!(5), &json!(8))
    );
    assert_eq!(document["inputs"]["from_at"], "2026-04-01T09:00:00.000Z");
    let text = finding(&document, "catch-up");
    for said in [
        "13 of 13 runs due are catch-up after the restart at 2026-04-01T09:00:00.000Z",
        "5 at once, one after the other",
        "OpenClaw 2026.3.31, certain",
        "Jitter does not move them",
    ] {
        assert!(text.contains(said), "{text}");
    }
    // Tomorrow's slots are the plan's, and no catch-up.
    let line = format!("plan --quiet {P11} --json --what-if anthropic=401");
    let day = sandbox.run(&line).json();
    assert_eq!(figures(&day, "as-is", ["due", "caught_up"]), [26, 13]);
}

#[test]
fn p11_a_newer_version_restarts_into_the_outage() {
    let sandbox = Sandbox::new();
    database(&sandbox, "{}", &jobs(1));
    // Agent turns wait 120 s: an outage that is over by then hurts nobody. 8 slots.
    assert_eq!(
        figures(
            &restarted(&sandbox, "anthropic=503@09:00..09:02"),
            "as-is",
            MADE_UP
        ),
        [13, 13, 13, 0, 13, 0, 8]
    );
    // Refused once each, 120, 125, …, 180 s after the start, 0.2 s long.
    let document = restarted(&sandbox, "anthropic=401");
    assert_eq!(
        figures(&document, "as-is", MADE_UP),
        [13, 13, 0, 13, 13, 13, 1]
    );
    assert_eq!(scenario(&document, "as-is")["drain_ms"], 60_200);
    // A run and its three repeats, all in vain.
    let document = restarted(&sandbox, "anthropic=503");
    assert_eq!(
        figures(&document, "as-is", ["due", "lost", "runs"]),
        [13, 13, 4 * 13]
    );
    let gateway = &document["inputs"]["restart"]["gateways"][0];
    assert_eq!(
        (&gateway["immediate"], &gateway["deferred"]),
        (&json!(0), &json!(13))
    );
    // What is dropped is not made up.
    let sandbox = Sandbox::new();
    database(&sandbox, r#"{"skipMissedJobs": true}"#, &jobs(1));
    let document = restarted(&sandbox, "anthropic=503");
    assert_eq!(figures(&document, "as-is", ["due", "caught_up"]), [0, 0]);
    assert_eq!(document["inputs"]["restart"]["gateways"][0]["dropped"], 13);
}

#[test]
fn a_restart_that_cannot_be_rehearsed_is_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    files(&sandbox, "2026.3.31", "{}", &jobs(1));
    let refused = |line: &str, code: i32, said: &str| {
        let run = sandbox.run(&format!(
            "plan --quiet {P11} --what-if anthropic=503 {line}"
        ));
        assert_eq!(run.code, Some(code), "{run}");
        assert!(run.stderr.contains(said), "{said}: {run}");
    };
    refused("--from now", 2, "--from does not go with --restart-at");
    refused(
        "--tick now",
        2,
        "the rehearsal begins where the gateway starts",
    );
    files(
        &sandbox,
        "2026.3.31",
        r#"{"skipMissedJobs": true}"#,
        &jobs(1),
    );
    refused("", 5, "cron.skipMissedJobs is no key of OpenClaw 2026.3.31");
    // As the restart alone ends.
    assert_eq!(sandbox.run(&format!("plan --quiet {P11}")).code, Some(5));
    files(&sandbox, "2026.3.31", r#"{"enabled": false}"#, &jobs(1));
    refused("", 1, "cron.enabled is false");
    let run = sandbox.run("plan --demo --restart-at 2026-04-01T09:00Z --what-if anthropic=503");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("--down-since INSTANT"), "{run}");
}
