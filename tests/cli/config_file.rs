//! Mistakes in `cronctl.toml`: each is named with its place and what to write instead.

use snapbox::{assert_data_eq, str};

use crate::sandbox::Sandbox;

const PROJECT: &str = "work/cronctl.toml";

/// Returns each file and what `config show` says about it.
fn refused(files: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let say = |file: &&str| {
        sandbox.write(PROJECT, file);
        let run = sandbox.run("config show");
        assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{file}: {run}");
        assert!(!run.stderr.contains("tok-secret"), "{run}");
        let text = run.to_string();
        let text = text.trim_start_matches("--- stderr\n");
        format!("{file}{}", text.trim_end_matches("--- exit 1\n"))
    };
    files.iter().map(say).collect::<Vec<_>>().join("\n")
}

#[test]
fn unknown_keys_name_the_nearest() {
    let files = [
        "outputs = 'json'\n",
        "[plan]\n\n  windw = '5s'\n",
        "[contexts.a]\nmolecul = {}\n",
    ];
    assert_data_eq!(
        refused(&files),
        str![[r#"
outputs = 'json'
error: [ROOT]/work/cronctl.toml:1: outputs: there is no such key
hint: did you mean output?
hint: the keys here are output, color, context, plan, contexts

[plan]

  windw = '5s'
error: [ROOT]/work/cronctl.toml:3: plan.windw: there is no such key
hint: did you mean window?
hint: the keys here are jitter, window, gap, burst, seed, run_length, group_by

[contexts.a]
molecul = {}
error: [ROOT]/work/cronctl.toml:2: contexts.a.molecul: there is no such key
hint: did you mean molecule?
hint: the keys here are openclaw, jobs, openclaw_version, dialect, molecule, adapters

"#]]
    );
}

#[test]
fn wrong_values_say_what_was_expected() {
    let files = [
        "output = 'xml'\n",
        "output = 'jsn'\n",
        "output = 1\n",
        "plan = 'fit'\n",
        "[plan]\nwindow = 5\n",
        "[plan]\nburst = '2'\n",
        "[plan]\nburst = 0\n",
        "[plan]\nseed = -1\n",
        "[contexts.a]\nopenclaw = ['x', 2]\n",
        "[contexts.a]\nopenclaw_version = '1.2'\n",
        "[contexts.a.adapters.x]\nceiling_seconds = 1.5\n",
        "[contexts.a.adapters.x]\nsteerable = 'no'\n",
        "[contexts.a.adapters.x]\nnative_session = 1\n",
        "[contexts.a.adapters.x]\nnative = true\n",
        "[contexts.a.molecule]\ncheckpoint_path = true\n",
    ];
    assert_data_eq!(
        refused(&files),
        str![[r#"
output = 'xml'
error: [ROOT]/work/cronctl.toml:1:10: output: "xml" is none of table, json, ndjson, csv, sarif, junit, github

output = 'jsn'
error: [ROOT]/work/cronctl.toml:1:10: output: "jsn" is none of table, json, ndjson, csv, sarif, junit, github
hint: did you mean "json"?

output = 1
error: [ROOT]/work/cronctl.toml:1:10: output: expected one of table, json, ndjson, csv, sarif, junit, github, found integer

plan = 'fit'
error: [ROOT]/work/cronctl.toml:1:8: plan: expected a table, found string

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

[contexts.a]
openclaw = ['x', 2]
error: [ROOT]/work/cronctl.toml:2:18: contexts.a.openclaw: expected a path or a list of paths, found integer

[contexts.a]
openclaw_version = '1.2'
error: [ROOT]/work/cronctl.toml:2:20: contexts.a.openclaw_version: "1.2" is not an OpenClaw version such as 2026.9.6 or 2026.7.1-2

[contexts.a.adapters.x]
ceiling_seconds = 1.5
error: [ROOT]/work/cronctl.toml:2:19: contexts.a.adapters.x.ceiling_seconds: expected a whole number of at least 0, found float

[contexts.a.adapters.x]
steerable = 'no'
error: [ROOT]/work/cronctl.toml:2:13: contexts.a.adapters.x.steerable: expected true or false, found string

[contexts.a.adapters.x]
native_session = 1
error: [ROOT]/work/cronctl.toml:2:18: contexts.a.adapters.x.native_session: expected true or false, found integer

[contexts.a.adapters.x]
native = true
error: [ROOT]/work/cronctl.toml:2: contexts.a.adapters.x.native: there is no such key
hint: did you mean native_session?
hint: the keys here are ceiling_seconds, native_session, steerable

[contexts.a.molecule]
checkpoint_path = true
error: [ROOT]/work/cronctl.toml:2:19: contexts.a.molecule.checkpoint_path: expected a string, found boolean

"#]]
    );
}

#[test]
fn secrets_are_not_taken_and_not_repeated() {
    let files = [
        "[contexts.a.molecule]\ntoken = 'tok-secret'\n",
        "[contexts.a]\nTOKEN = 'tok-secret'\n",
        "[contexts.a.molecule]\ntoken_file = '~/.ssh/id_ed25519'\n",
        "[contexts.a.molecule]\ntoken_file = 'x/../../other'\n",
    ];
    assert_data_eq!(
        refused(&files),
        str![[r#"
[contexts.a.molecule]
token = 'tok-secret'
error: [ROOT]/work/cronctl.toml:2: contexts.a.molecule.token: secrets do not belong in this file
hint: put the token in a file of its own and name it: token_file = "~/…"

[contexts.a]
TOKEN = 'tok-secret'
error: [ROOT]/work/cronctl.toml:2: contexts.a.TOKEN: secrets do not belong in this file
hint: put the token in a file of its own and name it: token_file = "~/…"

[contexts.a.molecule]
token_file = '~/.ssh/id_ed25519'
error: [ROOT]/work/cronctl.toml:2:14: contexts.a.molecule.token_file: it is outside the project
  because: a project file could otherwise send any file of yours to its platform
hint: set it in the user file; `cronctl config path` shows where that is

[contexts.a.molecule]
token_file = 'x/../../other'
error: [ROOT]/work/cronctl.toml:2:14: contexts.a.molecule.token_file: it is outside the project
  because: a project file could otherwise send any file of yours to its platform
hint: set it in the user file; `cronctl config path` shows where that is

"#]]
    );
}

#[test]
fn what_is_not_toml_says_where() {
    let files = ["output = \n", "[plan]\nseed = 1\nseed = 2\n", "nonsense\n"];
    assert_data_eq!(
        refused(&files),
        str![[r#"
output = 
error: [ROOT]/work/cronctl.toml:1:10: it is not TOML
  because: string values must be quoted, expected literal string

[plan]
seed = 1
seed = 2
error: [ROOT]/work/cronctl.toml:3:1: it is not TOML
  because: duplicate key

nonsense
error: [ROOT]/work/cronctl.toml:1:9: it is not TOML
  because: key with no value, expected `=`

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
