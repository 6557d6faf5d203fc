//! The address of a gateway, and whether a token may go there.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::error::Error;

/// The address of a gateway: `ws` or `wss`, without credentials, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads the value of an option.
    ///
    /// # Errors
    /// When it is no such address. A text with credentials is not repeated.
    pub fn parse(option: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let wrong = |why: &str| {
            let shown = if text.contains('@') {
                "the address".to_owned()
            } else {
                format!("{text:?}")
            };
            Error::usage(format!("{option}: {shown} {why}"))
                .hint("a gateway on this machine is ws://127.0.0.1:18789")
        };
        let url = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "ws" | "wss") && url.has_host() => url,
            Err(why) if text.contains("://") => {
                return Err(wrong(&format!("is no address: {why}")));
            }
            _ => return Err(wrong("does not begin with ws:// or wss://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            let error = wrong("has credentials in it");
            return Err(error.hint("put the token in a file and name it: --token-file FILE"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has a query or a fragment"));
        }
        Ok(Self(url))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether what is sent there can be read on the way: `ws` to another machine.
    pub fn is_open(&self) -> bool {
        self.0.scheme() == "ws" && !self.is_loopback()
    }

    fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match address.parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_ws_or_wss_without_secrets() {
        let parse = |text| Address::parse("--openclaw-gateway", text);
        for (text, shown, open) in [
            ("ws://127.0.0.1:18789", "ws://127.0.0.1:18789", false),
            (" ws://localhost:18789/ ", "ws://localhost:18789", false),
            ("ws://[::1]:1", "ws://[::1]:1", false),
            ("wss://gw.example/base", "wss://gw.example/base", false),
            ("ws://10.0.0.7:18789", "ws://10.0.0.7:18789", true),
            ("ws://127.0.0.1.example", "ws://127.0.0.1.example", true),
        ] {
            let address = parse(text).unwrap();
            assert_eq!((&*address.to_string(), address.is_open()), (shown, open));
        }
        for text in [
            "",
            "127.0.0.1:18789",
            "http://127.0.0.1:18789",
            "ws://",
            "ws://h/?token=1",
            "ws://h/#t",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let error = parse("ws://:secret@h").unwrap_err();
        assert!(!format!("{error:?}").contains("secret"));
    }
}
