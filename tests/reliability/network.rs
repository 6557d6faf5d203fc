//! The way to the platform: refused, reset, slow, throttled, without a name.

use crate::support::platform::{Act, Fault, Platform};
use crate::support::settled::freed;
use crate::support::{Loop, World, until};

/// What loops run with here.
const OPTIONS: &str = "--timeout 1s --grace 500ms";

/// Waits for two looks in a row that fail, and makes sure of why.
fn fails_twice(watch: &mut Loop, why: &str) {
    for _ in 0..2 {
        let said = watch.fails();
        assert!(said.contains(why), "{said}\n{watch}");
    }
}

#[test]
fn connection_refused() {
    let (world, mut platform) = (World::new(), Platform::absent(true));
    platform.over(&["ws-a", "ws-b"], &[]);
    let mut watch = world.start(&platform, OPTIONS);
    fails_twice(&mut watch, "no connection");
    platform.up();
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    freed(
        &platform,
        &world,
        &watch.stop(),
        &["turn-ws-a", "turn-ws-b"],
    );
}

#[test]
fn a_loop_that_never_reached_the_platform_ends_as_unavailable() {
    let (world, platform) = (World::new(), Platform::absent(true));
    let ended = world.start(&platform, "--timeout 1s --count 2").end();
    assert_eq!(ended.code, Some(4), "{ended}");
    freed(&platform, &world, &ended, &[]);
}

#[test]
fn the_list_breaks_off() {
    let (world, platform) = (World::new(), Platform::new(true));
    platform.over(&["ws-a"], &[]);
    platform.trouble("", Fault::Half, u32::MAX);
    let mut watch = world.start(&platform, OPTIONS);
    fails_twice(&mut watch, "broke off");
    assert_eq!(platform.asked(), []);
    platform.recovers();
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    freed(&platform, &world, &watch.stop(), &["turn-ws-a"]);
}

#[test]
fn the_answer_to_a_checkpoint_breaks_off() {
    // The effect took place, or it did not: neither is asked for twice under two ids.
    for fault in [Fault::Half, Fault::Cut] {
        let (world, platform) = (World::new(), Platform::new(true));
        platform.over(&["ws-done"], &[Act::frees_and(fault)]);
        let acts = [Act::refuses(fault), Act::FREES];
        platform.over(&["ws-not-done"], &acts);
        let mut watch = world.start(&platform, "--grace 500ms --count 1");
        assert_eq!(watch.outcome("ws-done"), "confirmed");
        let ended = watch.end();
        assert_eq!(ended.code, Some(0), "{ended}");
        freed(
            &platform,
            &world,
            &ended,
            &["turn-ws-done", "turn-ws-not-done"],
        );
        let asked = platform.asked();
        let of = |id: &str| asked.iter().filter(|a| a.workspace == id).count();
        assert_eq!((of("ws-done"), of("ws-not-done")), (1, 2), "{ended}");
    }
}

#[test]
fn bursts_of_5xx() {
    let (world, platform) = (World::new(), Platform::new(true));
    let refuses = |status| Act::refuses(Fault::Status(status));
    platform.over(&["ws-a"], &[refuses(500), refuses(502), Act::FREES]);
    platform.over(&["ws-b"], &[Act::frees_and(Fault::Status(504))]);
    platform.trouble("workspaces", Fault::Status(500), 1);
    platform.trouble("workspaces", Fault::Status(503), 5);
    platform.trouble("turns", Fault::Status(500), 1);
    platform.trouble("turns", Fault::Status(502), 5);
    let mut watch = world.start(&platform, OPTIONS);
    let why = watch.fails();
    assert!(why.contains("500"), "{why}");
    let why = watch.fails();
    assert!(
        why.contains("503") && why.contains("tried 3 times"),
        "{why}"
    );
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    freed(
        &platform,
        &world,
        &watch.stop(),
        &["turn-ws-a", "turn-ws-b"],
    );
    assert_eq!(platform.asked().len(), 4);
}

