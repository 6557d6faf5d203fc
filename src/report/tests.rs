//! A small report through every format, and the screen on terminals of several kinds.

use std::io;

use serde::Serialize;

use super::*;
use crate::cli::GlobalArgs;
use crate::env::Env;
use crate::error::Exit;
use crate::ui::{Look, Role};

#[derive(Debug, Serialize)]
struct Firing {
    job: &'static str,
    fire_at: &'static str,
    fire_at_ms: i64,
    count: Option<u32>,
    tags: Vec<&'static str>,
    hidden: bool,
}

impl Row for Firing {
    const COLUMNS: &'static [Column] = &[
        Column::new("job", "JOB"),
        Column::new("fire_at", "AT"),
        Column::new("count", "COUNT").right(),
        Column::new("tags", "TAGS").if_any(),
        Column::new("hidden", "HIDDEN").on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "job" => Cell::with(Role::Good, self.job),
            "fire_at" => Cell::from(self.fire_at),
            "count" => Cell::from(self.count.map(|n| n.to_string())),
            "tags" => Cell::from(self.tags.join(" ")),
            _ => Cell::of(self.hidden),
        }
    }
}

#[derive(Debug, Serialize)]
struct Fires {
    rows: Vec<Firing>,
    problems: Vec<Problem>,
}

impl Report for Fires {
    type Row = Firing;
    const SCHEMA: &'static str = "cronctl.fires/1";
    const EMPTY: &'static str = "Nothing fires.";

    fn rows(&mut self) -> &mut Vec<Firing> {
        &mut self.rows
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[Firing], screen: &mut Screen<'_>) -> io::Result<()> {
        screen.heading("Fires")?;
        screen.rows(rows, Self::EMPTY)
    }
}

fn fire(job: &'static str, fire_at: &'static str, fire_at_ms: i64, count: Option<u32>) -> Firing {
    Firing {
        job,
        fire_at,
        fire_at_ms,
        count,
        tags: Vec::new(),
        hidden: false,
    }
}

fn fires() -> Fires {
    Fires {
        rows: vec![
            fire("job-10", "2026-08-01T22:00:00-07:00", 3, Some(9)),
            fire("=job\n9", "2026-08-02T06:00:00+02:00", 1, None),
            fire("job-9", "2026-08-02T05:00:00Z", 2, Some(10)),
        ],
        problems: Vec::new(),
    }
}

fn context(change: impl FnOnce(&mut GlobalArgs)) -> Context {
    let mut args = GlobalArgs {
        now: Some("0".to_owned()),
        ..GlobalArgs::default()
    };
    change(&mut args);
    Context::new(args, &Env::default(), false).unwrap()
}

