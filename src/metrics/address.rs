//! Where to listen: loopback unless an address says otherwise.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Reads `--metrics`: `9464` and `:9464` listen on loopback, `localhost:9464` too, `0.0.0.0:9464`,
/// `[::]:9464` and `10.0.0.5:9464` where they say. Port 0 takes any free one.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if text.contains("://") || text.contains('/') {
        return Err(format!(
            "{text:?} is a URL or a path: give an address and a port, such as 127.0.0.1:9464"
        ));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        let example = SocketAddr::new(ip, 9464);
        return Err(format!("{text:?} has no port: {example} would have one"));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port: u16 = port.parse().map_err(|_| {
        if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) {
            format!("{text:?}: {port} is no port, the highest is 65535")
        } else {
            format!("{text:?} is no port or address such as 9464, 127.0.0.1:9464 or [::]:9464")
        }
    })?;
    match host {
        "" | "localhost" => Ok(SocketAddr::new(LOOPBACK, port)),
        "*" => Err(format!(
            "{text:?}: for every address of this machine write 0.0.0.0:{port} or [::]:{port}"
        )),
        _ if host.contains(':') => Err(format!(
            "{text:?}: an IPv6 address stands in brackets, such as [::1]:{port}"
        )),
        _ => Err(format!(
            "{text:?}: names are not looked up: give the IP address to listen on, 0.0.0.0:{port} for every one"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_address;

    #[test]
    fn loopback_unless_an_address_says_otherwise() {
        for (text, address) in [
            ("9464", "127.0.0.1:9464"),
            (":9464", "127.0.0.1:9464"),
            (" localhost:9464 ", "127.0.0.1:9464"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("0", "127.0.0.1:0"),
            ("0.0.0.0:9464", "0.0.0.0:9464"),
            ("10.0.0.5:80", "10.0.0.5:80"),
            ("[::]:9464", "[::]:9464"),
            ("[::1]:9464", "[::1]:9464"),
        ] {
            assert_eq!(parse_address(text).unwrap().to_string(), address, "{text}");
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        for (text, says) in [
            ("", "such as 9464"),
            (":", "such as 9464"),
            ("on", "such as 9464"),
            ("-1", "such as 9464"),
            ("65536", "the highest is 65535"),
            ("10.0.0.5:99999", "the highest is 65535"),
            ("10.0.0.5", "10.0.0.5:9464 would have one"),
            ("::1", "[::1]:9464 would have one"),
            ("[::1]", "[::1]:9464 would have one"),
            ("fe80::1%eth0:9464", "in brackets"),
            ("*:9464", "0.0.0.0:9464"),
            ("metrics.example:9464", "names are not looked up"),
            ("http://127.0.0.1:9464", "is a URL"),
            ("127.0.0.1:9464/metrics", "is a URL or a path"),
        ] {
            let error = parse_address(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
