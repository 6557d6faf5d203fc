//! Which versions can stop a cron run cleanly.

use crate::schedule::Version;

/// Whether a gateway can stop a cron run so that it ends as an aborted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanAbort {
    /// It can: what was seen.
    Yes(String),
    /// It cannot: what happens instead.
    No(String),
    /// That was not checked: between which versions.
    NotChecked(String),
}

impl CleanAbort {
    /// Whether it can; `None` when that was not checked.
    pub fn known(&self) -> Option<bool> {
        match self {
            Self::Yes(_) => Some(true),
            Self::No(_) => Some(false),
            Self::NotChecked(_) => None,
        }
    }

    /// Why so.
    pub fn why(&self) -> &str {
        match self {
            Self::Yes(why) | Self::No(why) | Self::NotChecked(why) => why,
        }
    }
}

/// Says whether `sessions.abort` of this version ends a cron run cleanly, as tried on real gateways
/// of 2026.3.28, 2026.3.31 and 2026.9.6.
pub fn clean_abort(version: Version) -> CleanAbort {
    let core = version.without_rerelease();
    let seen = [Version::new(2026, 3, 28), Version::new(2026, 3, 31)];
    if seen.contains(&core) {
        CleanAbort::No(format!(
            "OpenClaw {version} has no clean abort of cron runs: sessions.abort answers \
             no-active-run, and sessions.reset or sessions.delete kill the run and it is then \
             recorded as ok"
        ))
    } else if core == Version::NEWEST_CHECKED {
        CleanAbort::Yes(
            "sessions.abort over the gateway's WebSocket: the run ends as an error, \
             OPENCLAW_DIRECT_ABORT"
                .to_owned(),
        )
    } else if (Version::new(2026, 9, 0)..Version::new(2026, 10, 0)).contains(&core) {
        CleanAbort::Yes(format!(
            "sessions.abort over the gateway's WebSocket, as on 2026.9.6; {version} itself was not \
             checked"
        ))
    } else {
        CleanAbort::NotChecked(format!(
            "whether OpenClaw {version} can abort a cron run cleanly was not checked: 2026.3.31 \
             cannot, 2026.9.6 can"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_tried_is_claimed() {
        let known = |text: &str| clean_abort(text.parse().unwrap()).known();
        let cases = [
            ("2026.3.24", None),
            ("2026.3.28", Some(false)),
            ("2026.3.31", Some(false)),
            ("2026.3.31-1", Some(false)),
            ("2026.4.1", None),
            ("2026.8.1", None),
            ("2026.9.1", Some(true)),
            ("2026.9.6", Some(true)),
            ("2026.9.7", Some(true)),
            ("2026.10.1", None),
            ("2027.1.1", None),
        ];
        for (version, expected) in cases {
            assert_eq!(known(version), expected, "{version}");
        }
        let says = |text: &str| clean_abort(text.parse().unwrap()).why().to_owned();
        assert!(says("2026.3.31").contains("no-active-run"));
        assert!(says("2026.9.1").contains("not checked"));
        assert!(says("2026.7.1").contains("not checked"));
    }
}
