//! The ledger of a call: opened before anything is sent.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::CheckpointArgs;
use crate::clock;
use crate::config::Origin;
use crate::context::Context;
use crate::error::Error;
use crate::files;
use crate::ledger::{Ledger, LedgerArgs, Place};
use crate::turn::{Sighting, Spell, fold_all};
use crate::when;

/// A ledger, and where it is.
#[derive(Debug)]
pub(super) struct Memory {
    /// Away while it is asked, and for good once it failed in a loop.
    ledger: Option<Ledger>,
    /// `None`: it is forgotten with the process.
    pub(super) place: Option<Place>,
    /// Whether sightings are written to it.
    observes: bool,
    failed: bool,
    /// Whether its clock is followed.
    follows: bool,
}

/// Clocks that differ by less are the same, milliseconds.
const APART_MS: u64 = 1_000;

impl Memory {
    /// Finds out which ledger the options mean, and does not open it yet.
    ///
    /// At an instant that is not the clock's (`--now`), the ledger of every day is told of no
    /// sighting, since nothing was seen at that time. Requests are recorded when they are sent.
    ///
    /// # Errors
    /// When none can be meant.
    pub(super) fn find(args: &CheckpointArgs, ctx: &Context) -> Result<Self, Error> {
        if args.no_ledger || args.demo {
            return Ok(Self {
                ledger: None,
                place: None,
                observes: true,
                failed: false,
                follows: false,
            });
        }
        Ok(Self {
            ledger: None,
            place: Some(place(&args.ledger, ctx)?),
            observes: ctx.now_origin == Origin::BuiltIn || args.ledger.ledger.is_some(),
            failed: false,
            follows: false,
        })
    }

    /// Opens the ledger, unless it is open.
    ///
    /// # Errors
    /// When it cannot be used: then nothing may be sent.
    pub(super) async fn open(&mut self) -> Result<(), Error> {
        if self.ledger.is_some() {
            return Ok(());
        }
        let place = self.place.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let Some(place) = &place else {
                return Ledger::in_memory().map(|ledger| (ledger, None));
            };
            let ledger = Ledger::at(place)?;
            let now_ms = if place.is_shared() {
                Some((ledger.now_ms()?, clock::now_ms()))
            } else {
                None
            };
            Ok((ledger, now_ms))
        });
        let opened = opened.await.map_err(broken)?;
        let (ledger, now_ms) = opened.map_err(|error| {
            error.hint("--no-ledger goes without, and then nothing is recorded")
        })?;
        self.ledger = Some(ledger);
        self.failed = false;
        self.follow(now_ms);
        Ok(())
    }

    /// Goes by the clock of a ledger that several machines share, so that theirs do not matter. What
    /// differs by no more than the way there takes is the same.
    fn follow(&mut self, now_ms: Option<(i64, i64)>) {
        if let Some((theirs_ms, ours_ms)) = now_ms
            && (!self.follows || theirs_ms.abs_diff(ours_ms) > APART_MS)
        {
            self.follows = true;
            let by_ms = clock::follow(theirs_ms);
            if by_ms.unsigned_abs() > APART_MS {
                tracing::warn!(
                    by = when::duration(by_ms.saturating_abs()),
                    forward = by_ms > 0,
                    "the clock of the ledger is another than this machine's: it is the one that counts"
                );
            }
        }
    }

    /// Opens the ledger anew where it is a file, for the next look of a loop: it may have been moved,
    /// removed, restored or damaged since. A connection that stays open notices none of that, and would
    /// write what nobody finds. Returns whether the file was gone and another one was made.
    ///
    /// # Errors
    /// As [`Memory::open`].
    pub(super) async fn open_anew(&mut self) -> Result<bool, Error> {
        let Some(Place::File(path)) = &self.place else {
            return self.open().await.map(|()| false);
        };
        let gone = !path.exists();
        let shown = path.display().to_string();
        self.ledger = None;
        self.open().await?;
        if gone {
            tracing::warn!(
                ledger = shown,
                "the ledger is gone: a new one was made, which knows nothing of earlier requests"
            );
        }
        Ok(gone)
    }

    /// Asks the ledger something. The disk, or the way to the database, is not waited for on this thread.
    ///
    /// # Errors
    /// As what is asked; and when the ledger is not open.
    pub(super) async fn ask<T: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut Ledger) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.failed = true;
        let mut ledger = self.take()?;
        let asked = tokio::task::spawn_blocking(move || {
            let answer = ask(&mut ledger);
            (ledger, answer)
        });
        let (ledger, answer) = asked.await.map_err(broken)?;
        self.failed = answer.is_err();
        // One that failed is opened anew: a connection may be gone, a file moved.
        self.ledger = Some(ledger).filter(|_| answer.is_ok());
        answer
    }

    /// Whether the ledger failed when it was asked last.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Lends the ledger; [`Memory::put`] gives it back.
    ///
    /// # Errors
    /// When it is not open.
    pub(super) fn take(&mut self) -> Result<Ledger, Error> {
        let ledger = self.ledger.take();
        ledger.ok_or_else(|| Error::failed("the ledger is not open"))
    }

    /// Gives the ledger back; `None`: it failed, and is opened anew.
    pub(super) fn put(&mut self, ledger: Option<Ledger>) {
        self.ledger = ledger;
    }

    /// Adds sightings; returns the spells that hold now.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(super) async fn observe(
        &mut self,
        platform: &str,
        sightings: Vec<Sighting>,
    ) -> Result<BTreeMap<String, Spell>, Error> {
        let platform = platform.to_owned();
        if self.observes {
            let observe = move |ledger: &mut Ledger| ledger.observe(&platform, &sightings);
            return self.ask(observe).await;
        }
        let mut spells = self.ask(move |ledger| ledger.spells(&platform)).await?;
        fold_all(&mut spells, &sightings);
        Ok(spells)
    }
}

fn broken(panic: tokio::task::JoinError) -> Error {
    Error::failed("the ledger could not be used").because(panic)
}

/// Where the ledger is: as named, else in the state directory.
///
/// # Errors
/// When there is no home.
pub(super) fn place(args: &LedgerArgs, ctx: &Context) -> Result<Place, Error> {
    args.place(&ctx.env, &ctx.directory)?.ok_or_else(|| {
        Error::failed("there is no place for the ledger: neither XDG_STATE_HOME nor HOME is set")
            .hint("name a file with --ledger")
    })
}

/// Who asks: `user@host`, as far as known.
pub(super) fn who(ctx: &Context) -> String {
    const LONGEST: u64 = 1024;
    let first = |names: &[&str]| names.iter().find_map(|name| ctx.env.get(name));
    let user = first(&["USER", "LOGNAME", "USERNAME"]).unwrap_or("unknown");
    let kernel = || {
        let name = files::read(Path::new("/proc/sys/kernel/hostname"), LONGEST).ok()?;
        Some(String::from_utf8(name).ok()?.trim().to_owned())
    };
    let named = first(&["HOSTNAME", "COMPUTERNAME"]).map(str::to_owned);
    match named.or_else(kernel).filter(|host| !host.is_empty()) {
        Some(host) => format!("{user}@{host}"),
        None => user.to_owned(),
    }
}
