//! `cronctl plan --suggest`: commands and patches that do what the plan says, and say where they do not.

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

const P8: &str = "--from 2026-03-31T00:00-07:00 --for 24h";

/// Versions on whose gateways the commands were run.
const RECORDED: [&str; 2] = ["2026.3.28", "2026.9.6"];

fn uuid(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn job(id: &str, expr: &str, model: &str) -> Value {
    json!({
        "id": id, "name": format!("job {id}"), "enabled": true, "createdAtMs": 1_767_225_600_000_i64,
        "schedule": {"kind": "cron", "expr": expr, "tz": "America/Los_Angeles"},
        "sessionTarget": "isolated", "wakeMode": "now",
        "payload": {"kind": "agentTurn", "message": "go", "model": model},
        "state": {"nextRunAtMs": 1_775_019_600_000_i64},
    })
}

/// The 24 jobs of the burst, 16 on one provider and 8 on another.
fn burst() -> Vec<Value> {
    let model = |n| if n < 16 { "anthropic/a" } else { "openai/b" };
    (0..24)
        .map(|n| job(&uuid(n), "0 22 * * *", model(n)))
        .collect()
}

fn store(jobs: &[Value]) -> Sandbox {
    let sandbox = Sandbox::new();
    let document = json!({"version": 1, "jobs": jobs});
    sandbox.write("work/jobs.json", document.to_string());
    sandbox
}

fn run(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.run(&format!("plan --jobs jobs.json --quiet {line}"))
}

fn suggested(sandbox: &Sandbox, line: &str) -> Value {
    let run = run(sandbox, &format!("{line} --json"));
    assert!(matches!(run.code, Some(0 | 3)), "{run}");
    run.json()
}

fn rows(document: &Value) -> &Vec<Value> {
    document["suggestions"].as_array().unwrap()
}

/// Total and per group: what holds with the changes, as the suggestion says and as the changed file says.
fn peaks(document: &Value, of: &str) -> Vec<(Value, Value, Value)> {
    let rows = document["peaks"].as_array().unwrap().iter();
    let mut peaks: Vec<_> = rows
        .map(|p| {
            let peak = &p[of];
            (
                p["group"].clone(),
                peak["concurrent"].clone(),
                peak["starts_per_second"].clone(),
            )
        })
        .collect();
    peaks.sort_by_key(|p| p.0.to_string());
    peaks
}

/// Applies the patch to the file that it is for, as a program of others does.
fn apply(sandbox: &Sandbox, line: &str) {
    let patch = run(sandbox, &format!("{line} --suggest=patch"));
    assert_eq!(patch.code, Some(0), "{patch}");
    let patch: json_patch::Patch = patch.json();
    let file = sandbox.path("work/jobs.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    json_patch::patch(&mut document, &patch).unwrap();
    std::fs::write(file, document.to_string()).unwrap();
}

/// The claim is checked on the file: with the patch applied, the source does natively what was said, and
/// nothing more is suggested.
fn holds(sandbox: &Sandbox, line: &str) -> Value {
    let said = suggested(sandbox, &format!("{line} --suggest"));
    apply(sandbox, line);
    let horizon = line.split(" --jitter").next().unwrap();
    let native = suggested(sandbox, &format!("{horizon} --jitter native"));
    assert_eq!(
        peaks(&said, "suggested"),
        peaks(&native, "before"),
        "{line}"
    );
    let again = suggested(sandbox, &format!("{line} --suggest"));
    assert_eq!(again["suggestions"], json!([]), "{line}");
    assert_eq!(again["counts"]["changed"], 0);
    said
}

#[test]
fn p8_every_strategy_is_realised_and_settles() {
    for strategy in [
        "--jitter spread",
        "--jitter spread --window 10m",
        "--jitter hash --window 5s",
        "--jitter gap --gap 2s..5s --seed 7",
        "--jitter random --window 20m --seed 3",
        "--jitter fit --max-concurrent 1",
        "--jitter fit --max-concurrent 4",
    ] {
        let sandbox = store(&burst());
        let said = holds(&sandbox, &format!("{P8} {strategy}"));
        assert_eq!(said["realised"], true, "{strategy}");
        assert_eq!(said["missed"], json!([]), "{strategy}");
        assert_eq!(
            peaks(&said, "planned"),
            peaks(&said, "suggested"),
            "{strategy}"
        );
        for row in rows(&said) {
            let of = |key: &str| row[key].as_i64().unwrap();
            let late = of("offset_got_ms") - of("offset_wanted_ms");
            assert!((0..=20).contains(&late), "{strategy}: {row}");
        }
        let counts = &said["counts"];
        assert_eq!(counts["not_asked_for"], 0);
        let sum = |key: &str| counts[key].as_u64().unwrap();
        assert_eq!(
            sum("changed") + sum("unchanged") + sum("not_changeable"),
            24
        );
    }
}

#[test]
fn a_plan_by_hash_is_one_window_for_all() {
    let sandbox = store(&burst());
    let line = format!("{P8} --jitter hash --window 5s --suggest");
    let said = suggested(&sandbox, &line);
    assert_eq!(rows(&said).len(), 24);
    for row in rows(&said) {
        assert_eq!(row["to_stagger_ms"], 5000);
        assert_eq!(row["argv"][3], "--stagger");
        assert_eq!(row["argv"][4], "5s");
    }
    // The recorded starts per second of this burst: 4, 5, 5, 9, 1.
    assert_eq!(said["peaks"][0]["suggested"]["starts_per_second"], 9);
}

#[test]
fn p9_jobs_that_are_staggered_already_are_left_alone() {
    let ids = ["job-a", "digest-us", "job-1", "mail-triage", "inbox-zero"];
    let jobs: Vec<Value> = ids.iter().map(|id| job(id, "0 * * * *", "a/b")).collect();
    let sandbox = store(&jobs);
    let line = "--from 2026-04-01T10:59:00Z --for 3h --jitter fit --max-concurrent 1 --suggest";
    let run = run(&sandbox, line);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("# Nothing to suggest"), "{run}");
    assert!(run.stdout.lines().all(|l| l.starts_with('#')), "{run}");
}

#[test]
fn p10_minutes_go_into_the_expression_and_the_rest_into_the_window() {
    let sandbox = store(&burst());
    let line = format!("{P8} --jitter fit --max-concurrent 4");
    let said = holds(&sandbox, &line);
    let of = |which| {
        peaks(&said, which)
            .into_iter()
            .map(|p| p.1)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("before"), [json!(16), json!(8), json!(24)]);
    assert_eq!(of("suggested"), [json!(4), json!(4), json!(8)]);
    for row in rows(&said) {
        let wanted = row["offset_wanted_ms"].as_i64().unwrap();
        assert_eq!(wanted % 15_005, 0, "16 · 60.02 / 4 s for 16 jobs: {row}");
        let expected = if wanted >= 60_000 {
            "minute"
        } else {
            "stagger"
        };
        assert_eq!(row["change"], expected, "{row}");
        if wanted >= 60_000 {
            let expr = format!("{} 22 * * *", wanted / 60_000);
            assert_eq!(row["to_expr"], *expr);
            let argv: Vec<&str> = row["argv"]
                .as_array()
                .unwrap()
                .iter()
                .map(|w| w.as_str().unwrap())
                .collect();
            assert_eq!(
                argv[..7],
                [
                    "openclaw",
                    "cron",
                    "edit",
                    "--cron",
                    &expr,
                    "--tz",
                    "America/Los_Angeles"
                ]
            );
        }
        assert!(!row["why"].as_str().unwrap().is_empty());
    }
}

#[test]
fn the_demo_prints_a_script_that_a_shell_reads_as_meant() {
    let sandbox = Sandbox::new();
    let demo = |line: &str| {
        let line = format!("plan --demo --jitter fit --max-concurrent 4 {line}");
        sandbox
            .command(line.split_whitespace())
            .without("CRONCTL_NOW")
            .run()
    };
    let script = demo("--suggest").ok();
    assert!(
        script.contains("# anthropic: at most 24 at once before, 5 planned, 5 with these changes"),
        "{script}"
    );
    let commands: Vec<&str> = script
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect();
    let document: Value = demo("--suggest -o json").json();
    assert_eq!(document["schema"], "cronctl.suggestions/1");
    assert_eq!(document["realised"], true);
    let rows = rows(&document);
    assert_eq!(commands.len(), rows.len());
    for (command, row) in commands.iter().zip(rows) {
        assert_eq!(**command, *row["command"].as_str().unwrap());
    }
    assert!(
        script
            .lines()
            .filter(|l| l.starts_with('#'))
            .all(|l| l.len() <= 80),
        "{script}"
    );
    // The patch fits the document that holds the demo's jobs.
    let patch = demo("--suggest=patch");
    assert!(
        patch
            .stderr
            .contains("note: anthropic: at most 24 at once before, 5 planned, 5 with"),
        "{patch}"
    );
    let patch: json_patch::Patch = patch.json();
    let mut jobs: Value = serde_json::from_str(cronctl::source::demo_document()).unwrap();
    json_patch::patch(&mut jobs, &patch).unwrap();
    sandbox.write("work/demo.json", jobs.to_string());
    let line = "plan --jobs demo.json --quiet --from 2026-03-31T21:45-07:00 --jitter native --json";
    let native: Value = sandbox.run(line).json();
    assert_eq!(native["peaks"][0]["before"]["starts_per_second"], 1);
}

#[cfg(unix)]
#[test]
fn hostile_ids_reach_the_command_as_they_are() {
    let ids = [
        "it's",
        "$(touch gone)",
        "`x`",
        "-x",
        "a b",
        "\"q\"",
        "日次",
        "a;b&c|d",
        "*",
        "\\",
        "!!",
    ];
    let jobs: Vec<Value> = ids.iter().map(|id| job(id, "0 22 * * *", "a/b")).collect();
    let sandbox = store(&jobs);
    let line = format!("{P8} --jitter spread --window 20m --suggest");
    let said = suggested(&sandbox, &line);
    let script = run(&sandbox, &line).ok();
    let shell = format!("openclaw() {{ printf '%s\\0' openclaw \"$@\"; printf '\\n'; }}\n{script}");
    let shell = std::process::Command::new("/bin/sh")
        .args(["-c", &shell])
        .output()
        .unwrap();
    assert!(
        shell.status.success() && shell.stderr.is_empty(),
        "{shell:?}"
    );
    let heard = String::from_utf8(shell.stdout).unwrap();
    let heard: Vec<Vec<&str>> = heard
        .lines()
        .map(|l| l.trim_end_matches('\0').split('\0').collect())
        .collect();
    let meant: Vec<Vec<&str>> = rows(&said)
        .iter()
        .map(|r| {
            r["argv"]
                .as_array()
                .unwrap()
                .iter()
                .map(|w| w.as_str().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(heard, meant);
    assert!(heard.len() >= 10);
    // What cannot be shown on one line is no command; its words are in the document.
    let sandbox = store(&[
        job("a\nb", "0 22 * * *", "a/b"),
        job("c", "0 22 * * *", "a/b"),
    ]);
    let both = suggested(&sandbox, &format!("{line} --restagger"));
    for row in rows(&both) {
        assert_eq!(row["command"].is_null(), row["job"] == "a\nb", "{row}");
    }
}

#[test]
fn jobs_that_cannot_be_changed_are_named_with_the_reason_and_the_miss_is_said() {
    let mut jobs = burst();
    for job in &mut jobs[..6] {
        job["declarationKey"] = json!("skill-collection-review:main");
    }
    jobs[6]["declarationKey"] = json!("my-app:nightly");
    for n in [7, 10] {
        jobs[n]["payload"] = json!({"kind": "heartbeat"});
    }
    jobs[8]["schedule"] = json!({"kind": "at", "at": "2026-04-01T05:00:00Z"});
    jobs[9]["schedule"] =
        json!({"kind": "every", "everyMs": 86_400_000, "anchorMs": 1_775_019_600_000_i64});
    let sandbox = store(&jobs);
    let line = format!("{P8} --jitter fit --max-concurrent 1 --openclaw-version 2026.9.6");
    let said = holds_with_unchangeable(&sandbox, &line);
    assert_eq!(said["realised"], false);
    let missed = said["missed"].to_string();
    assert!(
        missed.contains("anthropic: the changes miss the plan: "),
        "{missed}"
    );
    let why = |n: usize| {
        let id = uuid(n);
        let row = rows(&said).iter().find(|r| r["job"] == *id);
        row.map_or(String::new(), |r| format!("{} {}", r["change"], r["why"]))
    };
    let all: String = (0..11).map(why).collect();
    for reason in [
        "lets no client edit it (declarationKey",
        "whatever declares it sets its schedule anew",
        "the gateway's own heartbeat",
        "it fires once",
        "its period counts from its last start",
    ] {
        assert!(all.contains(reason), "{reason}: {all}");
    }
    let screen = run(&sandbox, &format!("{line} --suggest")).stdout;
    assert!(screen.contains("not changed: "), "{screen}");
}

/// As [`holds`], where jobs that cannot be changed are suggested again.
fn holds_with_unchangeable(sandbox: &Sandbox, line: &str) -> Value {
    let said = suggested(sandbox, &format!("{line} --suggest"));
    apply(sandbox, line);
    let horizon = line.replace("--jitter fit --max-concurrent 1", "--jitter native");
    let native = suggested(sandbox, &horizon);
    assert_eq!(peaks(&said, "suggested"), peaks(&native, "before"));
    said
}

#[test]
fn crontab_lines_get_the_prefix_whose_delay_is_the_plans() {
    let sandbox = Sandbox::new();
    let tab = "CRON_TZ=UTC\n0 22 * * * /usr/bin/backup --all\n0 22 * * * cd /srv && ./sweep\n0 22 * * * /usr/bin/report\n";
    sandbox.write("work/tab", tab);
    let line =
        "plan --jobs tab --quiet --from 2026-03-31T00:00Z --jitter spread --window 60s --suggest";
    let said: Value = sandbox.run(&format!("{line} --json")).json();
    assert_eq!(said["realised"], true, "{said}");
    assert_eq!(rows(&said).len(), 2, "one of three stays: {said}");
    for row in rows(&said) {
        assert_eq!(row["change"], "prefix");
        let command = row["command"].as_str().unwrap();
        let compound = row["name"] == "cd /srv && ./sweep";
        assert_eq!(command.ends_with(" -- true &&"), compound, "{row}");
        let jitter = command
            .strip_prefix("cronctl ")
            .unwrap()
            .split(" -- ")
            .next()
            .unwrap();
        let jitter = jitter.trim_end_matches(" --");
        let delay: Value = sandbox.run(&format!("{jitter} --json")).json();
        assert_eq!(delay["delays"][0]["delay_ms"], row["offset_got_ms"]);
    }
    let screen = sandbox.run(line).ok();
    assert!(screen.contains("# cronctl jitter line-"), "{screen}");
    assert!(
        screen.lines().all(|l| l.is_empty() || l.starts_with('#')),
        "{screen}"
    );
}

#[test]
fn molecules_schedules_are_named_with_their_route() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/molecule/get_schedules.json"
    );
    let mut one: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let first = one[0].clone();
    let mut second = first.clone();
    second["id"] = json!("11111111-2222-4333-8444-555555555555");
    for schedule in [&first, &second] {
        assert!(schedule["cron_expr"].is_string());
    }
    let mut both = json!([first, second]);
    for schedule in both.as_array_mut().unwrap() {
        schedule["enabled"] = json!(true);
    }
    one = both;
    let sandbox = Sandbox::new();
    sandbox.write("work/jobs.json", one.to_string());
    let said = suggested(&sandbox, "--for 8d --jitter spread --window 60s --suggest");
    assert!(!rows(&said).is_empty(), "{said}");
    for row in rows(&said) {
        assert_eq!(row["change"], "none");
        assert!(
            row["why"].as_str().unwrap().contains("PATCH /workspaces/"),
            "{row}"
        );
    }
    assert_eq!(said["realised"], false);
}

#[test]
fn what_has_no_patch_says_why() {
    let sandbox = store(&burst());
    let state = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/openclaw/v2026.9.6");
    for (line, code, why) in [
        (
            format!("--jobs jobs.json {P8} --jitter native"),
            2,
            "has nothing to realise",
        ),
        (
            format!("--jobs jobs.json {P8} --jitter none"),
            2,
            "has nothing to realise",
        ),
        (format!("--openclaw {state}"), 1, "rows of a database"),
        (format!("--jobs - {P8}"), 1, "a pipe cannot be read twice"),
        (
            format!("--jobs jobs.json --jobs other.json {P8}"),
            2,
            "for one document",
        ),
        ("--jobs tab".to_owned(), 1, "one JSON document"),
    ] {
        sandbox.write("work/tab", "0 22 * * * a\n0 22 * * * b\n");
        let other: Vec<Value> = (30..34)
            .map(|n| job(&uuid(n), "0 21 * * *", "a/b"))
            .collect();
        sandbox.write("work/other.json", json!({"jobs": other}).to_string());
        let args = format!("plan {line} --quiet --suggest=patch");
        let input = json!({"version": 1, "jobs": burst()}).to_string();
        let run = sandbox.command(args.split_whitespace()).stdin(input).run();
        assert_eq!((run.code, &*run.stdout), (Some(code), ""), "{line}: {run}");
        assert!(run.stderr.contains(why), "{line}: {run}");
        assert!(run.stderr.contains("hint: "), "{line}: {run}");
    }
}

#[test]
fn recorded_states_are_patched_as_their_gateway_wrote_them() {
    for version in ["v2026.3.28", "v2026.3.31"] {
        let file = format!(
            "{}/tests/data/openclaw/{version}/cron/jobs.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let Ok(bytes) = std::fs::read(&file) else {
            panic!("{file}");
        };
        let sandbox = Sandbox::new();
        let mut document: Value = serde_json::from_slice(&bytes).unwrap();
        // Its own jobs hardly ever meet: these do.
        for id in ["x", "y", "z"] {
            document["jobs"]
                .as_array_mut()
                .unwrap()
                .push(job(id, "0 22 * * *", "a/b"));
        }
        sandbox.write("work/jobs.json", document.to_string());
        let said = holds(
            &sandbox,
            "--from 2026-11-21T00:00Z --for 24h --jitter spread --window 90s",
        );
        assert!(rows(&said).len() >= 2, "{said}");
        assert_eq!(said["realised"], true, "{said}");
    }
}

/// What gateways made of the suggested commands.
#[test]
fn real_gateways_did_with_the_commands_what_was_said() {
    const NOMINAL_MS: i64 = 1_795_759_200_000; // 2026-11-27T06:00Z, 22:00 in Los Angeles
    for version in RECORDED {
        let read = |when: &str| -> Value {
            let root = env!("CARGO_MANIFEST_DIR");
            let path = format!("{root}/tests/data/suggest/{version}-{when}.json");
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
        };
        let (before, after) = (read("before"), read("after"));
        let sandbox = Sandbox::new();
        sandbox.write("work/jobs.json", before.to_string());
        let line = format!(
            "--from 2026-11-27T00:00Z --openclaw-version {version} --jitter fit --max-concurrent 1 --suggest"
        );
        let said = suggested(&sandbox, &line);
        assert!(rows(&said).len() >= 3, "{said}");
        for row in rows(&said) {
            let jobs = after["jobs"].as_array().unwrap();
            let job = jobs.iter().find(|j| j["id"] == row["job"]).unwrap();
            assert_eq!(job["schedule"]["expr"], row["to_expr"], "{version}");
            assert_eq!(
                job["schedule"]["staggerMs"], row["to_stagger_ms"],
                "{version}"
            );
            assert_eq!(job["schedule"]["tz"], "America/Los_Angeles", "{version}");
            let next = job["state"]["nextRunAtMs"].as_i64().unwrap();
            assert_eq!(next - NOMINAL_MS, row["offset_got_ms"], "{version}");
        }
        sandbox.write("work/jobs.json", after.to_string());
        assert_eq!(
            suggested(&sandbox, &line)["suggestions"],
            json!([]),
            "{version}"
        );
    }
}

#[test]
fn a_patch_is_refused_by_a_document_that_is_another_by_then() {
    let sandbox = store(&burst());
    let patch: json_patch::Patch = run(&sandbox, &format!("{P8} --suggest=patch")).json();
    let mut other = json!({"version": 1, "jobs": burst()});
    other["jobs"].as_array_mut().unwrap().reverse();
    assert!(json_patch::patch(&mut other, &patch).is_err());
}

/// Expressions that meet in many ways.
const EXPRESSIONS: [&str; 9] = [
    "0 22 * * *",
    "0 22 * * *",
    "0 */2 * * *",
    "*/15 * * * *",
    "30 22 * * *",
    "0 22 * * 1-5",
    "58 21 * * *",
    "0 0 22 * * *",
    "0 * * * *",
];

#[test]
fn whatever_the_jobs_are_the_claim_is_true_of_the_changed_file() {
    for seed in 0..12_usize {
        let jobs: Vec<Value> = (0..18)
            .map(|n| {
                let pick = (n * 7 + seed * 5 + n * n * seed) % EXPRESSIONS.len();
                let model = if (n + seed) % 3 == 0 {
                    "openai/b"
                } else {
                    "anthropic/a"
                };
                let mut job = job(&format!("{seed}-{n}"), EXPRESSIONS[pick], model);
                if n % 5 == 0 {
                    job["schedule"]["staggerMs"] = json!(seed * 1000);
                }
                job["state"]["lastDurationMs"] = json!(1 + (n * 37_003 + seed * 9_001) % 240_000);
                job
            })
            .collect();
        let sandbox = store(&jobs);
        let line = format!("{P8} --jitter fit --max-concurrent {}", 1 + seed % 4);
        let said = suggested(&sandbox, &format!("{line} --suggest"));
        apply(&sandbox, &line);
        let native = suggested(&sandbox, &format!("{P8} --jitter native"));
        assert_eq!(
            peaks(&said, "suggested"),
            peaks(&native, "before"),
            "seed {seed}"
        );
        let reached = peaks(&said, "suggested")
            .iter()
            .zip(peaks(&said, "planned"))
            .all(|(got, planned)| {
                got.1.as_u64() <= planned.1.as_u64() && got.2.as_u64() <= planned.2.as_u64()
            });
        assert_eq!(said["realised"], reached, "seed {seed}");
        assert!(
            reached || said["missed"].to_string().contains("miss the plan"),
            "seed {seed}: {said}"
        );
    }
}

#[test]
fn a_start_that_leaves_the_horizon_is_counted() {
    let sandbox = store(&burst());
    let tick = "--tick 2026-03-31T22:00-07:00 --jitter fit --max-concurrent 4";
    let said = suggested(&sandbox, &format!("{tick} --suggest"));
    assert_eq!(said["realised"], true);
    assert_eq!(peaks(&said, "planned"), peaks(&said, "suggested"));
    apply(&sandbox, tick);
    let day = suggested(&sandbox, &format!("{P8} --jitter native"));
    assert_eq!(peaks(&said, "suggested"), peaks(&day, "before"));
    // The demo's, as well.
    let run = sandbox.run(&format!("plan --demo {tick} --suggest"));
    let text = run.ok();
    assert!(
        text.contains("24 at once before, 4 planned, 4 with these"),
        "{text}"
    );
}

/// The comments of a script as one line.
fn prose(script: &str) -> String {
    let lines = script.lines().filter_map(|l| l.strip_prefix("# "));
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_script_says_what_its_peaks_rest_on() {
    let sandbox = Sandbox::new();
    let line = "plan --demo --jitter fit --max-concurrent 4 --suggest";
    let said = sandbox.run(line).ok();
    let text = prose(&said);
    for fact in [
        "within 2026-08-02T03:00:00.000Z..",
        "what fires outside was not looked at",
        "source demo: ",
        "run lengths: ",
        "jitter: fit",
        "demo: 24 slots",
        "! of the biggest burst 16 on openai, 8 on anthropic as declared",
    ] {
        assert!(text.contains(fact), "{fact}: {said}");
    }
    let document: Value = sandbox.run(&format!("{line} --json")).json();
    let plan: Value = sandbox
        .run("plan --demo --jitter fit --max-concurrent 4 --json")
        .json();
    for field in ["run_lengths", "dispatch", "findings", "inputs"] {
        assert_eq!(document[field], plan[field], "{field}");
    }
    let both = sandbox.run(&format!("{line} --honour both"));
    assert_eq!((both.code, &*both.stdout), (Some(2), ""), "{both}");
    assert!(both.stderr.contains("--honour both makes two"), "{both}");
}

#[test]
fn jobs_that_the_horizon_does_not_show_are_counted() {
    let mut jobs: Vec<Value> = (0..6).map(|n| job(&uuid(n), "0 22 * * *", "a/b")).collect();
    jobs.extend((6..12).map(|n| job(&uuid(n), "1 22 * * 5", "a/b")));
    let sandbox = store(&jobs);
    let line = format!("{P8} --jitter fit --max-concurrent 2 --suggest");
    let text = prose(&run(&sandbox, &line).ok());
    assert!(
        text.contains("! 6 of the jobs have no fire within 2026-03-31T07:00:00.000Z..2026-04-01"),
        "{text}"
    );
    let week = line.replace("24h", "7d");
    let text = prose(&run(&sandbox, &week).ok());
    assert!(!text.contains("have no fire"), "{text}");
}

#[test]
fn what_is_worse_than_today_is_said() {
    // One of the burst moves to where a third job is; whose group that is, is worse off.
    let said = ["x/m", "y/m"].map(|model| {
        let sandbox = store(&[
            job("a", "0 22 * * *", "x/m"),
            job("b", "0 22 * * *", "y/m"),
            job("c", "10 22 * * *", model),
        ]);
        let line = format!("{P8} --jitter gap --gap 600s..600s --run-length 1s --suggest");
        let said = suggested(&sandbox, &line)["warnings"].to_string();
        let text = prose(&run(&sandbox, &line).ok());
        let worse = ": more at once than today: 2 instead of 1";
        assert_eq!(said.contains(worse), text.contains(worse), "{said} {text}");
        said.contains(worse)
    });
    assert_eq!(said.iter().filter(|worse| **worse).count(), 1, "{said:?}");
}

#[test]
fn a_lone_ampersand_and_a_delay_of_ours_keep_a_line_as_it_is() {
    let sandbox = Sandbox::new();
    let tab = "CRON_TZ=UTC\n\
               0 22 * * * /usr/bin/a\n\
               0 22 * * * cronctl jitter b --strategy random -- /usr/bin/b\n\
               0 22 * * * /usr/bin/c & /usr/bin/d\n\
               0 22 * * * : noop\n\
               0 22 * * * /usr/bin/e >/dev/null 2>&1\n";
    sandbox.write("work/tab", tab);
    let line = "plan --jobs tab --quiet --from 2026-03-31T00:00Z --jitter gap --gap 7s..7s --seed 1 --suggest";
    let said: Value = sandbox.run(&format!("{line} --json")).json();
    let mut seen = 0;
    for row in rows(&said) {
        let (name, why) = (row["name"].as_str().unwrap(), row["why"].as_str().unwrap());
        let kept = if name.contains("cronctl jitter") {
            Some("already waits by cronctl jitter")
        } else if name.contains("c & ") {
            Some("what follows the & in its command would not wait")
        } else {
            None
        };
        seen += 1;
        if let Some(reason) = kept {
            assert_eq!(row["change"], "none", "{row}");
            assert!(why.contains(reason), "{row}");
        } else {
            let compound = !name.starts_with("/usr/bin/a");
            let command = row["command"].as_str().unwrap();
            assert_eq!(command.ends_with(" -- true &&"), compound, "{row}");
        }
    }
    assert_eq!(seen, 4, "one of five stays: {said}");
    let text = prose(&sandbox.run(line).ok());
    assert!(
        text.contains("! tab: line 3: the delay by cronctl jitter is not counted"),
        "{text}"
    );
    assert!(text.contains("! tab: cron's PATH is short"), "{text}");
}

#[test]
fn commands_for_several_gateways_say_which() {
    let sandbox = Sandbox::new();
    let state = |from: usize| {
        let jobs: Vec<Value> = (from..from + 3)
            .map(|n| job(&uuid(n), "0 22 * * *", "a/b"))
            .collect();
        json!({"version": 1, "jobs": jobs}).to_string()
    };
    for (directory, from) in [("one", 0), ("it's two", 10)] {
        sandbox.write(&format!("work/{directory}/openclaw.json"), "{}");
        sandbox.write(&format!("work/{directory}/cron/jobs.json"), state(from));
    }
    sandbox.write("work/jobs.json", state(20));
    let run = |args: &[&str]| {
        let line = format!("plan --quiet {P8} --jitter spread --window 5m --suggest");
        let all = line.split_whitespace().chain(args.iter().copied());
        let run = sandbox.command(all).run();
        assert_eq!(run.code, Some(0), "{run}");
        run.stdout
    };
    let commands = |script: &str| -> Vec<String> {
        let lines = script
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    let alone = run(&["--openclaw", "one"]);
    assert!(
        commands(&alone)
            .iter()
            .all(|l| l.starts_with("openclaw cron edit")),
        "{alone}"
    );
    let script = run(&[
        "--openclaw",
        "one",
        "--openclaw",
        "it's two",
        "--jobs",
        "jobs.json",
    ]);
    let at = |directory: &str| {
        sandbox
            .path(&format!("work/{directory}"))
            .display()
            .to_string()
    };
    let one = format!("env OPENCLAW_STATE_DIR={} openclaw cron edit ", at("one"));
    let one = one.replace(
        &format!("OPENCLAW_STATE_DIR={}", at("one")),
        &format!("'OPENCLAW_STATE_DIR={}'", at("one")),
    );
    let two = format!(
        "env 'OPENCLAW_STATE_DIR={}' openclaw cron edit ",
        at("it's two").replace('\'', r"'\''")
    );
    let lines = commands(&script);
    let count = |start: &str| lines.iter().filter(|l| l.starts_with(start)).count();
    assert!(count(&one) >= 2 && count(&two) >= 2, "{script}");
    assert!(count("openclaw cron edit ") >= 2, "{script}");
    let text = prose(&script);
    assert!(
        text.contains("! run these on the gateway of jobs.json"),
        "{text}"
    );
    assert!(
        text.contains("! jobs.json: its commands must run on its own gateway"),
        "{text}"
    );
}

#[test]
fn a_patch_says_which_changes_are_none_of_it() {
    let sandbox = store(&burst());
    sandbox.write(
        "work/tab",
        "CRON_TZ=America/Los_Angeles\n0 22 * * * /bin/a\n0 22 * * * /bin/b\n",
    );
    let line = format!(
        "plan --jobs jobs.json --jobs tab {P8} --jitter spread --window 5m --suggest=patch"
    );
    let run = sandbox.run(&line);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr
            .contains("are prefixes in tab and no part of the patch"),
        "{run}"
    );
    run.json::<json_patch::Patch>();
}

#[test]
fn changes_that_no_script_can_hold_are_counted_in_its_head() {
    let mut jobs: Vec<Value> = ["a\nb", "c\u{1b}d", "e\u{202e}f"]
        .iter()
        .map(|id| job(id, "0 22 * * *", "a/b"))
        .collect();
    jobs.push(job("plain", "0 22\n* * *", "a/b"));
    jobs.push(job("other", "0 22 * * *", "a/b"));
    let sandbox = store(&jobs);
    let line = format!("{P8} --jitter gap --gap 90s..90s --suggest");
    let said = suggested(&sandbox, &line);
    let lost = rows(&said)
        .iter()
        .filter(|r| r["command"].is_null())
        .count();
    assert!(lost >= 2, "{said}");
    for row in rows(&said) {
        let plain = ["plain", "other"].contains(&row["job"].as_str().unwrap());
        assert_eq!(row["command"].is_string(), plain, "{row}");
    }
    let script = run(&sandbox, &line).ok();
    let text = prose(&script);
    assert!(
        text.contains(&format!("! {lost} of the changes are not in this script")),
        "{script}"
    );
    assert!(
        text.contains("its id cannot be shown as one line"),
        "{script}"
    );
}

#[test]
fn an_id_that_two_jobs_have_gets_no_command() {
    let jobs: Vec<Value> = ["a", "a", "a", "b", "c"]
        .iter()
        .map(|id| job(id, "0 22 * * *", "a/b"))
        .collect();
    let sandbox = store(&jobs);
    let said = suggested(
        &sandbox,
        &format!("{P8} --jitter spread --window 50m --suggest"),
    );
    let mut refused = 0;
    for row in rows(&said) {
        assert_eq!(row["change"] == "none", row["job"] == "a", "{row}");
        if row["job"] == "a" {
            refused += 1;
            assert_eq!(row["why"], "its id is not unique in its source");
        }
    }
    assert!(refused >= 2, "{said}");
}

#[test]
fn jobs_that_are_not_asked_for_are_counted_apart() {
    let sandbox = store(&burst());
    let line = format!(
        "{P8} --jitter spread --window 50m --suggest --job {}",
        uuid(3)
    );
    let said = suggested(&sandbox, &line);
    let counts = &said["counts"];
    assert_eq!(counts["not_asked_for"], 23, "{counts}");
    let of = |key: &str| counts[key].as_u64().unwrap();
    assert_eq!(of("changed") + of("unchanged") + of("not_changeable"), 1);
    let text = prose(&run(&sandbox, &line).ok());
    assert!(text.contains("23 not asked for"), "{text}");
}
