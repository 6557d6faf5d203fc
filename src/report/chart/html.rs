//! A picture as a page: the drawing, and its numbers as tables.

use super::markup::Markup;
use super::svg::svg;
use super::{Numbers, Picture};

const STYLE: &str = include_str!("page.css");

/// Nothing may be fetched or run, whatever a name smuggles in.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Makes the page. Equal pictures give equal bytes. The notes stand in the drawing.
pub fn page(picture: &Picture) -> String {
    let mut page = Markup::new();
    page.doctype();
    page.open("html", &[("lang", &"en")]);
    page.open("head", &[]);
    page.leaf("meta", &[("charset", &"utf-8")]);
    page.leaf(
        "meta",
        &[
            ("http-equiv", &"Content-Security-Policy"),
            ("content", &POLICY),
        ],
    );
    page.leaf(
        "meta",
        &[
            ("name", &"viewport"),
            ("content", &"width=device-width, initial-scale=1"),
        ],
    );
    page.text("title", &[], &picture.title);
    page.style(STYLE);
    page.close("head");
    page.open("body", &[]);
    page.open("main", &[]);
    page.text("h1", &[], &picture.title);
    page.open("figure", &[]);
    page.whole(&svg(picture));
    page.close("figure");
    page.text("h2", &[], "The numbers");
    for table in &picture.tables {
        numbers(table, &mut page);
    }
    page.close("main");
    let made = format!("cronctl {}", env!("CARGO_PKG_VERSION"));
    page.text("footer", &[], &made);
    page.close("body");
    page.close("html");
    page.finish() + "\n"
}

fn numbers(table: &Numbers, page: &mut Markup) {
    page.open("div", &[("class", &"table")]);
    page.open("table", &[]);
    page.text("caption", &[], &table.caption);
    let class = |number: &bool| if *number { "number" } else { "word" };
    page.open("thead", &[]);
    page.open("tr", &[]);
    for (title, number) in &table.columns {
        page.text("th", &[("scope", &"col"), ("class", &class(number))], title);
    }
    page.close("tr");
    page.close("thead");
    page.open("tbody", &[]);
    for row in &table.rows {
        page.open("tr", &[]);
        for ((_, number), cell) in table.columns.iter().zip(row) {
            page.text("td", &[("class", &class(number))], cell);
        }
        page.close("tr");
    }
    page.close("tbody");
    page.close("table");
    page.close("div");
}
