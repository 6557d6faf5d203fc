use std::sync::Arc;

use serde::de::IgnoredAny;

use super::*;

type Read<T> = Result<T, String>;

fn workspaces<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Read<Parsed<Vec<Workspace>>> {
    let mut reading = Reading::workspaces(None);
    for chunk in chunks {
        reading.take(chunk)?;
    }
    reading.finish()
}

fn turns<'c>(
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Read<(Parsed<Vec<ListedTurn>>, Envelope)> {
    let mut reading = Reading::turns(None);
    for chunk in chunks {
        reading.take(chunk)?;
    }
    reading.finish()
}

const ROWS: &str = r#"[
  {"id":"a","name":"A","runtime":"r","status":"s","url":"u","active_tasks":1,"current_task":"x"},
  {"id":"b","unknown":{"deep":[1,{"id":"\"]}"}]}}, 12, "]", ["a"], {}, null, -1.5e3,
  {"id":"ü","current_task":"\ud800","active_tasks":2}, {"id":"a"}
]
"#;

const TURNS: &str = r#"{ "count" : 3, "odd": {"turns":[{"workspace_id":"no"}]}, "turns":[
  {"workspace_id":"w","turn_id":"t","active_tasks":1}, 7 ], "limit":9, "status":"in_flight"} "#;

#[test]
fn however_it_arrives_it_reads_the_same() {
    let whole = workspaces([ROWS.as_bytes()]).unwrap();
    let ids: Vec<_> = whole.value.iter().map(|row| &*row.id).collect();
    assert_eq!(ids, ["a", "b", "ü"]);
    assert_eq!(whole.unusable.len(), 7);
    assert_eq!(whole.rows, 10);
    let whole_turns = turns([TURNS.as_bytes()]).unwrap();
    assert_eq!(whole_turns.0.value.len(), 1);
    assert_eq!(
        whole_turns.0.unusable,
        [
            "row 2: it is 7, and no object",
            "the list ends after 2 of 3 turns: the rest was not seen"
        ]
    );
    let envelope = Envelope {
        count: Some(3),
        limit: Some(9),
    };
    assert_eq!(whole_turns.1, envelope);
    for size in 1..ROWS.len() {
        let read = workspaces(ROWS.as_bytes().chunks(size));
        assert_eq!(read.as_ref(), Ok(&whole), "{size}");
        let read = turns(TURNS.as_bytes().chunks(size));
        assert_eq!(read.as_ref(), Ok(&whole_turns), "{size}");
    }
}

fn place_of(error: &serde_json::Error) -> String {
    format!(" at line {} column {}", error.line(), error.column())
}

#[test]
fn what_is_no_json_is_said_with_its_place() {
    for text in [
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[1 2]",
        "[{\"id\":\"a\"}\n,\n  {\"id\" 7}]",
        "[{\"id\":\"a\"},\n tru]",
        "[\"\n\"]",
        "[1]x",
        "[1]\n\n ]",
        "[{]",
        "[}",
    ] {
        let library = serde_json::from_str::<Vec<IgnoredAny>>(text).unwrap_err();
        for size in 1..=text.len() {
            let said = workspaces(text.as_bytes().chunks(size)).unwrap_err();
            assert!(
                said.starts_with("it is no JSON: "),
                "{text:?} by {size}: {said}"
            );
            assert!(
                said.ends_with(&place_of(&library)),
                "{text:?} by {size}: {said}"
            );
        }
    }
    for text in [
        "{",
        "{\"turns\"",
        "{\"turns\":",
        "{\"turns\":[",
        "{\"turns\":[1",
        "{\"turns\":[],",
        "{\"turns\":[],}",
        "{\"turns\":[]",
        "{\"turns\":[]]",
        "{\"turns\" []}",
        "{turns:[]}",
        "{\"turns\":[]}\n{",
    ] {
        assert!(serde_json::from_str::<IgnoredAny>(text).is_err(), "{text}");
        let whole = turns([text.as_bytes()]).unwrap_err();
        assert!(whole.starts_with("it is no JSON: "), "{text}: {whole}");
        for size in 1..=text.len() {
            let read = turns(text.as_bytes().chunks(size));
            assert_eq!(read, Err(whole.clone()), "{text:?} by {size}");
        }
    }
}

