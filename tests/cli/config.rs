//! Settings: precedence, origins, contexts.

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
now,2026-08-02T03:00:00.000Z,env CRONCTL_NOW
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
checkpoint_path = "/workspaces/{workspace_id}/control/checkpoint"

[contexts.prod.adapters.claude-code]
ceiling_seconds = 7_200
native_session = true
steerable = false

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
"contexts.""eu.west"".jobs","[""-""]",file [ROOT]/home/.config/cronctl/cronctl.toml:21
contexts.prod.adapters.claude-code.ceiling_seconds,7200,file [ROOT]/home/.config/cronctl/cronctl.toml:16
contexts.prod.adapters.claude-code.native_session,true,file [ROOT]/home/.config/cronctl/cronctl.toml:17
contexts.prod.adapters.claude-code.steerable,false,file [ROOT]/home/.config/cronctl/cronctl.toml:18
contexts.prod.jobs,"[""[ROOT]/home/.config/cronctl/jobs.json""]",file [ROOT]/home/.config/cronctl/cronctl.toml:6
contexts.prod.molecule.checkpoint_path,/workspaces/{workspace_id}/control/checkpoint,file [ROOT]/home/.config/cronctl/cronctl.toml:13
contexts.prod.molecule.org,org-1,file [ROOT]/home/.config/cronctl/cronctl.toml:11
contexts.prod.molecule.token_file,[ROOT]/home/token,file [ROOT]/home/.config/cronctl/cronctl.toml:12
contexts.prod.molecule.url,https://platform.example,file [ROOT]/home/.config/cronctl/cronctl.toml:10
contexts.prod.openclaw,"[""[ROOT]/home/.openclaw"",""/srv/openclaw""]",file [ROOT]/home/.config/cronctl/cronctl.toml:5
contexts.prod.openclaw_version,2026.7.1-2,file [ROOT]/home/.config/cronctl/cronctl.toml:7
now,2026-08-02T03:00:00.000Z,env CRONCTL_NOW
--- exit 0

"#]]
    );
    assert_eq!(
        setting(&sandbox, "context", "--context eu.west", &[]),
        "eu.west flag --context"
    );
}

#[test]
fn the_example_file_is_valid() {
    let sandbox = Sandbox::new();
    sandbox.write(USER, cronctl::manual::EXAMPLE_FILE);
    let shown = setting(&sandbox, "contexts.prod.molecule.url", "", &[]);
    let expected = format!("https://platform.example file [ROOT]/{USER}:10");
    assert_eq!(shown, expected);
}

#[test]
fn a_project_file_cannot_borrow_the_token_of_the_user() {
    let sandbox = Sandbox::new();
    sandbox.write(
        USER,
        "[contexts.a]\njobs = 'own.json'\n[contexts.a.molecule]\nurl = 'https://own'\ntoken_file = 'token'\n",
    );
    sandbox.write(PROJECT, "[contexts.a.molecule]\nurl = 'https://other'\n");
    let shown = sandbox
        .run("config show --columns key,value --no-headers")
        .ok();
    assert!(shown.contains("https://other"), "{shown}");
    assert!(shown.contains("own.json"), "{shown}");
    assert!(!shown.contains("token_file"), "{shown}");
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
error: CRONCTL_OUTPUT: "jsn" is none of table, json, ndjson, csv, sarif, junit, github
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
