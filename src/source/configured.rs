//! What the context in use adds to the options that name sources.

use clap::ValueEnum;

use super::{Dialect, OpenClawArg, SourceArgs, VersionArg};
use crate::config::SourceDefaults;
use crate::error::Error;

impl SourceArgs {
    /// Returns the options with the context's sources where no flag names one, and its version and
    /// dialect where no flag gives them.
    ///
    /// # Errors
    /// When a value of the configuration is refused.
    pub fn or_configured(&self, context: &SourceDefaults) -> Result<Self, Error> {
        let mut args = self.clone();
        if args.is_empty() {
            args.openclaw = context
                .openclaw
                .value
                .iter()
                .cloned()
                .map(OpenClawArg::Dir)
                .collect();
            args.jobs.clone_from(&context.jobs.value);
        }
        if let (None, Some(text)) = (args.openclaw_version, &context.openclaw_version.value) {
            let version = text.parse::<VersionArg>();
            let refuse = |e| context.openclaw_version.refuse("openclaw_version", e);
            args.openclaw_version = Some(version.map_err(refuse)?);
        }
        if let (None, Some(text)) = (args.dialect, &context.dialect.value) {
            let refuse = |e| context.dialect.refuse("dialect", e);
            args.dialect = Some(Dialect::from_str(text, false).map_err(refuse)?);
        }
        Ok(args)
    }
}
