//! The line for people: `2026-07-20T12:00:00.000Z INFO  request{workspace=ops turn=t-1}: asked answer=idle`.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::ui::{Role, escape};
use crate::when;

/// Formats an event.
pub(super) struct Text {
    /// Dates it.
    pub(super) now_ms: fn() -> i64,
    /// Whether the level has a colour.
    pub(super) color: bool,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (role, level) = match *event.metadata().level() {
            Level::ERROR => (Role::Bad, "ERROR"),
            Level::WARN => (Role::Warn, "WARN "),
            Level::INFO => (Role::Strong, "INFO "),
            Level::DEBUG => (Role::Dim, "DEBUG"),
            Level::TRACE => (Role::Dim, "TRACE"),
        };
        let time = when::utc((self.now_ms)());
        write!(out, "{time} {} ", role.paint(level, self.color))?;
        let target = event.metadata().target();
        if !target.starts_with("cronctl") {
            write!(out, "{}: ", escape(target))?;
        }
        let mut within = false;
        for span in ctx
            .event_scope()
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            within = true;
            out.write_str(span.name())?;
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
                write!(out, "{{{fields}}}")?;
            }
            out.write_char(':')?;
        }
        if within {
            out.write_char(' ')?;
        }
        ctx.format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}

/// Formats fields: the message as it is, the others as `name=value`.
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, out: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Visitor {
            out,
            first: true,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'w> {
    out: Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn put(&mut self, field: &Field, value: &str) -> fmt::Result {
        if !std::mem::take(&mut self.first) {
            self.out.write_char(' ')?;
        }
        if field.name() == "message" {
            return self.out.write_str(&escape(value));
        }
        write!(self.out, "{}={}", field.name(), quoted(value))
    }
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.result = self.result.and_then(|()| self.put(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// A value that cannot be taken for two: in quotes unless it is one plain word.
fn quoted(value: &str) -> String {
    let word = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\\' | '=' | '{' | '}');
    let safe = escape(value);
    if !value.is_empty() && safe == value && value.chars().all(word) {
        return value.to_owned();
    }
    let marked = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escape(&marked))
}
