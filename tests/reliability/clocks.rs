//! The machine's clock is set anew in mid-run, and the platform's is wrong: a young turn stays young,
//! an old one is freed all the same.

use crate::support::platform::{Platform, Turn};
use crate::support::settled::freed;
use crate::support::shim::Shim;
use crate::support::{Loop, World};

const HOUR_MS: i64 = 3_600_000;
const OPTIONS: &str = "--grace 500ms";

/// A workspace with a turn of ten minutes, or of two hours: its list of turns says so, else a message
/// that timed out.
fn add(platform: &Platform, turns_route: bool, name: &str, age_ms: i64) {
    platform.add(name, 0, Turn::new(&format!("turn-{name}"), age_ms, []));
    if !turns_route {
        platform.timed_out(name, age_ms);
    }
}

fn young(platform: &Platform, turns_route: bool) {
    add(platform, turns_route, "ws-young", HOUR_MS / 6);
}

fn old(platform: &Platform, turns_route: bool) {
    add(platform, turns_route, "ws-old", 2 * HOUR_MS);
}

/// Looks a few times, and then at an old turn.
fn frees_the_old_one(platform: &Platform, turns_route: bool, watch: &mut Loop) {
    watch.sweeps(3);
    assert_eq!(platform.asked(), [], "{watch}");
    old(platform, turns_route);
    assert_eq!(watch.outcome("ws-old"), "confirmed");
    watch.sweeps(2);
}

/// Forward and back, with a list of turns and without.
fn cases() -> impl Iterator<Item = (i64, bool)> {
    [HOUR_MS, -HOUR_MS]
        .into_iter()
        .flat_map(|by_ms| [(by_ms, true), (by_ms, false)])
}

#[test]
fn the_clock_is_set_anew_in_mid_run() {
    for (by_ms, turns_route) in cases() {
        let (world, platform, shim) = (World::new(), Platform::new(turns_route), Shim::new());
        young(&platform, turns_route);
        let mut watch = shim.start(&world, &platform.url, OPTIONS);
        watch.sweeps(2);
        shim.tell(&format!("clock {by_ms}"));
        frees_the_old_one(&platform, turns_route, &mut watch);
        let ended = watch.stop();
        assert!(ended.logged("the machine's clock was set anew"), "{ended}");
        freed(&platform, &world, &ended, &["turn-ws-old"]);

        // And after a restart, which takes over the new clock, with what was seen by the old one.
        let mut watch = shim.start(&world, &platform.url, OPTIONS);
        watch.sweeps(3);
        freed(&platform, &world, &watch.stop(), &["turn-ws-old"]);
    }
}

#[test]
fn the_clock_of_the_platform_is_wrong() {
    for (by_ms, turns_route) in cases() {
        let (world, platform) = (World::new(), Platform::new(turns_route));
        platform.skew(by_ms);
        young(&platform, turns_route);
        let mut watch = world.start(&platform, OPTIONS);
        frees_the_old_one(&platform, turns_route, &mut watch);
        freed(&platform, &world, &watch.stop(), &["turn-ws-old"]);
    }
}
