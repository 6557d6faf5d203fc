//! What the watches that draw a table have in common: the terminal, and what is said beside it once.

use crate::context::Context;
use crate::error::{Error, Problem};
use crate::report::Format;

/// Where a watch shows what it sees.
pub(crate) struct Watching<'a> {
    ctx: &'a Context,
    /// Whether events are printed, one JSON object a line, and no table is drawn.
    pub(crate) lines: bool,
    /// What was said on stderr.
    said: Vec<String>,
}

impl<'a> Watching<'a> {
    /// Begins. The terminal is left as it is: a watch may end at any moment, in any way.
    ///
    /// # Errors
    /// When another format was asked for, or options that choose what a table shows.
    pub(crate) fn begin(ctx: &'a Context) -> Result<Self, Error> {
        Ok(Self {
            ctx,
            lines: in_lines(ctx)?,
            said: Vec::new(),
        })
    }

    /// Says a problem on stderr, once; where a table is drawn, that names it.
    pub(crate) fn problem(&mut self, problem: &Problem) {
        if self.is_new(problem.to_string()) {
            self.ctx.ui.problem(problem);
        }
    }

    /// Says a warning on stderr, once; where a table is drawn, that has it.
    pub(crate) fn warning(&mut self, text: &str) {
        if self.is_new(text.to_owned()) {
            self.ctx.ui.warning(text);
        }
    }

    fn is_new(&mut self, text: String) -> bool {
        let is_new = self.lines && !self.said.contains(&text);
        if is_new {
            self.said.push(text);
        }
        is_new
    }
}

fn in_lines(ctx: &Context) -> Result<bool, Error> {
    let lines = match ctx.output.format {
        Format::Table => !ctx.ui.look().terminal || ctx.env.get("TERM") == Some("dumb"),
        Format::Ndjson => true,
        _ => {
            return Err(
                Error::usage("--watch draws a table, or prints one JSON object per event")
                    .hint("leave --output out, or use --output ndjson"),
            );
        }
    };
    if lines {
        ctx.output
            .is_plain("--watch prints changes here, one after another")?;
    }
    Ok(lines)
}
