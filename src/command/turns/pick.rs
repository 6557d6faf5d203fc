//! The workspaces that `--workspace` means.

use crate::error::Error;
use crate::report::nearest;

/// How many candidates a message lists.
const LISTED: usize = 5;

/// What `--workspace` means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Picked {
    /// The ids, each once, in the order in which they were asked for.
    pub(crate) ids: Vec<String>,
    /// Names that more than one workspace has.
    pub(crate) warnings: Vec<String>,
}

/// Finds workspaces by id, name or unique prefix of the id, in this order. All workspaces of a name
/// are meant by it, and that is said.
///
/// # Errors
/// When none answers to what was asked, with the nearest name; or when a prefix is not unique.
pub(crate) fn pick<'a>(
    asked: &[String],
    known: &(impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone),
) -> Result<Picked, Error> {
    let mut picked = Picked::default();
    for text in asked {
        let ids = one(text, known, &mut picked.warnings)?;
        for id in ids {
            if !picked.ids.iter().any(|have| have == id) {
                picked.ids.push(id.to_owned());
            }
        }
    }
    Ok(picked)
}

fn one<'a>(
    text: &str,
    known: &(impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone),
    warnings: &mut Vec<String>,
) -> Result<Vec<&'a str>, Error> {
    let ids = |wanted: &dyn Fn(&str, Option<&str>) -> bool| -> Vec<&'a str> {
        let wanted = known.clone().filter(|(id, name)| wanted(id, *name));
        wanted.map(|(id, _)| id).collect()
    };
    let exact = ids(&|id, _| id == text);
    if !exact.is_empty() {
        return Ok(exact);
    }
    let named = ids(&|_, name| name == Some(text));
    match named.len() {
        0 => {}
        1 => return Ok(named),
        n => {
            warnings.push(format!(
                "{n} workspaces are named {text:?}: {}",
                listed(&named)
            ));
            return Ok(named);
        }
    }
    let begun = ids(&|id, _| !text.is_empty() && id.starts_with(text));
    match begun.len() {
        1 => Ok(begun),
        0 => {
            let error = Error::usage(format!("no workspace has the id, prefix or name {text:?}"));
            let names = known
                .clone()
                .flat_map(|(id, name)| std::iter::once(id).chain(name));
            Err(match nearest(text, names) {
                Some(near) => error.hint(format!("did you mean {near:?}?")),
                None => error.hint("cronctl turns --all lists them"),
            })
        }
        n => Err(Error::usage(format!(
            "{n} workspaces have an id that begins with {text:?}"
        ))
        .hint(format!("they are {}", listed(&begun)))),
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

    fn picked(asked: &[&str]) -> Result<Picked, Error> {
        let asked: Vec<String> = asked.iter().map(|&a| a.to_owned()).collect();
        pick(&asked, &KNOWN.into_iter())
    }

    #[test]
    fn an_id_then_a_name_then_a_prefix() {
        let ids = |asked: &[&str]| picked(asked).unwrap().ids;
        assert_eq!(ids(&["SEO Agent", "3fe8", "b2"]), ["3fe84b89", "b2"]);
        // The id wins over a workspace that bears it as its name.
        assert_eq!(ids(&["b1"]), ["b1"]);
    }

    #[test]
    fn a_name_of_several_means_all_of_them_and_is_said() {
        let picked = picked(&["Writer"]).unwrap();
        assert_eq!(picked.ids, ["3fa00000", "b1"]);
        assert_eq!(
            picked.warnings,
            ["2 workspaces are named \"Writer\": 3fa00000, b1"]
        );
        let many: Vec<String> = (0..10_000).map(|n| format!("ws-{n}")).collect();
        let many = many.iter().map(|id| (id.as_str(), Some("same")));
        let picked = pick(&["same".to_owned()], &many).unwrap();
        assert_eq!(picked.ids.len(), 10_000);
        assert_eq!(
            picked.warnings,
            ["10000 workspaces are named \"same\": ws-0, ws-1, ws-2, ws-3, ws-4 and 9995 more"]
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
