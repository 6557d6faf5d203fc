//! The package behind the `openclaw` command on PATH: its version, read and never run.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::env::Env;
use crate::schedule::Version;

/// How far above the executable its `package.json` may be: `bin/`, `dist/cli/`.
const LEVELS: usize = 5;
const MAX_BYTES: u64 = 1 << 20;

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: Version,
    /// Its `package.json`.
    pub at: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Finds the package of the `openclaw` that a shell would run here. `None` when there is none, and
/// for one that is no link into its package (some installers write a script instead).
pub fn installed(env: &Env, cwd: &Path) -> Option<Installed> {
    let path = env.get("PATH")?;
    let executable = std::env::split_paths(path)
        .filter(|dir| !dir.as_os_str().is_empty())
        .map(|dir| cwd.join(dir).join("openclaw"))
        .find(|file| is_executable(file))?;
    let executable = executable.canonicalize().ok()?;
    executable.ancestors().skip(1).take(LEVELS).find_map(|dir| {
        let at = dir.join("package.json");
        let bytes = at
            .is_file()
            .then(|| crate::files::read(&at, MAX_BYTES).ok())??;
        let package: Package = serde_json::from_slice(&bytes).ok()?;
        let version = package.version.parse().ok()?;
        (package.name == "openclaw").then_some(Installed { version, at })
    })
}

fn is_executable(file: &Path) -> bool {
    let Ok(meta) = file.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    meta.is_file() && may_run
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_package_is_found_through_the_link_that_the_shell_would_run() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("lib/node_modules/openclaw");
        let bin = dir.path().join("bin");
        let other = dir.path().join("other");
        for dir in [&package.join("dist"), &bin, &other] {
            std::fs::create_dir_all(dir).unwrap();
        }
        let main = package.join("dist/openclaw.mjs");
        std::fs::write(&main, "").unwrap();
        std::fs::set_permissions(&main, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(package.join("dist/package.json"), r#"{"type":"module"}"#).unwrap();
        let json = package.join("package.json");
        std::fs::write(&json, r#"{"name":"openclaw","version":"2026.3.31"}"#).unwrap();
        symlink(
            "../lib/node_modules/openclaw/dist/openclaw.mjs",
            bin.join("openclaw"),
        )
        .unwrap();
        // What cannot be run is passed over, as a shell does.
        std::fs::write(other.join("openclaw"), "").unwrap();
        let env = Env::of([("PATH", ":other:/nonexistent:bin")]);
        let found = installed(&env, dir.path()).unwrap();
        assert_eq!(found.version, Version::new(2026, 3, 31));
        assert_eq!(found.at, json.canonicalize().unwrap());
        for text in [
            "{",
            r#"{"name":"other","version":"2026.3.31"}"#,
            r#"{"name":"openclaw","version":"next"}"#,
        ] {
            std::fs::write(&json, text).unwrap();
            assert_eq!(installed(&env, dir.path()), None, "{text}");
        }
        assert_eq!(installed(&Env::default(), dir.path()), None);
    }
}
