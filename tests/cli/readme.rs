//! The README: its picture is real output, its table is the exit codes, its commands parse.

use cronctl::error::Exit;

use crate::sandbox::Sandbox;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const PICTURE: (&str, &str) = ("```console\n$ cronctl plan --demo\n", "```\n");
const MODEL: (&str, &str) = (
    "```console\n$ cronctl explain-model --demo slbe-nightly-optimizer\n",
    "```\n",
);
const TURNS: (&str, &str) = ("```console\n$ cronctl turns --demo\n", "```\n");
const CODES: (&str, &str) = ("| Code | Meaning |\n| --- | --- |\n", "\n## ");

/// Compares a part of the README with what it must be; rewrites it when asked to.
fn part_is(between: (&str, &str), expected: &str) {
    let readme = std::fs::read_to_string(PATH).unwrap();
    let start = readme.find(between.0).expect("the part is there") + between.0.len();
    let end = start + readme[start..].find(between.1).expect("the part ends");
    if std::env::var_os("CRONCTL_REGENERATE").is_some() {
        std::fs::write(
            PATH,
            format!("{}{expected}{}", &readme[..start], &readme[end..]),
        )
        .unwrap();
        return;
    }
    let how = "run CRONCTL_REGENERATE=1 cargo test --test cli readme";
    assert_eq!(&readme[start..end], expected, "README.md: {how}");
}

#[test]
fn readme_shows_real_output_and_the_real_exit_codes() {
    let run = Sandbox::new()
        .command(["plan", "--demo"])
        .without("CRONCTL_NOW")
        // The zone data built in: the same on every machine.
        .env("TZDIR", "/nonexistent")
        .run();
    assert_eq!(run.code, Some(0), "{run}");
    part_is(PICTURE, &run.stdout);
    let run = Sandbox::new().run("explain-model --demo slbe-nightly-optimizer");
    assert_eq!(run.code, Some(0), "{run}");
    part_is(MODEL, &run.stdout);
    let run = Sandbox::new()
        .command(["turns", "--demo"])
        .without("CRONCTL_NOW")
        .run();
    assert_eq!(run.code, Some(0), "{run}");
    part_is(TURNS, &run.stdout);
    let codes = Exit::ALL.map(|exit| format!("| {} | {} |\n", exit.code(), exit.meaning()));
    part_is(CODES, &codes.concat());
}

#[test]
fn readme_commands_are_understood() {
    let readme = std::fs::read_to_string(PATH).unwrap();
    let mut seen = 0;
    // What stands between fences: every other part.
    let fenced = readme
        .split("```")
        .skip(1)
        .step_by(2)
        .filter(|part| part.starts_with("sh\n"));
    for line in fenced.flat_map(str::lines) {
        let line = line.split("  #").next().unwrap_or(line);
        let Some(command) = line.split(" | ").find(|part| part.starts_with("cronctl ")) else {
            continue;
        };
        let command = command.split(" > ").next().unwrap_or(command);
        let words = words(command);
        let parsed = cronctl::cli::definition().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{command}: {parsed:?}");
        seen += 1;
    }
    assert!(seen >= 15, "only {seen} commands found");
}

#[test]
fn deployments_are_understood() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let text = |name: &str| std::fs::read_to_string(format!("{docs}/{name}")).unwrap();
    let mut commands: Vec<Vec<String>> = Vec::new();
    for name in ["deploy.md", "systemd/cronctl-checkpoint.service"] {
        for line in text(name).replace("\\\n", " ").lines() {
            let line = line
                .strip_prefix("ExecStart=/usr/local/bin/")
                .unwrap_or(line);
            if !line.starts_with("cronctl ") {
                continue;
            }
            let line = line
                .replace("${MOLECULE_URL}", "https://platform.example")
                .replace("${METRICS}", "9464")
                .replace("$CHECKPOINT_FLAGS", "");
            commands.push(words(&line));
        }
    }
    for name in ["container/compose.yaml", "container/kubernetes.yaml"] {
        let listed = text(name);
        let items = listed.lines().map(str::trim);
        let mut command = vec!["cronctl".to_owned(), "checkpoint".to_owned()];
        command.extend(
            items
                .filter_map(|line| line.strip_prefix("- "))
                .filter(|item| item.starts_with("--"))
                .map(str::to_owned),
        );
        assert!(command.len() > 10, "{name}: {command:?}");
        commands.push(command);
    }
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let parsed = cronctl::cli::definition().try_get_matches_from(&command);
        assert!(parsed.is_ok(), "{command:?}: {parsed:?}");
    }
}

/// Splits a command as a shell does, as far as the README needs it: blanks and single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (quoted, part) in command
        .split('\'')
        .enumerate()
        .map(|(i, part)| (i % 2 == 1, part))
    {
        if quoted {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
