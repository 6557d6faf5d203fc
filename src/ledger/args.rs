//! The options that name a ledger.

use std::path::{Path, PathBuf};

use super::{Ledger, Password, Place};
use crate::env::Env;
use crate::error::Error;

/// The variable that holds the password of a ledger in PostgreSQL.
const VARIABLE: &str = "CRONCTL_LEDGER_PASSWORD";

/// Which ledger.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct LedgerArgs {
    /// The ledger: a file, or `postgres://USER@HOST/DATABASE` [default: ledger.db in cronctl's state directory]
    #[arg(long, value_name = "FILE|URL", value_hint = clap::ValueHint::FilePath, help_heading = "Sources")]
    pub ledger: Option<PathBuf>,
    /// Read the password of a ledger in PostgreSQL from a file [default: the variable `CRONCTL_LEDGER_PASSWORD`]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "ledger", help_heading = "Sources")]
    pub ledger_password_file: Option<PathBuf>,
}

impl LedgerArgs {
    /// Where the ledger is: as named, else in the state directory; `None` where there is no home.
    ///
    /// # Errors
    /// When an address is none or holds a password, and when the password cannot be read.
    pub fn place(&self, env: &Env, directory: &Path) -> Result<Option<Place>, Error> {
        let Some(named) = &self.ledger else {
            return Ok(Ledger::default_path(env).map(Place::File));
        };
        match named.to_str() {
            Some(url) if Place::is_postgres(url) => {
                Place::postgres(url, self.password(env, directory)?).map(Some)
            }
            _ => Ok(Some(Place::File(directory.join(named)))),
        }
    }

    fn password(&self, env: &Env, directory: &Path) -> Result<Option<Password>, Error> {
        if let Some(path) = &self.ledger_password_file {
            return Password::from_file(&directory.join(path)).map(Some);
        }
        let text = env.get(VARIABLE);
        text.map(|text| Password::from_variable(VARIABLE, text))
            .transpose()
    }
}
