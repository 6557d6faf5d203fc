//! The ledger of a call: opened before anything is sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::CheckpointArgs;
use crate::config::Origin;
use crate::context::Context;
use crate::error::Error;
use crate::files;
use crate::ledger::Ledger;
use crate::turn::{Sighting, Spell, fold};

/// A ledger, and where it is.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) ledger: Ledger,
    /// `None`: it is forgotten with the process.
    pub(super) file: Option<PathBuf>,
    /// Whether sightings are written to it.
    observes: bool,
}

impl Memory {
    /// Opens the ledger that the options mean.
    ///
    /// At an instant that is not the clock's (`--now`), the ledger of every day is told of no
    /// sighting, since nothing was seen at that time. Requests are recorded when they are sent.
    ///
    /// # Errors
    /// When it cannot be used: then nothing may be sent.
    pub(super) fn open(args: &CheckpointArgs, ctx: &Context) -> Result<Self, Error> {
        if args.no_ledger || args.demo {
            return Ok(Self {
                ledger: Ledger::in_memory()?,
                file: None,
                observes: true,
            });
        }
        let path = path(args.ledger.as_deref(), ctx)?;
        let ledger = Ledger::open(&path).map_err(|error| {
            error.hint("--no-ledger goes without, and then nothing is recorded")
        })?;
        Ok(Self {
            ledger,
            file: Some(path),
            observes: ctx.now_origin == Origin::BuiltIn || args.ledger.is_some(),
        })
    }

    /// Adds sightings; returns the spells that hold now.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(super) fn observe(
        &mut self,
        platform: &str,
        sightings: &[Sighting],
    ) -> Result<BTreeMap<String, Spell>, Error> {
        if self.observes {
            return self.ledger.observe(platform, sightings);
        }
        let mut spells = self.ledger.spells(platform)?;
        for sighting in sightings {
            let spell = spells.remove(&sighting.workspace_id);
            if let Some(spell) = fold(spell, sighting) {
                spells.insert(sighting.workspace_id.clone(), spell);
            }
        }
        Ok(spells)
    }
}

/// Where the ledger is: as named, else in the state directory.
///
/// # Errors
/// When there is no home.
pub(super) fn path(named: Option<&Path>, ctx: &Context) -> Result<PathBuf, Error> {
    match named {
        Some(file) => Ok(ctx.directory.join(file)),
        None => Ledger::default_path(&ctx.env).ok_or_else(|| {
            Error::failed(
                "there is no place for the ledger: neither XDG_STATE_HOME nor HOME is set",
            )
            .hint("name a file with --ledger")
        }),
    }
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
