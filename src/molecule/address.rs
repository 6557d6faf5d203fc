//! Addresses: what may be talked to, and what may be sent there.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// The address of a platform or of an adapter: http or https, without credentials, query and
/// fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(Url);

/// Why a text is no address, and what to write instead.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

/// Reads an address. A text with credentials is not repeated.
pub(super) fn parse(text: &str) -> Result<Address, Wrong> {
    let text = text.trim();
    let wrong = |why: &str, hint: Option<String>| {
        let shown = if text.contains('@') {
            "the address".to_owned()
        } else {
            format!("{text:?}")
        };
        Err(Wrong {
            why: format!("{shown} {why}"),
            hint,
        })
    };
    let mut url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        // `localhost:8080` reads as a scheme and a path.
        _ if !text.contains("://") && !text.is_empty() && !text.contains('@') => {
            let hint = Some(format!("did you mean https://{text}?"));
            return wrong("does not begin with http:// or https://", hint);
        }
        Ok(_) => return wrong("does not begin with http:// or https://", None),
        Err(e) => return wrong(&format!("is no address: {e}"), None),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "put the token in a file and name it: --token-file FILE";
        return wrong("has credentials in it", Some(hint.to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let hint = "name the address alone, such as https://platform.example";
        return wrong("has a query or a fragment", Some(hint.to_owned()));
    }
    // With and without a slash at its end it is the same address.
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(Address(url))
}

impl Address {
    /// The text, without a trailing slash.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// `http` or `https`.
    pub(super) fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Whether it is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match address.parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    /// An address below it; `path` begins with a slash and is encoded already.
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// Whether an address has the same scheme, host and port.
    pub(super) fn same_origin(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Scheme, host and port, as an `Origin` header has them.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
