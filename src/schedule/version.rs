//! OpenClaw versions: `2026.9.6`, `2026.7.1-2`.

use std::fmt;
use std::str::FromStr;

/// An OpenClaw version: year, month, patch, and the re-release number (`-2`), 0 when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    year: u16,
    month: u16,
    patch: u16,
    rerelease: u16,
}

impl Version {
    /// The newest version whose behaviour was recorded (npm `latest` then).
    pub const NEWEST_CHECKED: Self = Self::new(2026, 9, 6);

    /// A version without a re-release number.
    pub const fn new(year: u16, month: u16, patch: u16) -> Self {
        Self {
            year,
            month,
            patch,
            rerelease: 0,
        }
    }

    /// The version that this one re-releases, or itself.
    #[must_use]
    pub const fn without_rerelease(self) -> Self {
        Self {
            rerelease: 0,
            ..self
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.year, self.month, self.patch)?;
        if self.rerelease > 0 {
            write!(f, "-{}", self.rerelease)?;
        }
        Ok(())
    }
}

/// Why a text is not an OpenClaw version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAVersion(String);

impl fmt::Display for NotAVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an OpenClaw version such as 2026.9.6 or 2026.7.1-2",
            self.0
        )
    }
}

impl std::error::Error for NotAVersion {}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let parse = || {
            let text = text.trim().trim_start_matches('v');
            let (core, tail) = text
                .split_once('-')
                .map_or((text, None), |(c, t)| (c, Some(t)));
            let mut parts = core.split('.').map(str::parse::<u16>);
            let version = Self {
                year: parts.next()?.ok()?,
                month: parts.next()?.ok()?,
                patch: parts.next()?.ok()?,
                // A pre-release word (`-beta.1`) is the version that it leads to.
                rerelease: tail.and_then(|t| t.parse().ok()).unwrap_or(0),
            };
            (parts.next().is_none() && version.year >= 2000).then_some(version)
        };
        parse().ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_by_number_not_by_text() {
        let v = |s: &str| s.parse::<Version>().unwrap();
        assert!(v("2026.9.6") < v("2026.10.1"));
        assert!(v("2026.7.1") < v("2026.7.1-2"));
        assert!(v("2026.7.1-2") < v("2026.7.2"));
        assert_eq!(v("v2026.3.31").to_string(), "2026.3.31");
        assert_eq!(v("2026.7.1-2").to_string(), "2026.7.1-2");
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for text in [
            "",
            "2026",
            "2026.3",
            "2026.3.x",
            "9.6",
            "26.9.6",
            "2026.1.2.3",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
