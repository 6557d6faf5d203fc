//! Where OpenClaw keeps its things: home, state directory, configuration file.
//!
//! The order is that of OpenClaw 2026.3.28 to 2026.9.6; nothing is read here, only looked at.

use std::path::{Component, Path, PathBuf};

use crate::env::Env;

/// Names of the configuration file, newest first.
const CONFIG_NAMES: [&str; 2] = ["openclaw.json", "clawdbot.json"];

/// Where an installation keeps its state.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The home directory that `~` means, when there is one.
    pub home: Option<PathBuf>,
    /// The state directory, absolute.
    pub state_dir: PathBuf,
    /// The configuration file; it may not exist.
    pub config: PathBuf,
    /// What said so, for messages: `--openclaw`, `OPENCLAW_STATE_DIR`, `~/.openclaw`.
    pub origin: &'static str,
}

/// Returns the state directory that OpenClaw itself would use.
///
/// `OPENCLAW_STATE_DIR`, else `~/.openclaw`, else `~/.clawdbot` when only that exists. `None` when
/// neither the variable nor a home directory is known.
pub fn discover(env: &Env, cwd: &Path) -> Option<Paths> {
    let home = home(env);
    let absolute = |text: &str| absolute(&expand(text, home.as_deref()), cwd);
    let (state_dir, origin) = match trimmed(env, "OPENCLAW_STATE_DIR") {
        Some(dir) => (absolute(dir), "OPENCLAW_STATE_DIR"),
        None => default_state_dir(home.as_deref()?),
    };
    let config = match trimmed(env, "OPENCLAW_CONFIG_PATH") {
        Some(path) => absolute(path),
        None => {
            let mut dirs = Vec::new();
            if trimmed(env, "OPENCLAW_STATE_DIR").is_some() {
                dirs.push(state_dir.clone());
            }
            if let Some(home) = &home {
                dirs.extend([home.join(".openclaw"), home.join(".clawdbot")]);
            }
            dirs.iter()
                .flat_map(|dir| CONFIG_NAMES.map(|name| dir.join(name)))
                .find(|path| path.exists())
                .unwrap_or_else(|| state_dir.join(CONFIG_NAMES[0]))
        }
    };
    Some(Paths {
        home,
        state_dir,
        config,
        origin,
    })
}

/// Returns the paths of a state directory that was named on the command line.
///
/// `OPENCLAW_CONFIG_PATH` describes another installation then, unless it points into `dir`.
pub fn named(dir: &Path, env: &Env, cwd: &Path) -> Paths {
    let home = home(env);
    let state_dir = match dir.to_str() {
        Some(text) => absolute(&expand(text, home.as_deref()), cwd),
        None => absolute(dir, cwd),
    };
    let inside = trimmed(env, "OPENCLAW_CONFIG_PATH")
        .map(|path| absolute(&expand(path, home.as_deref()), cwd))
        .filter(|path| path.starts_with(&state_dir) && path.exists());
    let config = inside.unwrap_or_else(|| {
        CONFIG_NAMES
            .map(|name| state_dir.join(name))
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or_else(|| state_dir.join(CONFIG_NAMES[0]))
    });
    Paths {
        home,
        state_dir,
        config,
        origin: "--openclaw",
    }
}

fn default_state_dir(home: &Path) -> (PathBuf, &'static str) {
    let new = home.join(".openclaw");
    let old = home.join(".clawdbot");
    if !new.exists() && old.exists() {
        return (old, "~/.clawdbot");
    }
    (new, "~/.openclaw")
}

/// Returns the home directory: `OPENCLAW_HOME`, `HOME`, `USERPROFILE`, else the user database's.
pub fn home(env: &Env) -> Option<PathBuf> {
    let user = || {
        ["HOME", "USERPROFILE"]
            .into_iter()
            .find_map(|name| home_variable(env, name))
            .map(PathBuf::from)
            .or_else(std::env::home_dir)
    };
    match home_variable(env, "OPENCLAW_HOME") {
        Some(text) if text.starts_with('~') => Some(expand(text, user().as_deref())),
        Some(text) => Some(PathBuf::from(text)),
        None => user(),
    }
}

/// A variable that names a home; the texts `undefined` and `null` are leftovers of scripts.
fn home_variable<'a>(env: &'a Env, name: &str) -> Option<&'a str> {
    trimmed(env, name).filter(|v| !matches!(*v, "undefined" | "null"))
}

fn trimmed<'a>(env: &'a Env, name: &str) -> Option<&'a str> {
    env.get(name).map(str::trim).filter(|v| !v.is_empty())
}

/// Expands a leading `~` or `~/`.
pub fn expand(text: &str, home: Option<&Path>) -> PathBuf {
    let text = text.trim();
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

/// Makes a path absolute and removes `.` and `..` as text, without looking at the file system.
pub fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in cwd.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        dir
    }

    #[test]
    fn the_order_is_that_of_openclaw() {
        let dir = tree(&[
            "h/.clawdbot/clawdbot.json",
            "s/clawdbot.json",
            "h2/.openclaw/x",
        ]);
        let at = |p: &str| dir.path().join(p).to_str().unwrap().to_owned();
        let cwd = dir.path();
        let found = discover(&Env::of([("HOME", &at("h"))]), cwd).unwrap();
        assert_eq!(found.state_dir, cwd.join("h/.clawdbot"));
        assert_eq!(found.config, cwd.join("h/.clawdbot/clawdbot.json"));
        let found = discover(&Env::of([("HOME", &at("h2"))]), cwd).unwrap();
        assert_eq!(found.state_dir, cwd.join("h2/.openclaw"));
        assert_eq!(found.config, cwd.join("h2/.openclaw/openclaw.json"));
        let env = Env::of([
            ("HOME", "undefined"),
            ("OPENCLAW_HOME", &at("h")),
            ("OPENCLAW_STATE_DIR", " s "),
        ]);
        let found = discover(&env, cwd).unwrap();
        assert_eq!(
            (found.state_dir, found.origin),
            (cwd.join("s"), "OPENCLAW_STATE_DIR")
        );
        assert_eq!(found.config, cwd.join("s/clawdbot.json"));
        let env = Env::of([("HOME", &at("h")), ("OPENCLAW_CONFIG_PATH", "~/c.json")]);
        assert_eq!(discover(&env, cwd).unwrap().config, cwd.join("h/c.json"));
        // The configuration of the default directory is used when the named state has none.
        let env = Env::of([("HOME", &at("h")), ("OPENCLAW_STATE_DIR", "none")]);
        assert_eq!(
            discover(&env, cwd).unwrap().config,
            cwd.join("h/.clawdbot/clawdbot.json")
        );
    }

    #[test]
    fn a_named_directory_is_not_mixed_with_the_installed_one() {
        let dir = tree(&["h/.openclaw/openclaw.json", "s/x", "t/mine.json5"]);
        let home = dir.path().join("h");
        let mine = dir.path().join("t/mine.json5");
        let env = Env::of([
            ("HOME", home.to_str().unwrap()),
            ("OPENCLAW_CONFIG_PATH", mine.to_str().unwrap()),
        ]);
        let cwd = dir.path();
        assert_eq!(
            named(Path::new("s"), &env, cwd).config,
            cwd.join("s/openclaw.json")
        );
        assert_eq!(named(Path::new("t/."), &env, cwd).config, mine);
        assert_eq!(
            named(Path::new("~/.openclaw"), &env, cwd).state_dir,
            home.join(".openclaw")
        );
    }
}