#[test]
fn after_too_many_5xx_in_a_row_nothing_is_sent_for_a_while() {
    let (world, platform) = (World::new(), Platform::new(true));
    let names = ["ws-a", "ws-b", "ws-c", "ws-d", "ws-e", "ws-f"];
    platform.over(&names, &[]);
    platform.trouble("checkpoint", Fault::Status(500), 3);
    let options = format!("{OPTIONS} --concurrency 1 --breaker 3 --breaker-pause 2s");
    let mut watch = world.start(&platform, &options);
    let why = watch.fails();
    assert!(why.contains("the breaker is open until"), "{why}");
    assert_eq!((platform.asked().len(), platform.troubles_left()), (3, 0));
    // One tries, and then the others go; the first three rest longer than this test lasts.
    until("the others", || (platform.left() == 3).then_some(()));
    watch.sweeps(1);
    let ended = watch.stop();
    assert!(ended.logged("the breaker opened"), "{ended}");
    assert!(ended.logged("the breaker closed"), "{ended}");
    let first = platform.asked();
    let resting = |turn: &&str| {
        first[..3]
            .iter()
            .any(|a| format!("turn-{}", a.workspace) == **turn)
    };
    let turns = names.map(|name| format!("turn-{name}"));
    let turns: Vec<&str> = turns.iter().map(|turn| &**turn).collect();
    let went: Vec<&str> = turns.into_iter().filter(|turn| !resting(turn)).collect();
    freed(&platform, &world, &ended, &went);
}

#[test]
fn answers_that_trickle() {
    let (world, platform) = (World::new(), Platform::new(true));
    platform.over(&["ws-a"], &[Act::frees_and(Fault::Trickle(100))]);
    platform.trouble("", Fault::Trickle(100), 6);
    let mut watch = world.start(&platform, OPTIONS);
    let why = watch.fails();
    assert!(why.contains("no whole answer within 1 s"), "{why}");
    assert_eq!(watch.outcome("ws-a"), "confirmed");
    freed(&platform, &world, &watch.stop(), &["turn-ws-a"]);
}

#[test]
fn storms_of_429() {
    let (world, platform) = (World::new(), Platform::new(true));
    let later = Act::refuses(Fault::Later(429, 1));
    let names: Vec<String> = (0..20).map(|n| format!("ws-{n}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    platform.over(&names, &[later, later, Act::FREES]);
    platform.trouble("workspaces", Fault::Later(429, 1), 3);
    platform.trouble("turns", Fault::Later(429, 1), 3);
    let mut watch = world.start(&platform, OPTIONS);
    let why = watch.fails();
    assert!(why.contains("429: too many requests"), "{why}");
    assert_eq!(watch.outcome("ws-0"), "throttled");
    until("the end of the storm", || {
        (platform.left() == 0).then_some(())
    });
    watch.sweeps(2);
    let turns: Vec<String> = names.iter().map(|name| format!("turn-{name}")).collect();
    let turns: Vec<&str> = turns.iter().map(|turn| &**turn).collect();
    freed(&platform, &world, &watch.stop(), &turns);
    let asked = platform.asked();
    for name in names {
        let mut of = asked
            .iter()
            .filter(|a| a.workspace == name)
            .map(|a| a.at_ms);
        let (mut last, mut count) = (of.next().unwrap(), 1);
        for at_ms in of {
            assert!(
                at_ms - last >= 1_000,
                "{name} was asked again after {} ms",
                at_ms - last
            );
            (last, count) = (at_ms, count + 1);
        }
        assert_eq!(count, 3, "{name}");
    }
}

#[test]
fn a_name_without_an_address() {
    let (world, platform) = (World::new(), Platform::new(true));
    let command = world.watch("http://nobody.invalid:9", "--insecure-http --timeout 1s");
    let mut watch = Loop::of(command);
    for _ in 0..2 {
        let why = watch.fails();
        // Where there is no server of names at all, none answers in time.
        let named = ["has no address", "in time", "within 1 s"];
        assert!(named.iter().any(|named| why.contains(named)), "{why}");
    }
    freed(&platform, &world, &watch.stop(), &[]);
}
