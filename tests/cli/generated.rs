//! Checked-in completions, manual pages and schemas equal what the code gives.
//!
//! `CRONCTL_REGENERATE=1 cargo test --test cli generated` writes them instead.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use clap::ValueEnum;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use cronctl::command::completions::Shell;

use crate::sandbox::Sandbox;

/// Compares a directory with what it should hold, or rewrites it when asked to.
fn check(directory: &str, expected: &BTreeMap<String, String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    if std::env::var("CRONCTL_REGENERATE").is_ok_and(|v| v == "1") {
        std::fs::remove_dir_all(&root).ok();
        std::fs::create_dir_all(&root).unwrap();
        for (name, content) in expected {
            std::fs::write(root.join(name), content).unwrap();
        }
        return;
    }
    let again = "run CRONCTL_REGENERATE=1 cargo test --test cli generated";
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&root).unwrap_or_else(|e| panic!("{directory}: {e}; {again}")) {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        found.insert(name, std::fs::read_to_string(entry.path()).unwrap());
    }
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(expected), "{directory}: {again}");
    for (name, content) in expected {
        assert!(
            found[name] == *content,
            "{directory}/{name} is stale: {again}"
        );
    }
}

#[test]
fn generated_completions() {
    let scripts = Shell::value_variants()
        .iter()
        .map(|shell| (shell.file_name().to_owned(), shell.script().unwrap()));
    check("completions", &scripts.collect());
}

#[test]
fn generated_manual_pages() {
    let mut pages = BTreeMap::new();
    let mut definition = cronctl::cli::definition();
    definition.build();
    page(&definition, "cronctl", &mut pages);
    check("man", &pages);
}

fn page(command: &clap::Command, name: &str, pages: &mut BTreeMap<String, String>) {
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        page(sub, &format!("{name}-{}", sub.get_name()), pages);
    }
    let man = Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_uppercase())
        .source(format!("cronctl {}", env!("CARGO_PKG_VERSION")))
        .manual("cronctl manual");
    let mut out = Vec::new();
    man.render_title(&mut out).unwrap();
    man.render_name_section(&mut out).unwrap();
    man.render_synopsis_section(&mut out).unwrap();
    man.render_description_section(&mut out).unwrap();
    man.render_options_section(&mut out).unwrap();
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out).unwrap();
    }
    let mut roff = Roff::new();
    // The overview's extra text is the same lists as the sections below.
    let extra = command.get_after_long_help().or(command.get_after_help());
    if let Some(extra) = extra.filter(|_| name != "cronctl") {
        let extra = extra.to_string();
        let (title, body) = extra.split_once(":\n").unwrap();
        roff.control("SH", [title.to_uppercase().as_str()]);
        roff.control("nf", []);
        roff.text([roman(body)]);
        roff.control("fi", []);
    }
    for section in cronctl::manual::sections() {
        roff.control("SH", [section.title]);
        for (term, meaning) in &section.entries {
            roff.control("TP", []);
            roff.text([bold(term.as_str())]);
            roff.text([roman(meaning.as_str())]);
        }
    }
    roff.to_writer(&mut out).unwrap();
    pages.insert(format!("{name}.1"), String::from_utf8(out).unwrap());
}

#[test]
fn generated_schemas() {
    let pretty = |schema| serde_json::to_string_pretty(schema).unwrap() + "\n";
    let files = cronctl::command::schemas();
    let files = files.iter().map(|p| (p.file_name(), pretty(&p.schema)));
    check("docs/schema", &files.collect());
}

#[test]
fn generated_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md");
    let page = cronctl::command::check::page();
    if std::env::var("CRONCTL_REGENERATE").is_ok_and(|v| v == "1") {
        std::fs::write(path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let again = "run CRONCTL_REGENERATE=1 cargo test --test cli generated";
    assert!(found == page, "docs/checks.md is stale: {again}");
}

#[test]
fn the_completions_command_prints_the_checked_in_scripts() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let variant = Shell::from_str(shell, false).unwrap();
        let script = sandbox.run(&format!("completions {shell}")).ok();
        assert_eq!(script, variant.script().unwrap(), "{shell}");
    }
}

/// Asks as the bash script does, with the cursor after the last word.
fn complete(sandbox: &Sandbox, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let command = sandbox.command(["--"].into_iter().chain(words.iter().copied()));
    let index = (words.len() - 1).to_string();
    let command = command
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", index);
    command.run().ok()
}

#[test]
fn shells_are_offered_commands_options_and_contexts() {
    let sandbox = Sandbox::new();
    assert_eq!(complete(&sandbox, "cronctl conf"), "config");
    assert_eq!(
        complete(&sandbox, "cronctl config show --no-h"),
        "--no-headers"
    );
    assert_eq!(complete(&sandbox, "cronctl config show -o nd"), "ndjson");
    sandbox.write("work/cronctl.toml", "[contexts.prod]\n[contexts.staging]\n");
    assert_eq!(
        complete(&sandbox, "cronctl config show --context "),
        "prod\nstaging"
    );
    assert_eq!(
        complete(&sandbox, "cronctl config show --context s"),
        "staging"
    );
    sandbox.write("work/cronctl.toml", "broken");
    assert_eq!(complete(&sandbox, "cronctl config show --context "), "");
}

#[cfg(unix)]
#[test]
fn bash_accepts_its_script() {
    let mut bash = std::process::Command::new("bash");
    let child = bash.arg("-n").stdin(std::process::Stdio::piped()).spawn();
    // Without bash on the machine there is nothing to ask.
    let Ok(mut child) = child else { return };
    let script = Shell::Bash.script().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
