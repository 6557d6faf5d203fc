//! `--chart`: where a picture goes.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::{Picture, page, svg};
use crate::context::Context;
use crate::error::Error;
use crate::files;

/// The option of commands that draw.
#[derive(Args, Clone, Debug, Default)]
pub struct ChartArgs {
    /// Draw it, too, into a picture (.svg) or a page (.html)
    ///
    /// One file that needs nothing else, light or dark as its reader prefers. A file that is there is
    /// replaced and keeps its mode; so is a link, not what it points to.
    #[arg(
        long,
        value_name = "FILE",
        value_parser = PathBufValueParser::new().try_map(chart),
        value_hint = clap::ValueHint::FilePath,
        help_heading = "View"
    )]
    pub chart: Option<ChartFile>,
}

/// A file for a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    path: PathBuf,
    form: Form,
}

/// What the ending of its name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Svg,
    Html,
}

fn chart(path: PathBuf) -> Result<ChartFile, String> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let form = match ending.as_deref() {
        Some("svg") => Form::Svg,
        Some("html" | "htm") => Form::Html,
        _ => {
            let stem = path
                .file_stem()
                .map_or("chart".into(), |s| s.to_string_lossy());
            let stem = if stem == "-" { "chart".into() } else { stem };
            return Err(format!(
                "the ending decides what is drawn: {stem}.svg for a picture, {stem}.html for a page"
            ));
        }
    };
    Ok(ChartFile { path, form })
}

impl ChartArgs {
    /// Whether a picture is asked for.
    pub fn is_asked(&self) -> bool {
        self.chart.is_some()
    }

    /// Refuses the option beside another one, of which there is no picture.
    ///
    /// # Errors
    /// When a picture is asked for.
    pub fn none_with(&self, option: &str) -> Result<(), Error> {
        if self.is_asked() {
            let why = format!("--chart does not go with {option}, of which there is no picture");
            return Err(Error::usage(why).hint(format!("leave {option} or --chart out")));
        }
        Ok(())
    }

    /// Draws and writes the picture, if one is asked for, and says so on stderr.
    ///
    /// # Errors
    /// When the file cannot be written; the message names the path.
    pub fn write(&self, ctx: &Context, picture: impl FnOnce() -> Picture) -> Result<(), Error> {
        let Some(file) = &self.chart else {
            return Ok(());
        };
        let picture = picture();
        let (text, what) = match file.form {
            Form::Svg => (svg(&picture), "a picture"),
            Form::Html => (page(&picture), "a page"),
        };
        // Relative to the current directory, as for a shell's redirection; unlike there, whole or not at all.
        files::replace(&ctx.directory.join(&file.path), text.as_bytes())?;
        let shown = file.path.display();
        ctx.ui
            .note(&format!("{shown}: {what} of this answer was written"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_decides_and_others_are_refused_with_what_to_write() {
        for (name, form) in [
            ("a.svg", Form::Svg),
            ("b/c.HTML", Form::Html),
            ("d.htm", Form::Html),
        ] {
            assert_eq!(chart(name.into()).unwrap().form, form);
        }
        assert!(chart("x.png".into()).unwrap_err().contains("x.svg"));
        for name in ["-", ".svg", "svg", "", "/"] {
            assert!(chart(name.into()).is_err(), "{name}");
        }
    }
}
