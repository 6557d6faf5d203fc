//! A short run of the fuzz targets (`fuzz/`), with a stable compiler and without instrumentation: the
//! seeds as they are, then damaged at random in the same way each time.
#![expect(
    clippy::disallowed_methods,
    reason = "the seeds are files of the project"
)]

#[path = "../fuzz/bodies.rs"]
mod bodies;
#[path = "../fuzz/seeds.rs"]
mod seeds;

use fastrand::Rng;

/// Damaged inputs of each target.
const TRIES: usize = 400;

/// Damages an input in one of the ways in which files and answers are damaged.
fn damage(rng: &mut Rng, input: &mut Vec<u8>, other: &[u8]) {
    if input.is_empty() {
        input.push(rng.u8(..));
        return;
    }
    let at = rng.usize(0..input.len());
    match rng.u8(0..6) {
        0 => input[at] = rng.u8(..),
        1 => input[at] ^= 1 << rng.u8(0..8),
        2 => input.truncate(at),
        3 => {
            let end = (at + rng.usize(1..64)).min(input.len());
            input.drain(at..end);
        }
        4 => {
            let token = *b"{}[],:\"0-e\0".get(rng.usize(0..12)).unwrap_or(&b' ');
            input.insert(at, token);
        }
        _ => {
            let from = rng.usize(0..other.len().max(1)).min(other.len());
            let part = &other[from..(from + 200).min(other.len())];
            input.splice(at..at, part.iter().copied());
        }
    }
}

#[test]
fn targets_hold_on_their_seeds_and_on_damaged_ones() {
    let seeds = seeds::seeds();
    for (name, target) in bodies::TARGETS {
        let own: Vec<_> = seeds.iter().filter(|(t, ..)| *t == name).collect();
        assert!(!own.is_empty(), "{name} has no seed");
        for (_, seed, bytes) in &own {
            assert!(!bytes.is_empty(), "{name}: seed {seed} is empty");
            target(bytes);
        }
        let mut rng = Rng::with_seed(1);
        for _ in 0..TRIES {
            let mut input = own[rng.usize(0..own.len())].2.clone();
            let other = &own[rng.usize(0..own.len())].2;
            for _ in 0..rng.usize(1..8) {
                damage(&mut rng, &mut input, other);
            }
            target(&input);
        }
    }
}
