//! Key paths as people write them, and base URLs without what may be a secret.

/// `agents.defaults` + `model` → `agents.defaults.model`; a key that is no plain identifier is
/// quoted: `agents.defaults.models["openai/gpt-5.4"]`.
pub(super) fn member(path: &str, key: &str) -> String {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let plain =
        key.starts_with(is_letter) && key.chars().all(|c| is_letter(c) || c.is_ascii_digit());
    match (path, plain) {
        ("", true) => key.to_owned(),
        (_, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{}]", serde_json::Value::from(key)),
    }
}

/// `agents.list` + 1 → `agents.list[1]`.
pub(super) fn item(path: &str, n: usize) -> String {
    format!("{path}[{n}]")
}

/// Returns scheme, host and port of an HTTP URL. User, path and query may be secrets and are left
/// out; anything that does not look like a host makes it `None`.
pub(super) fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https" | "ws" | "wss") {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let (name, port) = if let Some(v6) = host.strip_prefix('[') {
        let (name, after) = v6.split_once(']')?;
        let is_v6 = |b: u8| b.is_ascii_hexdigit() || b":.".contains(&b);
        (name.bytes().all(is_v6).then(|| format!("[{name}]"))?, after)
    } else {
        let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        (name.bytes().all(is_name).then(|| name.to_owned())?, port)
    };
    let port_is_good = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|p| p.parse::<u16>().is_ok());
    (!name.is_empty() && port_is_good).then(|| format!("{scheme}://{name}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_identifiers_are_quoted() {
        assert_eq!(member("", "agents"), "agents");
        assert_eq!(member("agents.entries", "ops"), "agents.entries.ops");
        assert_eq!(member("a", "b-c"), r#"a["b-c"]"#);
        assert_eq!(member("a", "o/gpt-5.4"), r#"a["o/gpt-5.4"]"#);
        assert_eq!(member("a", "q\"\n"), r#"a["q\"\n"]"#);
        assert_eq!(member("a", ""), r#"a[""]"#);
        assert_eq!(item("agents.list", 1), "agents.list[1]");
    }

    #[test]
    fn a_base_url_keeps_scheme_host_and_port_only() {
        for (url, host) in [
            ("http://127.0.0.1:28428/v1", Some("http://127.0.0.1:28428")),
            (
                "HTTPS://u:sk-1@h.example/sk-2?k=sk-3#sk-4",
                Some("https://h.example"),
            ),
            ("http://[::1]:8080/v1", Some("http://[::1]:8080")),
            ("http://host:sk-secret/v1", None),
            ("http://h%20sk/v1", None),
            ("http:///v1", None),
            ("${BASE_URL}", None),
            ("sk-secret", None),
            ("", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
