//! The ledger's disk: full, read-only, broken, gone; the file damaged.

use std::path::Path;

use crate::support::platform::{Act, Platform};
#[cfg(target_os = "linux")]
use crate::support::shim::Shim;
use crate::support::{Loop, World, ledger, move_away, settled, until};

const OPTIONS: &str = "--grace 500ms --timeout 5s";

/// A loop that has freed a turn: its ledger works.
fn working(platform: &Platform, start: impl FnOnce() -> Loop) -> Loop {
    platform.over(&["ws-before"], &[]);
    let mut watch = start();
    assert_eq!(watch.outcome("ws-before"), "confirmed");
    watch
}

/// Waits for looks that fail for a reason, while a turn is over its ceiling that nobody asks for.
fn fails_and_sends_nothing(platform: &Platform, watch: &mut Loop, reasons: &[&str]) {
    let asked = platform.asked().len();
    platform.over(&["ws-after"], &[]);
    for _ in 0..2 {
        let why = watch.fails();
        let named = reasons.iter().any(|reason| why.contains(reason));
        assert!(named && why.contains("ledger"), "{why}\n{watch}");
    }
    assert_eq!(platform.asked().len(), asked, "{watch}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_and_recovers() {
    for (orders, reasons) in [
        ("disk full", &["the disk is full"][..]),
        (
            "disk read",
            &["cannot be written", "cannot be opened", "disk I/O error"][..],
        ),
        ("disk io", &["disk I/O error"][..]),
    ] {
        let (world, platform, shim) = (World::new(), Platform::new(true), Shim::new());
        let mut watch = working(&platform, || shim.start(&world, &platform.url, OPTIONS));
        shim.tell(orders);
        fails_and_sends_nothing(&platform, &mut watch, reasons);
        shim.tell("");
        assert_eq!(watch.outcome("ws-after"), "confirmed", "{orders}");
        let turns = ["turn-ws-before", "turn-ws-after"];
        settled::freed(&platform, &world, &watch.stop(), &turns);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_answered_while_the_disk_fails_is_recorded_when_it_recovers() {
    for orders in ["disk full", "disk read", "disk io"] {
        let (world, platform, shim) = (World::new(), Platform::new(true), Shim::new());
        let mut watch = working(&platform, || shim.start(&world, &platform.url, OPTIONS));
        let slow = Act {
            after_ms: 1_500,
            ..Act::FREES
        };
        let asked = platform.asked().len();
        platform.over(&["ws-a", "ws-b"], &[slow]);
        until("requests under way", || {
            (platform.asked().len() == asked + 2).then_some(())
        });
        shim.tell(orders);
        let why = watch.fails();
        assert!(why.contains("the ledger failed"), "{why}\n{watch}");
        let open = world.attempts().iter().filter(|a| a.is_open()).count();
        assert_eq!(open, 2, "{watch}");
        shim.tell("");
        watch.sweeps(1);
        let ended = watch.stop();
        assert!(
            ended.logged("the ledger was told what it missed"),
            "{ended}"
        );
        let turns = ["turn-ws-before", "turn-ws-a", "turn-ws-b"];
        settled::freed(&platform, &world, &ended, &turns);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_owed_at_the_end_is_recorded_or_said() {
    for mends in [true, false] {
        let (world, platform, shim) = (World::new(), Platform::new(true), Shim::new());
        let slow = Act {
            after_ms: 1_500,
            ..Act::FREES
        };
        platform.over(&["ws-a"], &[slow]);
        let mut watch = shim.start(&world, &platform.url, OPTIONS);
        until("a request under way", || {
            (!platform.asked().is_empty()).then_some(())
        });
        shim.tell("disk full");
        watch.fails();
        // Before the next look, which comes half a second later at the earliest.
        if mends {
            shim.tell("");
        }
        let ended = watch.stop();
        let open = world.attempts().iter().filter(|a| a.is_open()).count();
        assert_eq!(open, usize::from(!mends), "{ended}");
        let said = "the ledger does not know what came of the last requests";
        assert_eq!(ended.logged(said), !mends, "{ended}");
        assert_eq!(platform.asked().len(), 1, "{ended}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_ledger_that_is_gone_was_to_be_told_stops_nothing() {
    let (world, platform, shim) = (World::new(), Platform::new(true), Shim::new());
    let mut watch = working(&platform, || shim.start(&world, &platform.url, OPTIONS));
    let slow = Act {
        after_ms: 1_500,
        ..Act::FREES
    };
    let asked = platform.asked().len();
    platform.over(&["ws-a"], &[slow]);
    until("a request under way", || {
        (platform.asked().len() > asked).then_some(())
    });
    shim.tell("disk io");
    let why = watch.fails();
    assert!(why.contains("the ledger failed"), "{why}\n{watch}");
    move_away(&world.ledger());
    shim.tell("");
    platform.over(&["ws-after"], &[]);
    assert_eq!(watch.outcome("ws-after"), "confirmed");
    let ended = watch.stop();
    ended.is_sound();
    assert!(ended.logged("the ledger is gone"), "{ended}");
    let attempts = ledger::read(&world.ledger()).unwrap();
    settled::all_recorded(&platform.asked()[2..], &attempts);
}

#[cfg(target_os = "linux")]
#[test]
fn a_loop_does_not_begin_without_a_ledger() {
    for (orders, reason) in [
        ("disk full", "No space left on device"),
        ("disk read", "Read-only file system"),
    ] {
        let (world, platform, shim) = (World::new(), Platform::new(true), Shim::new());
        platform.over(&["ws-a"], &[]);
        shim.tell(orders);
        let ended = shim.start(&world, &platform.url, OPTIONS).end();
        assert_eq!(ended.code, Some(1), "{ended}");
        assert!(
            ended.logged(reason) && ended.logged("the ledger cannot be opened"),
            "{ended}"
        );
        assert_eq!((platform.reads(), platform.asked()), (0, Vec::new()));
    }
}

#[test]
fn a_ledger_that_is_damaged_at_the_start() {
    let (world, platform) = (World::new(), Platform::new(true));
    platform.over(&["ws-a"], &[]);
    std::fs::write(world.ledger(), "no database\n".repeat(1_000)).unwrap();
    let ended = world.start(&platform, OPTIONS).end();
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(
        ended.logged("is damaged") && ended.logged("move it away"),
        "{ended}"
    );
    assert_eq!((platform.reads(), platform.asked()), (0, Vec::new()));
    // As it says.
    move_away(&world.ledger());
    let mut watch = world.start(&platform, OPTIONS);
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    settled::freed(&platform, &world, &watch.stop(), &["turn-ws-a"]);
}

/// What happens to a file, and how.
type Damage = (&'static str, fn(&Path));

/// What can happen to a file under a process that has it open.
fn damages() -> [Damage; 4] {
    [
        ("overwritten", |path| {
            std::fs::write(path, "no database\n".repeat(1_000)).unwrap();
        }),
        ("emptied", |path| std::fs::write(path, "").unwrap()),
        ("cut off", |path| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(3_000).unwrap();
        }),
        ("overwritten with its log", |path| {
            for suffix in ["", "-wal"] {
                let file = format!("{}{suffix}", path.display());
                std::fs::write(file, "no database\n".repeat(1_000)).unwrap();
            }
        }),
    ]
}

#[test]
fn a_ledger_that_is_damaged_in_mid_run() {
    for (how, damage) in damages() {
        let (world, platform) = (World::new(), Platform::new(true));
        let mut watch = working(&platform, || world.start(&platform, OPTIONS));
        watch.sweeps(1);
        damage(&world.ledger());
        fails_and_sends_nothing(&platform, &mut watch, &["is damaged"]);
        move_away(&world.ledger());
        assert_eq!(watch.outcome("ws-after"), "confirmed", "{how}");
        let ended = watch.stop();
        ended.is_sound();
        let attempts = ledger::read(&world.ledger()).unwrap();
        settled::all_recorded(&platform.asked()[1..], &attempts);
        assert!(
            platform
                .fates()
                .values()
                .all(|fate| fate.carried.len() == 1),
            "{how}"
        );
    }
}

#[test]
fn a_ledger_that_is_moved_away_in_mid_run_is_not_written_there() {
    let (world, platform) = (World::new(), Platform::new(true));
    let mut watch = working(&platform, || world.start(&platform, OPTIONS));
    watch.sweeps(1);
    move_away(&world.ledger());
    platform.over(&["ws-after"], &[]);
    assert_eq!(watch.outcome("ws-after"), "confirmed");
    let ended = watch.stop();
    ended.is_sound();
    assert!(
        ended.logged("the ledger is gone: a new one was made"),
        "{ended}"
    );
    let attempts = ledger::read(&world.ledger()).expect("a new ledger");
    settled::all_recorded(&platform.asked()[1..], &attempts);
}

#[test]
fn a_directory_that_is_removed_in_mid_run_is_made_again() {
    let (world, platform) = (World::new(), Platform::new(true));
    let mut watch = working(&platform, || world.start(&platform, OPTIONS));
    watch.sweeps(1);
    std::fs::remove_dir_all(world.ledger().parent().unwrap()).unwrap();
    platform.over(&["ws-after"], &[]);
    assert_eq!(watch.outcome("ws-after"), "confirmed");
    watch.stop().is_sound();
    let attempts = ledger::read(&world.ledger()).expect("a new ledger");
    settled::all_recorded(&platform.asked()[1..], &attempts);
    assert!(
        platform
            .fates()
            .values()
            .all(|fate| fate.carried.len() == 1)
    );
}