fn printed(mut report: Fires, change: impl FnOnce(&mut GlobalArgs)) -> Result<String, Error> {
    let mut out = Vec::new();
    write_to(&mut report, &context(change), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn sorted(key: &str) -> Vec<String> {
    let csv = printed(fires(), |args| {
        args.output = Some(Format::Csv);
        args.sort = Some(key.parse().unwrap());
        args.columns = vec!["fire_at".to_owned()];
        args.no_headers = true;
    });
    csv.unwrap().lines().map(|l| l[8..13].to_owned()).collect()
}

#[test]
fn every_format_prints_the_same_rows() {
    let of = |format| printed(fires(), |args| args.output = Some(format)).unwrap();
    assert_eq!(
        of(Format::Table),
        "Fires\n\
         JOB      AT                         COUNT\n\
         job-10   2026-08-01T22:00:00-07:00      9\n\
         =job\\n9  2026-08-02T06:00:00+02:00      -\n\
         job-9    2026-08-02T05:00:00Z          10\n"
    );
    assert_eq!(
        of(Format::Csv),
        "job,fire_at,count,tags,hidden\n\
         job-10,2026-08-01T22:00:00-07:00,9,[],false\n\
         \"'=job\n9\",2026-08-02T06:00:00+02:00,,[],false\n\
         job-9,2026-08-02T05:00:00Z,10,[],false\n"
    );
    let document: serde_json::Value = serde_json::from_str(&of(Format::Json)).unwrap();
    let lines = of(Format::Ndjson);
    let lines = lines.lines().map(|l| serde_json::from_str(l).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    assert_eq!(document["rows"], serde_json::Value::Array(lines));
    assert_eq!(document["generated_at"], "1970-01-01T00:00:00.000Z");
}

#[test]
fn nothing_is_printed_as_nothing_in_each_format_s_way() {
    let none = || Fires {
        rows: Vec::new(),
        problems: Vec::new(),
    };
    let of = |format| printed(none(), |args| args.output = Some(format)).unwrap();
    assert_eq!(of(Format::Table), "Fires\nNothing fires.\n");
    assert_eq!(of(Format::Csv), "job,fire_at,count,tags,hidden\n");
    assert_eq!(of(Format::Ndjson), "");
    assert!(of(Format::Json).contains("\"rows\": []"));
    let chosen = printed(none(), |args| args.columns = vec!["job".to_owned()]);
    assert_eq!(chosen.unwrap(), "JOB\n");
}

#[test]
fn columns_are_found_when_asked_for_or_when_they_say_something() {
    let hidden = printed(fires(), |args| args.columns = vec!["hidden".to_owned()]);
    assert_eq!(hidden.unwrap(), "HIDDEN\nfalse\nfalse\nfalse\n");
    let mut tagged = fires();
    tagged.rows[1].tags.push("night");
    let table = printed(tagged, |_| ()).unwrap();
    assert!(table.contains("COUNT  TAGS\n"), "{table}");
    assert!(table.contains("-  night\n"), "{table}");
    assert_eq!(unknown_columns(&fires().rows[0]), Vec::<&str>::new());
}

#[test]
fn rows_sort_by_what_the_column_means() {
    // 22:00-07:00 is the same instant as 05:00Z and later than 06:00+02:00: the milliseconds decide.
    assert_eq!(sorted("fire_at"), ["02T06", "02T05", "01T22"]);
    assert_eq!(sorted("-fire_at"), ["01T22", "02T05", "02T06"]);
    assert_eq!(sorted("count"), ["01T22", "02T05", "02T06"]);
    assert_eq!(sorted("-count"), ["02T05", "01T22", "02T06"]);
    assert_eq!(sorted("job"), ["02T06", "02T05", "01T22"]);
    let wrong = printed(fires(), |args| args.sort = "fires_at".parse().ok()).unwrap_err();
    assert_eq!(
        (wrong.exit, &*wrong.hints[0]),
        (Exit::Usage, "did you mean fire_at?")
    );
}

#[test]
fn problems_make_the_exit_code_partial() {
    let ctx = context(|_| ());
    assert_eq!(ctx.exit(Exit::Ok), Exit::Ok);
    ctx.problem(&Problem::new("jobs.json: job 3", "it has no schedule"));
    assert_eq!(ctx.exit(Exit::Ok), Exit::Partial);
    assert_eq!(ctx.exit(Exit::Findings), Exit::Findings);
}

#[test]
fn rows_stream_unless_they_are_sorted() {
    let streams = |format, sort: Option<&str>| {
        let ctx = context(|args| {
            args.output = Some(format);
            args.sort = sort.map(|key| key.parse().unwrap());
        });
        ctx.output.streams()
    };
    assert!(streams(Format::Ndjson, None) && streams(Format::Csv, None));
    assert!(!streams(Format::Ndjson, Some("job")));
    assert!(!streams(Format::Table, None) && !streams(Format::Json, None));
}

const PIPE: Look = Look {
    terminal: false,
    width: 80,
    color: false,
    unicode: true,
};

fn drawn(look: Look, draw: impl FnOnce(&mut Screen<'_>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    draw(&mut Screen::new(
        &mut out,
        View { now_ms: 0, look },
        None,
        true,
    ))
    .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_fits_a_terminal_and_is_whole_in_a_pipe() {
    const LONG: [Column; 2] = [Column::new("a", "A"), Column::new("b", "B")];
    let rows = [vec![
        Cell::from("x".repeat(30)),
        Cell::from("several words in a row"),
    ]];
    let terminal = Look {
        terminal: true,
        width: 40,
        ..PIPE
    };
    let fitted = drawn(terminal, |screen| screen.table(&LONG, &rows));
    assert!(fitted.lines().count() > 2, "{fitted}");
    assert!(fitted.lines().all(|l| l.chars().count() <= 40), "{fitted}");
    let whole = drawn(PIPE, |screen| screen.table(&LONG, &rows));
    assert_eq!(whole.lines().count(), 2, "{whole}");
    assert!(whole.contains("several words in a row"), "{whole}");
}

#[test]
fn colour_adds_nothing_but_control_sequences_also_in_a_wrapped_cell() {
    const TWO: [Column; 2] = [Column::new("a", "A"), Column::new("b", "B")];
    let rows = [vec![
        Cell::with(Role::Bad, "over the ceiling since yesterday é 完"),
        Cell::from("plain text that is long as well"),
    ]];
    let plain = Look {
        terminal: true,
        width: 30,
        ..PIPE
    };
    let color = Look {
        color: true,
        ..plain
    };
    let of = |look| drawn(look, |screen| screen.table(&TWO, &rows));
    let styled = of(color);
    let bare = styled.replace("\x1b[31m", "").replace("\x1b[1m", "");
    assert_eq!(bare.replace("\x1b[0m", ""), of(plain));
    // Each line of the cell is coloured for itself and ends before the next column.
    for line in styled.lines().skip(1).filter(|l| l.contains("\x1b[31m")) {
        let (_, after) = line.split_once("\x1b[31m").unwrap();
        assert!(after.contains("\x1b[0m"), "{styled:?}");
    }
    assert!(styled.lines().filter(|l| l.contains("\x1b[31m")).count() > 1);
}

#[test]
fn bars_share_one_scale_with_blocks_or_without() {
    let bar = |label: &str, before, after| Bar {
        label: label.to_owned(),
        before,
        after,
    };
    let bars = [bar("22:00:00", 24, 3), bar("22:00:01", 0, 21)];
    let look = Look { width: 42, ..PIPE };
    assert_eq!(
        drawn(look, |screen| screen.bars(&bars)),
        "22:00:00  before  24  ████████████████████\n\
        \u{20}         after    3  ██▌\n\
         22:00:01  before   0\n\
        \u{20}         after   21  █████████████████▌\n"
    );
    let ascii = Look {
        unicode: false,
        ..look
    };
    let text = drawn(ascii, |screen| screen.bars(&bars));
    assert!(
        text.is_ascii() && text.contains("after    3  ###\n"),
        "{text}"
    );
}

#[test]
fn headings_stand_apart_and_prose_is_wrapped() {
    let look = Look { width: 20, ..PIPE };
    let text = drawn(look, |screen| {
        screen.heading("One")?;
        screen.paragraph("words that do not fit in one line")?;
        screen.heading("Two")?;
        screen.line(&[Cell::from("a\tb"), Cell::with(Role::Bad, "!")])
    });
    assert_eq!(
        text,
        "One\nwords that do not\nfit in one line\n\nTwo\na\\tb!\n"
    );
}
