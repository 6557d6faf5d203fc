//! The options that name a platform, and what they mean.

use std::path::{Path, PathBuf};

use super::Token;
use crate::config::SourceDefaults;
use crate::env::Env;
use crate::error::Error;

/// Which platform, and as whom.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Platform")]
pub struct MoleculeArgs {
    /// Ask a Molecule platform's HTTP API
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url)]
    pub molecule: Option<String>,

    /// Read the bearer token from a file, - for stdin [default: the variable `CRONCTL_TOKEN`]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,

    /// The organisation, for a platform that serves one tenant
    #[arg(long, value_name = "UUID")]
    pub org: Option<String>,

    /// Trust the certificates of this file, too (PEM)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,

    /// How long one request may take [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = crate::when::parse_duration)]
    pub timeout: Option<i64>,

    /// Requests a minute at most, 0 for no limit [default: 600]
    #[arg(long, value_name = "N")]
    pub rate_limit: Option<u32>,
}

/// A platform to talk to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its address, without credentials, query and trailing slash.
    pub url: String,
    /// `X-Molecule-Org-Id`.
    pub org: Option<String>,
    /// The bearer token.
    pub token: Option<Token>,
    /// Additional certificates, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How long one request may take, milliseconds.
    pub timeout_ms: i64,
    /// Requests a minute, 0 for no limit.
    pub rate_limit: u32,
    /// The path of a checkpoint on the platform.
    pub checkpoint_path: String,
}

impl Settings {
    /// A platform at an address, with defaults for everything else.
    pub fn at(url: &str, token: Option<Token>) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            org: None,
            token,
            ca_pem: None,
            timeout_ms: 10_000,
            rate_limit: 600,
            checkpoint_path: crate::checkpoint::CHECKPOINT_PATH.to_owned(),
        }
    }
}

impl MoleculeArgs {
    /// Puts flags above the variable and the context, and reads what they name. `None` when neither
    /// names a platform.
    ///
    /// # Errors
    /// When the address is none, the token file is unreadable or open to others, or it holds no token.
    pub fn settings(
        &self,
        _defaults: &SourceDefaults,
        _env: &Env,
        _directory: &Path,
        _stdin: &mut dyn std::io::Read,
    ) -> Result<Option<Settings>, Error> {
        unimplemented!()
    }
}
