//! Faults of disk and clock under one process: `shim.c`, compiled here and preloaded.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::{Loop, World};

const SOURCE: &str = include_str!("shim.c");

/// What a process is made to believe. It can be told something else at any time.
#[derive(Debug)]
pub(crate) struct Shim {
    directory: TempDir,
}

impl Shim {
    /// Compiles it. A compiler is there: SQLite, too, is compiled here.
    pub(crate) fn new() -> Self {
        let shim = Self {
            directory: TempDir::new().unwrap(),
        };
        std::fs::write(shim.path("shim.c"), SOURCE).unwrap();
        let compiled = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o", "shim.so", "shim.c", "-ldl"])
            .current_dir(shim.directory.path())
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{compiled:?}");
        shim.tell("");
        shim
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Says what is to be believed from now on: `clock 3600000`, `disk full`, nothing.
    pub(crate) fn tell(&self, orders: &str) {
        // In one step: it is read at every call.
        std::fs::write(self.path("next"), orders).unwrap();
        std::fs::rename(self.path("next"), self.path("orders")).unwrap();
    }

    /// Has a command run under it.
    pub(crate) fn under(&self, mut command: Command) -> Command {
        command
            .env("LD_PRELOAD", self.path("shim.so"))
            .env("CRONCTL_TEST_SHIM", self.path("orders"));
        command
    }

    /// Starts a loop under it.
    pub(crate) fn start(&self, world: &World, url: &str, options: &str) -> Loop {
        Loop::of(self.under(world.watch(url, options)))
    }
}
