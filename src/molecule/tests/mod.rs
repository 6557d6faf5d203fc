//! The client against small servers on loopback that do what real ones do at their worst.

mod acts;
mod events;
mod faults;
mod gather;
mod reads;
mod server;
mod settings;
mod tls;

use super::{Platform, Settings, Token};
use crate::error::Error;

/// What must stand in no error.
const SECRET: &str = "tok-3f9a-secret";

fn token() -> Token {
    Token::new(SECRET).unwrap().named("--token-file token")
}

fn platform(url: &str) -> Platform {
    Platform::new(Settings::at(url, Some(token()))).unwrap()
}

/// A client that is not patient, for servers that do not answer in time.
fn hasty(url: &str) -> Platform {
    Platform::new(Settings {
        timeout_ms: 250,
        ..Settings::at(url, Some(token()))
    })
    .unwrap()
}

/// An error as text: code, message, causes, hints. It must not have the token in it.
fn told(error: &Error) -> String {
    let mut text = format!("{} {}", error.exit.code(), error.message);
    for cause in &error.causes {
        text = format!("{text}\n  because: {cause}");
    }
    for hint in &error.hints {
        text = format!("{text}\n  hint: {hint}");
    }
    assert!(!text.contains(SECRET), "{text}");
    assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
    text
}
