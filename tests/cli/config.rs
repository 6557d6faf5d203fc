//! Settings: precedence, origins, contexts, errors in files.

use snapbox::{assert_data_eq, str};

use crate::sandbox::Sandbox;

const USER: &str = "home/.config/cronctl/cronctl.toml";
const PROJECT: &str = "work/cronctl.toml";

/// Returns value and origin of one setting, the sandbox's root written as `[ROOT]`.
fn setting(sandbox: &Sandbox, key: &str, args: &str, env: &[(&str, &str)]) -> String {
    let line = format!("config show --columns key,value,origin {args}");
    let mut command = sandbox.command(line.split_whitespace());
    for (name, value) in env {
        command = command.env(name, value);
    }
    let text = command.run().to_string();
    let line = text.lines().find(|l| l.split(' ').next() == Some(key));
    let words = line.unwrap_or(&text).split_whitespace().skip(1);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_stronger_place_wins() {
    let sandbox = Sandbox::new();
    let color = |args: &str, env: &[(&str, &str)]| setting(&sandbox, "color", args, env);
    assert_eq!(color("", &[]), "auto built-in");
    sandbox.write(USER, "color = 'never'\n");
    assert_eq!(color("", &[]), format!("never file [ROOT]/{USER}:1"));
    sandbox.write(PROJECT, "# project\n\ncolor = \"auto\"\n");
    assert_eq!(color("", &[]), format!("auto file [ROOT]/{PROJECT}:3"));
    let env = [("CRONCTL_COLOR", "never")];
    assert_eq!(color("", &env), "never env CRONCTL_COLOR");
    assert_eq!(color("--color auto", &env), "auto flag --color");
    assert_eq!(
        color("", &[("CRONCTL_COLOR", "")]),
        format!("auto file [ROOT]/{PROJECT}:3")
    );
}

#[test]
fn files_are_merged_key_by_key() {
    let sandbox = Sandbox::new();
    sandbox.write(
        USER,
        "[plan]\nwindow = '10s'\nburst = 3\n[contexts.a]\ndialect = 'molecule'\n",
    );
    sandbox.write(
        PROJECT,
        "[plan]\nburst = 4\n[contexts.a]\nopenclaw_version = '2026.9.6'\n",
    );
    assert_data_eq!(
        sandbox
            .run("config show -o csv --columns key,value,origin")
            .to_string(),
        str![[r#"
key,value,origin
output,csv,flag --output
color,auto,built-in
context,,built-in
plan.jitter,spread,built-in
plan.window,10s,file [ROOT]/home/.config/cronctl/cronctl.toml:2
plan.gap,2s..5s,built-in
plan.burst,4,file [ROOT]/work/cronctl.toml:2
plan.seed,0,built-in
plan.run_length,,built-in
plan.group_by,,built-in
contexts.a.dialect,molecule,file [ROOT]/home/.config/cronctl/cronctl.toml:5
contexts.a.openclaw_version,2026.9.6,file [ROOT]/work/cronctl.toml:4
now,2026-08-02T03:00:00Z,env CRONCTL_NOW
--- exit 0

"#]]
    );
}

#[test]
fn the_nearest_project_file_is_used_alone() {
    let sandbox = Sandbox::new();
    sandbox.write(PROJECT, "[plan]\nwindow = '1s'\nseed = 1\n");
    sandbox.write("work/a/cronctl.toml", "[plan]\nwindow = '2s'\n");
    std::fs::create_dir_all(sandbox.path("work/a/b")).unwrap();
    let command = sandbox.command(["config", "show", "--columns", "key,value", "--no-headers"]);
    let shown = command.directory(&sandbox.path("work/a/b")).run().ok();
    assert!(shown.contains("plan.window      2s\n"), "{shown}");
    assert!(shown.contains("plan.seed        0\n"), "{shown}");
}

#[test]
fn the_format_itself_is_a_setting() {
    let sandbox = Sandbox::new();
    sandbox.write(USER, "output = 'csv'\n");
    assert!(sandbox.run("config show").ok().starts_with("key,value,"));
    assert!(sandbox.run("config show --json").ok().starts_with('{'));
    let env = sandbox
        .command(["config", "show"])
        .env("CRONCTL_OUTPUT", "ndjson");
    assert!(env.run().ok().starts_with("{\"key\""));
}

#[test]
fn a_context_is_chosen_and_its_paths_resolved() {
    let sandbox = Sandbox::new();
    sandbox.write(
        USER,
        r#"
context = "prod"

[contexts.prod]
openclaw = ["~/.openclaw", "/srv/openclaw"]
jobs = "jobs.json"
openclaw_version = "v2026.7.1-2"

[contexts.prod.molecule]
url = "https://platform.example"
org = "org-1"
token_file = "~/token"

[contexts.prod.adapters.claude-code]
ceiling_seconds = 7_200

[contexts."eu.west"]
jobs = "-"
"#,
    );
    sandbox.write("home/token", "tok-secret");
    let run = sandbox.run("config show -o csv --columns key,value,origin");
    assert!(!run.stdout.contains("tok-secret"), "{run}");
    assert_data_eq!(
        run.to_string(),
        str![[r#"
key,value,origin
output,csv,flag --output
color,auto,built-in
context,prod,file [ROOT]/home/.config/cronctl/cronctl.toml:2
plan.jitter,spread,built-in
plan.window,5s,built-in
plan.gap,2s..5s,built-in
plan.burst,2,built-in
plan.seed,0,built-in
plan.run_length,,built-in
plan.group_by,,built-in
"contexts.""eu.west"".jobs","[""-""]",file [ROOT]/home/.config/cronctl/cronctl.toml:18
contexts.prod.adapters.claude-code.ceiling_seconds,7200,file [ROOT]/home/.config/cronctl/cronctl.toml:15
contexts.prod.jobs,"[""[ROOT]/home/.config/cronctl/jobs.json""]",file [ROOT]/home/.config/cronctl/cronctl.toml:6
contexts.prod.molecule.org,org-1,file [ROOT]/home/.config/cronctl/cronctl.toml:11
contexts.prod.molecule.token_file,[ROOT]/home/token,file [ROOT]/home/.config/cronctl/cronctl.toml:12
contexts.prod.molecule.url,https://platform.example,file [ROOT]/home/.config/cronctl/cronctl.toml:10
contexts.prod.openclaw,"[""[ROOT]/home/.openclaw"",""/srv/openclaw""]",file [ROOT]/home/.config/cronctl/cronctl.toml:5
contexts.prod.openclaw_version,2026.7.1-2,file [ROOT]/home/.config/cronctl/cronctl.toml:7
now,2026-08-02T03:00:00Z,env CRONCTL_NOW
--- exit 0

"#]]
    );
    assert_eq!(
        setting(&sandbox, "context", "--context eu.west", &[]),
        "eu.west flag --context"
    );
}

#[test]
fn an_unknown_context_names_the_nearest() {
    let sandbox = Sandbox::new();
    let none = sandbox.run("config show --context prod");
    assert_data_eq!(
        none.to_string(),
        str![[r#"
--- stderr
error: --context: there is no context "prod"
hint: no [contexts.NAME] is configured; `cronctl config path` shows where
--- exit 2

"#]]
    );
    sandbox.write(PROJECT, "[contexts.prod]\n[contexts.staging]\n");
    assert_data_eq!(
        sandbox.run("config show --context prd").to_string(),
        str![[r#"
--- stderr
error: --context: there is no context "prd"
hint: did you mean prod?
hint: the contexts are prod, staging
--- exit 2

"#]]
    );
    sandbox.write(PROJECT, "context = 'x'\n[contexts.prod]\n");
    assert_data_eq!(
        sandbox.run("config show").to_string(),
        str![[r#"
--- stderr
error: [ROOT]/work/cronctl.toml:1: context: there is no context "x"
hint: the contexts are prod
--- exit 1

"#]]
    );
}

#[test]
fn mistakes_in_a_file_are_named_with_their_place() {
    let sandbox = Sandbox::new();
    let files = [
        "output = 'xml'\n",
        "output = 'jsn'\n",
        "output = 1\n",
        "outputs = 'json'\n",
        "[plan]\n\n  windw = '5s'\n",
        "[plan]\nwindow = 5\n",
        "[plan]\nburst = '2'\n",
        "[plan]\nburst = 0\n",
        "[plan]\nseed = -1\n",
        "plan = 'fit'\n",
        "[contexts.a]\nopenclaw = ['x', 2]\n",
        "[contexts.a]\nopenclaw_version = '1.2'\n",
        "[contexts.a]\nmolecul = {}\n",
        "[contexts.a.molecule]\ntoken = 'tok-secret'\n",
        "[contexts.a]\nTOKEN = 'tok-secret'\n",
        "[contexts.a.adapters.x]\nceiling_seconds = 1.5\n",
        "output = \n",
        "a = 1\na = 2\n",
    ];
    let mut all = Vec::new();
    for file in files {
        sandbox.write(PROJECT, file);
        let run = sandbox.run("config show");
        assert_eq!(run.code, Some(1), "{file}: {run}");
        assert_eq!(run.stdout, "");
        let text = run.to_string();
        assert!(!text.contains("tok-secret"), "{text}");
        let text = text
            .trim_start_matches("--- stderr\n")
            .replace("--- exit 1\n", "");
        all.push(format!("{file}{text}"));
    }
    assert_data_eq!(
        all.join("\n"),
        str![[r#"
output = 'xml'
error: [ROOT]/work/cronctl.toml:1:10: output: "xml" is none of table, json, ndjson, csv

output = 'jsn'
error: [ROOT]/work/cronctl.toml:1:10: output: "jsn" is none of table, json, ndjson, csv
hint: did you mean "json"?

output = 1
error: [ROOT]/work/cronctl.toml:1:10: output: expected one of table, json, ndjson, csv, found integer

outputs = 'json'
error: [ROOT]/work/cronctl.toml:1: outputs: there is no such key
hint: did you mean output?
hint: the keys here are output, color, context, plan, contexts

[plan]

  windw = '5s'
error: [ROOT]/work/cronctl.toml:3: plan.windw: there is no such key
hint: did you mean window?
hint: the keys here are jitter, window, gap, burst, seed, run_length, group_by

[plan]
window = 5
error: [ROOT]/work/cronctl.toml:2:10: plan.window: expected a string, found integer

[plan]
burst = '2'
error: [ROOT]/work/cronctl.toml:2:9: plan.burst: expected a whole number of at least 1, found string

[plan]
burst = 0
error: [ROOT]/work/cronctl.toml:2:9: plan.burst: expected a whole number of at least 1, found integer

[plan]
seed = -1
error: [ROOT]/work/cronctl.toml:2:8: plan.seed: expected a whole number of at least 0, found integer

plan = 'fit'
error: [ROOT]/work/cronctl.toml:1:8: plan: expected a table, found string

[contexts.a]
openclaw = ['x', 2]
error: [ROOT]/work/cronctl.toml:2:18: contexts.a.openclaw: expected a path or a list of paths, found integer

[contexts.a]
openclaw_version = '1.2'
error: [ROOT]/work/cronctl.toml:2:20: contexts.a.openclaw_version: "1.2" is not an OpenClaw version such as 2026.9.6 or 2026.7.1-2

[contexts.a]
molecul = {}
error: [ROOT]/work/cronctl.toml:2: contexts.a.molecul: there is no such key
hint: did you mean molecule?
hint: the keys here are openclaw, jobs, openclaw_version, dialect, molecule, adapters

[contexts.a.molecule]
token = 'tok-secret'
error: [ROOT]/work/cronctl.toml:2: contexts.a.molecule.token: secrets do not belong in this file
hint: put the token in a file of its own and name it: token_file = "~/…"

[contexts.a]
TOKEN = 'tok-secret'
error: [ROOT]/work/cronctl.toml:2: contexts.a.TOKEN: secrets do not belong in this file
hint: put the token in a file of its own and name it: token_file = "~/…"

[contexts.a.adapters.x]
ceiling_seconds = 1.5
error: [ROOT]/work/cronctl.toml:2:19: contexts.a.adapters.x.ceiling_seconds: expected a whole number of at least 0, found float

output = 
error: [ROOT]/work/cronctl.toml:1:10: it is not TOML
  because: string values must be quoted, expected literal string

a = 1
a = 2
error: [ROOT]/work/cronctl.toml:2:1: it is not TOML
  because: duplicate key

"#]]
    );
}

#[test]
fn a_file_that_is_no_text_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write(PROJECT, b"output = '\xff'\n");
    let run = sandbox.run("config show");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("cronctl.toml: it is not UTF-8"),
        "{run}"
    );
}

#[test]
fn a_wrong_variable_is_a_usage_error() {
    let sandbox = Sandbox::new();
    let run = |name, value| {
        let command = sandbox.command(["config", "show"]).env(name, value);
        command.run().to_string()
    };
    assert_data_eq!(
        run("CRONCTL_OUTPUT", "jsn"),
        str![[r#"
--- stderr
error: CRONCTL_OUTPUT: "jsn" is none of table, json, ndjson, csv
hint: did you mean json?
--- exit 2

"#]]
    );
    assert_data_eq!(
        run("CRONCTL_PLAN_BURST", "many"),
        str![[r#"
--- stderr
error: CRONCTL_PLAN_BURST: "many" is not a whole number of at least 1
--- exit 2

"#]]
    );
    assert_data_eq!(
        run("CRONCTL_NOW", "today"),
        str![[r#"
--- stderr
error: CRONCTL_NOW: "today" is not an instant
hint: write it as 2026-08-01T22:00:00-07:00, or as milliseconds since the Unix epoch
--- exit 2

"#]]
    );
}

#[test]
fn a_broken_file_does_not_stop_what_does_not_need_it() {
    let sandbox = Sandbox::new();
    sandbox.write(PROJECT, "nonsense");
    for line in ["config path", "completions bash", "--help", "--version"] {
        assert!(!sandbox.run(line).ok().is_empty(), "{line}");
    }
}

#[test]
fn the_places_are_shown() {
    let sandbox = Sandbox::new();
    sandbox.write(USER, "");
    assert_data_eq!(
        sandbox.run("config path -o csv").to_string(),
        str![[r#"
scope,path,found
project,[ROOT]/work/cronctl.toml,false
user,[ROOT]/home/.config/cronctl/cronctl.toml,true
--- exit 0

"#]]
    );
    let elsewhere = sandbox.command(["config", "path", "--columns", "path"]);
    let run = elsewhere.env("XDG_CONFIG_HOME", sandbox.path("xdg")).run();
    assert!(
        run.to_string().contains("[ROOT]/xdg/cronctl/cronctl.toml"),
        "{run}"
    );
    let homeless = sandbox
        .command(["config", "path", "-o", "csv"])
        .without("HOME")
        .run();
    assert_data_eq!(
        homeless.to_string(),
        str![[r#"
scope,path,found
project,[ROOT]/work/cronctl.toml,false
user,,false
--- exit 0

"#]]
    );
}