#[test]
fn turns_are_a_list_once() {
    let empty = |text: &str| turns([text.as_bytes()]).map(|(parsed, _)| parsed);
    // Go writes an empty list as null.
    assert_eq!(empty(r#"{"turns":null}"#), Ok(Parsed::default()));
    for text in [
        "{}",
        r#"{"count":1}"#,
        r#"{"turns":7}"#,
        r#"{"turns":{}}"#,
        r#"{"turns":[],"turns":[]}"#,
        r#"{"turns":null,"turns":[]}"#,
    ] {
        assert!(empty(text).is_err(), "{text}");
    }
    let escaped = r#"{"\u0074urns":[{"workspace_id":"w"}]}"#;
    assert_eq!(empty(escaped).unwrap().value.len(), 1);
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let text = b"[{\"id\":\"a\xff\",\"name\":\"\xfe\"},{\"id\":\"b\",\"other\":\"\xff\"}]";
    let read = workspaces([&text[..]]).unwrap();
    assert_eq!(read.value[0].id, "a\u{fffd}");
    assert_eq!(read.value[0].name.as_deref(), Some("\u{fffd}"));
    assert_eq!(read.value[1].id, "b");
}

#[test]
fn of_many_odd_rows_the_first_are_named() {
    let rows = vec!["{}"; 5_000].join(",");
    let read = workspaces([format!("[{rows},{{\"id\":\"a\"}}]").as_bytes()]).unwrap();
    assert_eq!(read.value.len(), 1);
    assert_eq!(read.unusable[99], "row 100: it has no id");
    assert_eq!((read.unusable.len(), read.unnamed), (100, 4_900));
    let again = vec!["{\"id\":\"a\"}"; 1_000].join(",");
    let read = workspaces([format!("[{again}]").as_bytes()]).unwrap();
    assert_eq!(read.value.len(), 1);
    assert_eq!((read.unusable.len(), read.unnamed), (100, 899));
}

#[test]
fn only_what_is_wanted_is_kept_and_nothing_else_held() {
    let wanted: Wanted = Arc::new(["7".to_owned(), "x".to_owned()].into_iter().collect());
    let mut reading = Reading::workspaces(Some(wanted));
    reading.take(b"[").unwrap();
    for n in 0..10_000 {
        let comma = if n > 0 { "," } else { "" };
        let row = format!("{comma}\n {{\"id\":\"{n}\",\"name\":\"N\"}}");
        reading.take(row.as_bytes()).unwrap();
        assert!(reading.buffer.len() < 200);
    }
    reading.take(b"]").unwrap();
    let read = reading.finish().unwrap();
    assert_eq!((read.value.len(), read.rows), (1, 10_000));
    assert_eq!(read.value[0].id, "7");
}

#[test]
fn one_long_row_in_many_pieces() {
    let long = "x".repeat(300_000);
    let text = format!("[{{\"id\":\"a\",\"name\":\"{long}\"}}]");
    let read = workspaces(text.as_bytes().chunks(100)).unwrap();
    assert_eq!(read.value[0].name.as_deref(), Some(&*long));
}

/// A character that means something at every place, in pieces that end at every place.
#[test]
fn broken_where_the_library_says_so() {
    let cuts = |text: &'static str| (0..text.len()).filter(|cut| text.is_char_boundary(*cut));
    let with = |text: &str, cut: usize, insert: char| {
        let mut text = text.to_owned();
        text.insert(cut, insert);
        text
    };
    for insert in "[]{}\",:-1e.\\tx \n\u{0}".chars() {
        for cut in cuts(ROWS) {
            let text = with(ROWS, cut, insert);
            let library = serde_json::from_str::<Vec<IgnoredAny>>(&text);
            // The library reads on in what begins like another value; here it is no list at once.
            let another = cut == 0 && "\"-fnt{".contains(insert);
            for size in [1, 2, 3, 8, text.len()] {
                let read = workspaces(text.as_bytes().chunks(size));
                match &library {
                    Ok(_) => assert!(read.is_ok(), "{text} by {size}: {read:?}"),
                    Err(e) => {
                        let said = read.unwrap_err();
                        let place = if another {
                            " at line 1 column 1".to_owned()
                        } else {
                            place_of(e)
                        };
                        assert!(
                            said.ends_with(&place),
                            "{text} by {size}: {said} and not {e}"
                        );
                    }
                }
            }
        }
        for cut in cuts(TURNS) {
            let text = with(TURNS, cut, insert);
            let whole = turns([text.as_bytes()]);
            for size in [1, 3] {
                let read = turns(text.as_bytes().chunks(size));
                assert_eq!(read, whole, "{text} by {size}");
            }
        }
    }
}

#[test]
fn a_number_may_arrive_in_two_pieces() {
    let text = r#"[{"id":"a","at":-1},{"id":"b","at":[1.5e-3,-0.25E+2]}]"#;
    for cut in 1..text.len() {
        let (head, tail) = text.as_bytes().split_at(cut);
        let read = workspaces([head, tail]).unwrap();
        assert_eq!((read.value.len(), read.rows), (2, 2), "{cut}");
    }
}
