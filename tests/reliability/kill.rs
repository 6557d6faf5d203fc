//! `kill -9` at random instants, then another process with the same ledger.
//!
//! The platform carries out a request that is under way when the process that sent it is killed, as a
//! real one does. So a turn that is asked for again under another id would be doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::support::ledger::{self, Attempt};
use crate::support::platform::{Act, Fault, Platform, Turn};
use crate::support::settled::{all_recorded, one_id_per_turn};
use crate::support::{POLL, Seed, World, until};

/// How often the process is killed where the platform lists turns.
const KILLS: usize = 200;

/// The same where it does not.
const KILLS_WITHOUT_LIST: usize = 50;

/// So many of the kills, at least, find a request of which nobody has recorded an answer.
const IN_FLIGHT: usize = 50;

/// After a request was accepted the turn may be there for this long, milliseconds.
const GRACE_MS: i64 = 2_000;

const TWO_HOURS_MS: i64 = 7_200_000;

/// What kills showed.
#[derive(Debug, Default)]
struct Kills {
    /// The ledger after the last one.
    attempts: Vec<Attempt>,
    /// After so many there was a request without a recorded answer.
    in_flight: usize,
}

impl Kills {
    /// Kills a process, and looks at what it left: all that was recorded before, every request that
    /// the platform has got, in a file that is sound.
    fn kill(&mut self, mut child: Child, world: &World, platform: &Platform) {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "it ended by itself: {}", log(world));
        child.kill().unwrap();
        child.wait().unwrap();
        let asked = platform.asked();
        let attempts = world.attempts();
        ledger::keeps(&self.attempts, &attempts);
        let news = &attempts[self.attempts.len()..];
        self.in_flight += usize::from(news.iter().any(Attempt::is_open));
        all_recorded(&asked, &attempts);
        self.attempts = attempts;
    }
}

/// The requests that had an effect on each turn.
fn effects(platform: &Platform) -> BTreeMap<String, usize> {
    let fates = platform.fates().into_iter();
    fates
        .map(|(turn, fate)| (turn, fate.carried.len()))
        .collect()
}

