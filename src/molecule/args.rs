//! The options that name a platform, and what they mean.

use std::path::{Path, PathBuf};

use super::Token;
use super::address::{self, Address};
use crate::checkpoint::{CHECKPOINT_PATH, checkpoint_path};
use crate::config::SourceDefaults;
use crate::env::Env;
use crate::error::Error;
use crate::files;

/// A file of certificates larger than this is none.
const CA_LIMIT: u64 = 4 << 20;

/// The variable that holds a token.
const TOKEN_VARIABLE: &str = "CRONCTL_TOKEN";

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

    /// Send the token over plain http to another machine, too
    #[arg(long)]
    pub insecure_http: bool,

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
    /// Whether the token may go over plain http to another machine.
    pub insecure_http: bool,
    /// How long one request may take, milliseconds.
    pub timeout_ms: i64,
    /// Requests a minute, 0 for no limit.
    pub rate_limit: u32,
    /// The path of a checkpoint on the platform.
    pub checkpoint_path: String,
    /// What is worth saying about how it was chosen; [`super::Platform::take_notes`] has it first.
    pub notes: Vec<String>,
}

impl Settings {
    /// Whether these ask the same platform as the same caller as others.
    pub(crate) fn is_same_caller(&self, other: &Self) -> bool {
        let token = |settings: &Self| settings.token.as_ref().map(|t| t.reveal().to_owned());
        self.url == other.url && self.org == other.org && token(self) == token(other)
    }

    /// A platform at an address, with defaults for everything else.
    pub fn at(url: &str, token: Option<Token>) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            org: None,
            token,
            ca_pem: None,
            insecure_http: false,
            timeout_ms: 10_000,
            rate_limit: 600,
            checkpoint_path: CHECKPOINT_PATH.to_owned(),
            notes: Vec::new(),
        }
    }
}

impl MoleculeArgs {
    /// Puts flags above the variable and the context, and reads what they name. `None` when neither
    /// names a platform.
    ///
    /// The token, the organisation and the checkpoint path of a context belong to the context's
    /// address: they are not used with another one given by `--molecule`.
    ///
    /// # Errors
    /// When the address is none, the token file is unreadable or open to others, or it holds no token;
    /// when the token would go over plain http to another machine.
    pub fn settings(
        &self,
        defaults: &SourceDefaults,
        env: &Env,
        directory: &Path,
        stdin: &mut dyn std::io::Read,
    ) -> Result<Option<Settings>, Error> {
        let flag = self.molecule.clone().map(Some);
        let chosen = defaults.molecule_url.clone().or_flag("--molecule", flag);
        let Some(text) = &chosen.value else {
            return Ok(None);
        };
        let refuse = |wrong: address::Wrong| {
            let error = chosen.refuse("molecule.url", wrong.why);
            match wrong.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        };
        let url = address::parse(text).map_err(refuse)?;
        let own = defaults.molecule_url.value.as_deref().map(address::parse);
        let is_own = matches!(own, Some(Ok(own)) if own == url);

        let mut settings = Settings::at(url.as_str(), None);
        settings.token = self.token(defaults, is_own, env, directory, stdin)?;
        settings.org = self.org.clone().map(|org| org.trim().to_owned());
        if is_own {
            settings.org = settings.org.or_else(|| defaults.molecule_org.value.clone());
            if let Some(path) = &defaults.molecule_checkpoint_path.value {
                checkpoint_path(path, "id").map_err(|why| {
                    let setting = &defaults.molecule_checkpoint_path;
                    setting.refuse("molecule.checkpoint_path", why)
                })?;
                settings.checkpoint_path.clone_from(path);
            }
        } else if let Some(note) = self.not_used(defaults, &url) {
            settings.notes.push(note);
        }
        if let Some(org) = &settings.org
            && (org.is_empty() || !org.bytes().all(|b| b.is_ascii_graphic()))
        {
            return Err(Error::usage(format!("--org: {org:?} is no id")));
        }
        settings.insecure_http = self.insecure_http;
        if let Some(token) = &settings.token
            && !self.insecure_http
            && url.scheme() == "http"
            && !url.is_loopback()
        {
            return Err(Error::usage(format!(
                "{url}: the token ({}) would go over plain http to another machine",
                token.origin()
            ))
            .hint("use https, or say --insecure-http where the way there is safe"));
        }
        settings.ca_pem = match &self.ca_file {
            Some(path) => Some(files::read_named(&directory.join(path), CA_LIMIT)?),
            None => None,
        };
        match self.timeout {
            Some(ms) if ms <= 0 => {
                return Err(Error::usage("--timeout: a request needs more than no time"));
            }
            Some(ms) => settings.timeout_ms = ms,
            None => {}
        }
        settings.rate_limit = self.rate_limit.unwrap_or(settings.rate_limit);
        Ok(Some(settings))
    }

    fn token(
        &self,
        defaults: &SourceDefaults,
        is_own: bool,
        env: &Env,
        directory: &Path,
        stdin: &mut dyn std::io::Read,
    ) -> Result<Option<Token>, Error> {
        if let Some(path) = &self.token_file {
            return if path.as_os_str() == "-" {
                Token::from_reader(stdin, "stdin", "--token-file, from stdin").map(Some)
            } else {
                let origin = format!("--token-file {}", path.display());
                Token::from_file(&directory.join(path), origin).map(Some)
            };
        }
        if let Some(text) = env.get(TOKEN_VARIABLE) {
            return Token::from_variable(TOKEN_VARIABLE, text).map(Some);
        }
        let setting = &defaults.molecule_token_file;
        match &setting.value {
            Some(path) if is_own => {
                let origin = format!("molecule.token_file, {}", setting.origin);
                Token::from_file(&directory.join(path), origin).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Says what of the context is left out because its platform is another one.
    fn not_used(&self, defaults: &SourceDefaults, url: &Address) -> Option<String> {
        let own = [
            (
                "token",
                defaults.molecule_token_file.value.is_some() && self.token_file.is_none(),
            ),
            (
                "organisation",
                defaults.molecule_org.value.is_some() && self.org.is_none(),
            ),
            (
                "checkpoint path",
                defaults.molecule_checkpoint_path.value.is_some(),
            ),
        ];
        let own: Vec<_> = own.iter().filter(|(_, has)| *has).map(|o| o.0).collect();
        (!own.is_empty()).then(|| {
            format!(
                "{url} is not the context's platform: the context's {} not used",
                match own[..] {
                    [one] => format!("{one} is"),
                    _ => format!("{} are", own.join(", ")),
                }
            )
        })
    }
}
