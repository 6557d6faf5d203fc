//! Markup: elements with escaped attributes and text.

use std::fmt::{self, Display};

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::ui::escape;

/// A length in hundredths of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(pub(super) i64);

impl Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, n) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let text = format!("{sign}{}.{:02}", n / 100, n % 100);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Attributes of an element, in their order.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a dyn Display)];

/// Writes markup that is well-formed both as XML and within HTML.
pub(super) struct Markup {
    writer: Writer<Vec<u8>>,
}

impl Markup {
    pub(super) fn new() -> Self {
        Self {
            writer: Writer::new_with_indent(Vec::new(), b' ', 1),
        }
    }

    pub(super) fn doctype(&mut self) {
        self.event(Event::DocType(BytesText::from_escaped("html")));
    }

    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Start(element(name, attributes)));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element without content. In HTML only those that never have any.
    pub(super) fn leaf(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Empty(element(name, attributes)));
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.open(name, attributes);
        self.event(Event::Text(BytesText::new(&visible(text))));
        self.close(name);
    }

    /// A style sheet of our own, without anything to escape, as XML and HTML read it alike.
    pub(super) fn style(&mut self, css: &str) {
        self.open("style", &[]);
        self.event(Event::Text(BytesText::from_escaped(css)));
        self.close("style");
    }

    /// A finished element.
    pub(super) fn whole(&mut self, markup: &str) {
        self.event(Event::Text(BytesText::from_escaped(markup)));
    }

    pub(super) fn finish(self) -> String {
        String::from_utf8_lossy(&self.writer.into_inner()).into_owned()
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to a vector cannot fail.
        self.writer.write_event(event).ok();
    }
}

fn element<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        let value = value.to_string();
        element.push_attribute((*key, &*visible(&value)));
    }
    element
}

/// Text with what cannot be seen made visible, and without what XML has no place for.
fn visible(text: &str) -> String {
    escape(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped_and_what_hides_is_visible() {
        let mut markup = Markup::new();
        let name = "\"><script>x</script>&\u{202e}\u{1b}\u{ffff}";
        markup.text("text", &[("title", &name)], name);
        assert_eq!(
            markup.finish(),
            "<text title=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;&amp;\\u{202e}\\u{1b}\u{fffd}\">\
             &quot;&gt;&lt;script&gt;x&lt;/script&gt;&amp;\\u{202e}\\u{1b}\u{fffd}</text>"
        );
    }

    #[test]
    fn hundredths_are_written_shortly() {
        for (n, text) in [(0, "0"), (1250, "12.5"), (-5, "-0.05"), (10_000, "100")] {
            assert_eq!(At(n).to_string(), text);
        }
    }
}
