//! The platform itself: it restarts in mid-sweep, or lost one of its routes.

use std::thread::sleep;
use std::time::Duration;

use cronctl::checkpoint::backoff_ms;

use crate::support::platform::{Act, Fault, Platform, Turn};
use crate::support::settled::freed;
use crate::support::{World, until};

#[test]
fn it_restarts_in_mid_sweep() {
    let (world, mut platform) = (World::new(), Platform::new(true));
    // Those that wait for a while before they ask again: all three requests of a call are not used up
    // while it is away.
    let patient = |name: &String| {
        let pause = |attempt| backoff_ms(1_000, 30_000, attempt, &format!("{name} turn-{name}"));
        pause(0) > 700 && pause(1) > 700
    };
    let names: Vec<String> = (0..)
        .map(|n| format!("ws-{n}"))
        .filter(patient)
        .take(16)
        .collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    // Half of those under way have had their effect when it dies.
    let act = |before_ms, after_ms| Act {
        before_ms,
        after_ms,
        ..Act::FREES
    };
    for (n, name) in names.iter().enumerate() {
        let first = if n % 2 == 0 { act(0, 400) } else { act(400, 0) };
        platform.over(&[*name], &[first, Act::FREES]);
    }
    let mut watch = world.start(&platform, "--grace 2s --concurrency 8 --breaker 0");
    until("requests under way", || {
        (platform.asked().len() >= 8).then_some(())
    });
    platform.down();
    let done = platform.fates().values().filter(|fate| fate.gone).count();
    sleep(Duration::from_millis(100));
    platform.up();
    until("the end of all turns", || {
        (platform.left() == 0).then_some(())
    });
    watch.sweeps(1);
    let ended = watch.stop();
    let turns: Vec<String> = names.iter().map(|name| format!("turn-{name}")).collect();
    let turns: Vec<&str> = turns.iter().map(|turn| &**turn).collect();
    freed(&platform, &world, &ended, &turns);
    assert!(done < names.len());
    let again = platform.asked().len() - names.len();
    assert!(again > 0, "nothing was under way");
}

#[test]
fn it_dies_and_stays_away_for_a_while() {
    let (world, mut platform) = (World::new(), Platform::new(true));
    platform.over(&["ws-a"], &[]);
    let mut watch = world.start(&platform, "--grace 500ms --timeout 1s");
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    platform.down();
    for _ in 0..2 {
        let why = watch.fails();
        assert!(
            why.contains("no connection") || why.contains("broke off"),
            "{why}"
        );
    }
    platform.over(&["ws-b"], &[]);
    platform.up();
    assert_eq!(watch.outcome("ws-b"), "confirmed");
    freed(
        &platform,
        &world,
        &watch.stop(),
        &["turn-ws-a", "turn-ws-b"],
    );
}

#[test]
fn without_its_list_of_turns_a_turn_that_it_named_keeps_its_name() {
    let (world, platform) = (World::new(), Platform::new(true));
    // Just under its ceiling while the list is there.
    let later = Act::refuses(Fault::Later(429, 1));
    let turn = Turn::new("turn-a", 1_797_000, [later, later, Act::FREES]);
    platform.add("ws-a", 0, turn);
    let mut watch = world.start(&platform, "--grace 500ms --timeout 1s");
    watch.sweeps(1);
    platform.trouble("admin/turns", Fault::Status(500), u32::MAX);
    until("a request", || platform.asked().first().cloned());
    platform.recovers();
    until("its end", || (platform.left() == 0).then_some(()));
    watch.sweeps(1);
    let ended = watch.stop();
    freed(&platform, &world, &ended, &["turn-a"]);
    for asked in platform.asked() {
        assert_eq!(asked.turn_id.as_deref(), Some("turn-a"));
    }
}

#[test]
fn what_is_no_platform_is_not_asked_for_anything() {
    let (world, platform) = (World::new(), Platform::new(true));
    platform.over(&["ws-a"], &[]);
    platform.trouble("", Fault::Garbage, u32::MAX);
    let mut watch = world.start(&platform, "--grace 500ms");
    for _ in 0..2 {
        let why = watch.fails();
        assert!(why.contains("GET "), "{why}");
    }
    assert_eq!(platform.asked(), []);
    platform.recovers();
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    freed(&platform, &world, &watch.stop(), &["turn-ws-a"]);
}