fn log(world: &World) -> String {
    let text = std::fs::read_to_string(world.path("work/err")).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// Starts a loop that writes its log to a file.
pub(crate) fn start(world: &World, url: &str, options: &str) -> Child {
    let mut options_of_file = std::fs::OpenOptions::new();
    let log = options_of_file
        .create(true)
        .append(true)
        .open(world.path("work/err"));
    let mut command: Command = world.watch(url, options);
    command
        .stdout(Stdio::null())
        .stderr(log.unwrap())
        .spawn()
        .unwrap()
}

/// Waits for a random instant: any, one after it began to look, or one after it began to send.
fn random_instant(rng: &mut Rng, platform: &Platform, longest_ms: u64) {
    let (reads, asked) = (platform.reads(), platform.asked().len());
    let begun = Instant::now();
    let comes = |there: &dyn Fn() -> bool| {
        // Nothing comes where all turns are claimed by the process before, or one is waited for.
        while !there() && begun.elapsed() < Duration::from_secs(1) {
            sleep(POLL);
        }
    };
    match rng.u8(..10) {
        0 => {}
        // What a process before this one was killed over is looked at before it is asked for again: a
        // second later, where other requests are under way.
        1 => sleep(Duration::from_millis(rng.u64(1_000..1_600))),
        2 => comes(&|| platform.reads() > reads),
        _ => comes(&|| platform.asked().len() > asked),
    }
    sleep(Duration::from_micros(rng.u64(..longest_ms * 1_000)));
}

/// What becomes of a request that is carried out: most are answered well, some badly, some late.
fn act(rng: &mut Rng) -> Act {
    let bad = |rng: &mut Rng| match rng.u8(..4) {
        0 => Fault::Cut,
        1 => Fault::Half,
        n => Fault::Status(if n == 2 { 500 } else { 502 }),
    };
    Act {
        // Some take longer than the claim of a process that was killed: they are asked for again before
        // the first request has had its effect.
        before_ms: if rng.u8(..8) == 0 {
            rng.u64(1_000..2_500)
        } else {
            rng.u64(..40)
        },
        after_ms: rng.u64(5..50),
        gone_in_ms: Some(match rng.u8(..20) {
            // It may be there still when the claim of a process that was killed has run out.
            0..6 => rng.i64(300..GRACE_MS - 200),
            // It outlives the grace, and is asked for once more, under the next id.
            6 => rng.i64(GRACE_MS + 300..2 * GRACE_MS),
            _ => 0,
        }),
        fault: (rng.u8(..10) < 3).then(|| bad(rng)),
    }
}

#[test]
fn no_kill_doubles_or_loses_a_turn() {
    let seed = Seed::new();
    let mut rng = Rng::with_seed(seed.0);
    let (world, platform) = (World::new(), Platform::new(true));
    let options = "--grace 2s --concurrency 6 --max-actions 1000 --breaker 0";
    let (mut kills, mut added) = (Kills::default(), 0);
    let mut stubborn = BTreeSet::new();
    for _ in 0..KILLS {
        for _ in 0..rng.usize(2..5) {
            let (id, act) = (format!("turn-{added}"), act(&mut rng));
            if act.gone_in_ms.is_some_and(|ms| ms > GRACE_MS) {
                stubborn.insert(id.clone());
            }
            let turn = Turn::new(&id, TWO_HOURS_MS + added, [act]);
            platform.add(&format!("ws-{added}"), 0, turn);
            added += 1;
        }
        let child = start(&world, &platform.url, options);
        random_instant(&mut rng, &platform, 60);
        kills.kill(child, &world, &platform);
    }
    let child = start(&world, &platform.url, options);
    until("the end of all turns", || {
        (platform.left() == 0).then_some(())
    });
    kills.kill(child, &world, &platform);

    let (asked, fates) = (platform.asked(), platform.fates());
    one_id_per_turn(&kills.attempts);
    for (turn, effects) in effects(&platform) {
        let most = if stubborn.contains(&turn) { 2 } else { 1 };
        assert!((1..=most).contains(&effects), "{turn}: {effects} effects");
    }
    let lost = fates.values().filter(|fate| !fate.gone).count();
    assert_eq!((lost, i64::try_from(fates.len()).unwrap()), (0, added));
    assert!(asked.iter().all(|asked| asked.turn_id.is_some()));
    let again = asked.len()
        - asked
            .iter()
            .filter(|asked| asked.freed_at_ms.is_some())
            .count();
    say(&format!(
        "{KILLS} kills, {} with a request in flight; {added} turns, {} requests, {again} of them for \
         what was done already; doubled 0, lost 0",
        kills.in_flight,
        asked.len(),
    ));
    assert!(kills.in_flight >= IN_FLIGHT, "{}", kills.in_flight);
    // Some were asked for again: that is where a double could have come from.
    assert!(again >= 10, "{again}");
}

/// A figure for whoever runs the test with `--nocapture`.
#[expect(clippy::print_stderr, reason = "figures are for whoever asks for them")]
pub(crate) fn say(text: &str) {
    eprintln!("reliability: {text}");
}

#[test]
fn no_kill_doubles_or_loses_a_turn_that_has_no_name() {
    let seed = Seed::new();
    let mut rng = Rng::with_seed(seed.0);
    let (world, platform) = (World::new(), Platform::new(false));
    // What is seen busy for so long is over: only the ledger knows that after a restart.
    let options = "--ceiling 400ms --grace 2s --concurrency 6 --max-actions 1000 --breaker 0";
    let (mut kills, mut added) = (Kills::default(), 0);
    for _ in 0..KILLS_WITHOUT_LIST {
        let workspace = format!("ws-{added}");
        // One after the other, told apart by their prompts alone.
        for _ in 0..rng.usize(1..4) {
            let act = Act {
                gone_in_ms: Some(0),
                ..act(&mut rng)
            };
            let turn = Turn::new(&format!("turn-{added}"), 0, [act]);
            platform.add(&workspace, rng.i64(..300), turn);
            added += 1;
        }
        let child = start(&world, &platform.url, options);
        random_instant(&mut rng, &platform, 60);
        kills.kill(child, &world, &platform);
    }
    until("the end of all turns", || {
        let child = start(&world, &platform.url, options);
        // Where an answer was unclear, a turn without a name counts as gone after 35 s only; a process
        // that is started anew does not wait for that.
        let done = (0..100).any(|_| {
            sleep(Duration::from_millis(20));
            platform.left() == 0
        });
        kills.kill(child, &world, &platform);
        done.then_some(())
    });

    one_id_per_turn(&kills.attempts);
    let fates = platform.fates();
    for (turn, fate) in &fates {
        assert_eq!((fate.carried.len(), fate.gone), (1, true), "{turn}");
    }
    assert_eq!(fates.len(), added);
    let asked = platform.asked();
    assert!(asked.iter().all(|asked| asked.turn_id.is_none()));
    // What follows in a workspace is not taken for what was there before.
    let young = asked
        .iter()
        .filter(|a| a.freed_at_ms.is_some_and(|age_ms| age_ms < 400));
    assert_eq!(young.count(), 0, "{asked:?}");
    say(&format!(
        "without a list of turns: {KILLS_WITHOUT_LIST} kills, {} with a request in flight; {added} \
         turns, {} requests; doubled 0, lost 0",
        kills.in_flight,
        asked.len(),
    ));
    assert!(
        kills.in_flight >= KILLS_WITHOUT_LIST / 6,
        "{}",
        kills.in_flight
    );
}
