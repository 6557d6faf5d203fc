//! What each fuzz target does with its bytes: the parsers of everything that comes from outside, and what
//! must hold of whatever they accept. Used by the targets (`fuzz/targets`) and by a short test.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cronctl::checkpoint::{Reply, read_answer, read_restart};
use cronctl::config::{Config as Settings, Flags};
use cronctl::env::Env;
use cronctl::job::{Place, Slot, Words, parse_row, parse_state};
use cronctl::ledger::Ledger;
use cronctl::openclaw::config::Config;
use cronctl::openclaw::gateway::{Frame, Hello, read, read_abort};
use cronctl::schedule::{Cron, Rules, ScheduleSpec, Stagger, Version};
use cronctl::source::{OpenClawArg, SourceArgs, load};
use cronctl::turn::{
    parse_activity, parse_config, parse_event, parse_schedules, parse_turns, parse_workspaces,
};
use cronctl::zones::Zones;

/// A target: bytes in, a panic when something does not hold.
pub(crate) type Target = fn(&[u8]);

/// Every target by its name.
pub(crate) const TARGETS: [(&str, Target); 10] = [
    ("cron_openclaw", cron_openclaw),
    ("cron_molecule", cron_molecule),
    ("jobs", jobs),
    ("config", config),
    ("settings", settings),
    ("rows", rows),
    ("state", state),
    ("platform", platform),
    ("gateway", gateway),
    ("ledger", ledger),
];

static ZONES: LazyLock<Zones> = LazyLock::new(Zones::built_in);

/// Instants that expressions are asked about, epoch milliseconds: 1970 to 2100.
const SPAN: std::ops::Range<i64> = 0..4_102_444_800_000;

/// Zones with every kind of clock change; the empty one is the scheduler's own choice.
const NAMES: [&str; 8] = [
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "",
];

/// Bytes before the expression: zone, version, instant.
pub(crate) const CRON_HEAD: usize = 10;

/// Expressions as OpenClaw reads them, in the version of 2026.9.6 or 2026.3.31.
pub(crate) fn cron_openclaw(bytes: &[u8]) {
    expression(bytes, |version| {
        Rules::OpenClaw(if version & 1 == 0 {
            Version::new(2026, 9, 6)
        } else {
            Version::new(2026, 3, 31)
        })
    });
}

/// Expressions as Molecule reads them.
pub(crate) fn cron_molecule(bytes: &[u8]) {
    expression(bytes, |_| Rules::Molecule);
}

/// Whatever is accepted has fires after the question, the same whether they are asked for one by one
/// or enumerated.
fn expression(bytes: &[u8], rules: impl Fn(u8) -> Rules) {
    let Some(([zone, version, at @ ..], expr)) = bytes.split_first_chunk::<CRON_HEAD>() else {
        return;
    };
    let Ok(expr) = std::str::from_utf8(expr) else {
        return;
    };
    let (zone, rules) = (NAMES[usize::from(*zone) % NAMES.len()], rules(*version));
    let Ok(cron) = Cron::compile(rules, expr, Some(zone), &*ZONES) else {
        return;
    };
    let at = SPAN.start + i64::from_le_bytes(*at).rem_euclid(SPAN.end - SPAN.start);
    let Ok(Some(first)) = cron.next(at) else {
        return;
    };
    if first <= at {
        // In some old zones robfig itself answers with an earlier instant.
        assert_eq!(
            rules,
            Rules::Molecule,
            "{expr:?} in {zone:?} after {at}: {first}"
        );
        return;
    }
    let until = first.saturating_add(86_400_000);
    let mut enumerated = Vec::new();
    // From the question on: asked within the gap of a clock change, croner itself no longer knows the
    // fire that was moved there.
    let whole = cron.each(at + 1, until, &mut |fire| enumerated.push(fire));
    let mut asked = vec![first];
    let mut hung = false;
    while asked.len() < 200 {
        match cron.next(asked[asked.len() - 1]) {
            Ok(Some(next)) if next < until => asked.push(next),
            Ok(_) => break,
            Err(_) => {
                hung = true;
                break;
            }
        }
    }
    let common = asked.len().min(enumerated.len());
    assert_eq!(
        asked[..common],
        enumerated[..common],
        "{expr:?} in {zone:?} from {first}"
    );
    assert!(
        hung || whole.is_err() || common == asked.len(),
        "{expr:?} in {zone:?} from {first}: asked {asked:?}, enumerated {enumerated:?}"
    );
}

/// `--jobs -`: whatever its shape, it is recognised or refused, and what is kept can be staggered.
pub(crate) fn jobs(bytes: &[u8]) {
    let args = SourceArgs {
        jobs: vec![PathBuf::from("-")],
        ..SourceArgs::default()
    };
    let mut stdin = bytes;
    let Ok(loaded) = load(&args, &Env::of([]), &mut stdin) else {
        return;
    };
    for job in &loaded.jobs {
        assert!(!job.id.is_empty(), "a job without an id was kept");
        let ScheduleSpec::Cron {
            expr,
            tz,
            stagger_ms,
        } = &job.schedule
        else {
            continue;
        };
        let _compiled = Cron::compile(job.rules, expr, tz.as_deref(), &*ZONES);
        if let Rules::OpenClaw(version) = job.rules {
            let stagger = Stagger::of(version, expr, stagger_ms.as_ref(), &job.id);
            assert!((0..=stagger.window_ms.max(0)).contains(&stagger.offset_ms));
        }
    }
}

