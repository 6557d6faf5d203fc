//! The workspaces that `--workspace` means.

use crate::error::Error;
use crate::report::nearest;

/// How many candidates a message lists.
const LISTED: usize = 5;

/// Returns the ids of workspaces that are named by id, name or unique prefix of the id, in this
/// order; each once, in the order in which they were asked for.
///
/// # Errors
/// When none answers to what was asked, with the nearest name; or when several do, with their ids.
pub(crate) fn pick<'a>(
    asked: &[String],
    known: &(impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone),
) -> Result<Vec<String>, Error> {
    let mut picked: Vec<String> = Vec::new();
    for text in asked {
        let id = one(text, known)?;
        if !picked.iter().any(|have| have == id) {
            picked.push(id.to_owned());
        }
    }
    Ok(picked)
}

fn one<'a>(
    text: &str,
    known: &(impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone),
) -> Result<&'a str, Error> {
    let ids = |wanted: &dyn Fn(&str, Option<&str>) -> bool| -> Vec<&'a str> {
        let wanted = known.clone().filter(|(id, name)| wanted(id, *name));
        wanted.map(|(id, _)| id).collect()
    };
    if let [id, ..] = ids(&|id, _| id == text)[..] {
        return Ok(id);
    }
    match ids(&|_, name| name == Some(text))[..] {
        [] => {}
        [id] => return Ok(id),
        ref several => {
            let n = several.len();
            return Err(Error::usage(format!("{n} workspaces are named {text:?}"))
                .hint(format!("name one by its id: {}", listed(several))));
        }
    }
    match ids(&|id, _| !text.is_empty() && id.starts_with(text))[..] {
        [id] => Ok(id),
        [] => {
            let error = Error::usage(format!("no workspace has the id, prefix or name {text:?}"));
            let names = known
                .clone()
                .flat_map(|(id, name)| std::iter::once(id).chain(name));
            Err(match nearest(text, names) {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error.hint("cronctl turns --all lists them"),
            })
        }
        ref several => {
            let n = several.len();
            Err(Error::usage(format!(
                "{n} workspaces have an id that begins with {text:?}"
            ))
            .hint(format!("they are {}", listed(several))))
        }
    }
}

fn listed(ids: &[&str]) -> String {
    let shown: Vec<&str> = ids.iter().take(LISTED).copied().collect();
    match ids.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(&str, Option<&str>); 5] = [
        ("3fe84b89", Some("SEO Agent")),
        ("3fa00000", Some("Writer")),
        ("b1", Some("Writer")),
        ("b2", None),
        ("Writer-2", Some("b1")),
    ];

    fn picked(asked: &[&str]) -> Result<Vec<String>, Error> {
        let asked: Vec<String> = asked.iter().map(|&a| a.to_owned()).collect();
        pick(&asked, &KNOWN.into_iter())
    }

    #[test]
    fn an_id_then_a_name_then_a_prefix() {
        let ids = |asked: &[&str]| picked(asked).unwrap();
        assert_eq!(ids(&["SEO Agent", "3fe8", "b2"]), ["3fe84b89", "b2"]);
        // The id wins over a workspace that bears it as its name.
        assert_eq!(ids(&["b1"]), ["b1"]);
    }

    #[test]
    fn a_name_of_several_is_refused_with_their_ids() {
        let error = picked(&["Writer"]).unwrap_err();
        assert_eq!(error.message, "2 workspaces are named \"Writer\"");
        assert_eq!(error.hints, ["name one by its id: 3fa00000, b1"]);
        let many: Vec<String> = (0..10_000).map(|n| format!("ws-{n}")).collect();
        let many = many.iter().map(|id| (id.as_str(), Some("same")));
        let error = pick(&["same".to_owned()], &many).unwrap_err();
        assert_eq!(
            error.hints,
            ["name one by its id: ws-0, ws-1, ws-2, ws-3, ws-4 and 9995 more"]
        );
    }

    #[test]
    fn what_nobody_answers_to_is_refused_with_the_nearest() {
        let error = picked(&["Seo agent"]).unwrap_err();
        assert_eq!(error.exit, crate::error::Exit::Usage);
        assert_eq!(error.hints, ["did you mean \"SEO Agent\"?"]);
        let error = picked(&["3f"]).unwrap_err();
        assert_eq!(
            error.message,
            "2 workspaces have an id that begins with \"3f\""
        );
        assert_eq!(error.hints, ["they are 3fe84b89, 3fa00000"]);
        assert!(picked(&[""]).is_err());
    }
}