/// OpenClaw's configuration, JSON5 without includes: what is read is plain JSON, and reads the same again.
pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(config) = Config::of_text(text, "openclaw.json") else {
        return;
    };
    let value = config.to_value();
    assert!(value.is_object());
    let again = Config::of_text(&value.to_string(), "again").expect("its own JSON is read again");
    assert_eq!(again.to_value(), value);
}

/// `cronctl.toml`: read or refused by its name, and every setting can be shown.
pub(crate) fn settings(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    write(directory.path(), "cronctl.toml", bytes);
    match Settings::load(&Env::of([]), directory.path(), &Flags::default()) {
        Ok(config) => {
            assert!(config.settings().count() > 0, "no setting at all");
            let _defaults = (config.plan_defaults(), config.source_defaults());
        }
        Err(error) => assert!(!error.in_one_line().is_empty(), "an error without words"),
    }
}

/// A row of the SQLite store: a job's definition and its state, with a NUL between them.
pub(crate) fn rows(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (definition, state) = text.split_once('\0').unwrap_or((text, "{}"));
    let slot = Slot {
        source: 0,
        at: Place::Entry(1),
        rules: Rules::OpenClaw(Version::NEWEST_CHECKED),
    };
    let alone = parse_state(state);
    if let Ok((job, _)) = parse_row(definition, state, slot, &mut Words::default()) {
        assert_eq!(job.state, alone, "the state is that of its own text");
    }
}

/// The files of a state directory of 2026.3, in the order of the texts of [`state`].
pub(crate) const STATE_FILES: [&str; 4] = [
    "openclaw.json",
    "cron/jobs.json",
    "agents/main/sessions/sessions.json",
    "cron/runs/a.jsonl",
];

/// A state directory, its files' texts with NULs between them, read as every command reads it.
pub(crate) fn state(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, part) in STATE_FILES.iter().zip(bytes.split(|b| *b == 0)) {
        write(directory.path(), name, part);
    }
    let args = SourceArgs {
        openclaw: vec![OpenClawArg::Dir(directory.path().to_owned())],
        ..SourceArgs::default()
    };
    if let Ok(loaded) = load(&args, &Env::of([]), &mut std::io::empty()) {
        assert!(loaded.jobs.iter().all(|job| !job.id.is_empty()));
    }
}

/// Bytes before the text of [`platform`]: which, status, type.
pub(crate) const PLATFORM_HEAD: usize = 4;

/// Answers of a Molecule platform: lists, events, and what a checkpoint is answered with.
pub(crate) fn platform(bytes: &[u8]) {
    let Some(([which, high, low, json], text)) = bytes.split_first_chunk::<PLATFORM_HEAD>() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match which % 8 {
        0 => drop(parse_workspaces(text)),
        1 => drop(parse_turns(text)),
        2 => drop(parse_activity(text)),
        3 => drop(parse_schedules(text)),
        4 => drop(parse_config(text)),
        5 => drop(parse_event(text)),
        which => {
            let reply = Reply::Http {
                status: u16::from_be_bytes([*high, *low]),
                content_type: (json & 1 == 1).then(|| "application/json".to_owned()),
                retry_after_ms: None,
                body: text.to_owned(),
            };
            let (_answer, says) = if which == 6 {
                read_answer(&reply)
            } else {
                read_restart(&reply)
            };
            assert!(!says.is_empty(), "an answer without words");
        }
    }
}

/// Frames of an OpenClaw gateway, and what is read from them.
pub(crate) fn gateway(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(Frame::Answer {
        result: Ok(payload),
        ..
    }) = read(text)
    {
        let _hello = Hello::read(&payload);
        let (_answer, says) = read_abort(&Ok(payload));
        assert!(!says.is_empty(), "an answer without words");
    }
}

/// A ledger, damaged: opened and read, or refused.
pub(crate) fn ledger(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    write(directory.path(), "ledger.db", bytes);
    match Ledger::open_existing(&directory.path().join("ledger.db")) {
        Ok(None) => panic!("the file is there"),
        Ok(Some(ledger)) => {
            let _read = (
                ledger.history(&[], None, 100),
                ledger.spells("http://127.0.0.1:1"),
                ledger.claims("http://127.0.0.1:1"),
            );
        }
        Err(error) => assert!(!error.in_one_line().is_empty(), "an error without words"),
    }
}

fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    let parent = path.parent().expect("a file in a directory");
    std::fs::create_dir_all(parent).expect("its directory");
    std::fs::write(path, bytes).expect("the file");
}
