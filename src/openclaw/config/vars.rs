//! `${NAME}` in the texts of the configuration, and where the variables come from.

use std::collections::BTreeMap;
use std::path::Path;

use super::node::{Kind, Node};
use crate::env::Env;

/// Variables in the order in which the gateway asks for them; the first that has one wins.
pub(super) struct Vars<'a> {
    env: &'a Env,
    /// `.env` of the working directory, `.env` of the default state directory, `env` of the
    /// configuration itself.
    rest: Vec<BTreeMap<String, String>>,
}

impl<'a> Vars<'a> {
    /// Collects the sources. Files that cannot be read count as absent, as for the gateway.
    pub(super) fn new(env: &'a Env, cwd: &Path, home: Option<&Path>, config: &Node) -> Self {
        let file = |path: &Path| {
            crate::files::read(path, 1 << 20)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(|text| parse_dotenv(&text))
                .unwrap_or_default()
        };
        let mut rest = vec![file(&cwd.join(".env"))];
        if let Some(home) = home {
            rest.push(file(&home.join(".openclaw/.env")));
        }
        rest.push(of_config(config));
        Self { env, rest }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.env.get(name).or_else(|| {
            self.rest
                .iter()
                .filter_map(|m| m.get(name))
                .map(String::as_str)
                .find(|v| !v.is_empty())
        })
    }
}

/// `env.vars` and the texts directly under `env`.
fn of_config(config: &Node) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    let Some(env) = config.get("env") else {
        return vars;
    };
    let direct = env
        .entries()
        .iter()
        .filter(|(k, _)| k != "vars" && k != "shellEnv");
    for (key, value) in env
        .get("vars")
        .map_or(&[][..], Node::entries)
        .iter()
        .chain(direct)
    {
        if let Some(text) = value.text()
            && !text.trim().is_empty()
            && !text.contains("${")
        {
            vars.insert(key.clone(), text.to_owned());
        }
    }
    vars
}

/// Substitutes in every text; returns the names of variables that are not set, with a key path each.
pub(super) fn substitute(node: &mut Node, vars: &Vars<'_>) -> Vec<(String, String)> {
    let mut missing = Vec::new();
    let mut path = Vec::new();
    visit(node, vars, &mut path, &mut missing);
    missing
}

fn visit(
    node: &mut Node,
    vars: &Vars<'_>,
    path: &mut Vec<String>,
    missing: &mut Vec<(String, String)>,
) {
    match &mut node.kind {
        Kind::Text(text) if text.contains('$') => {
            let mut lost = Vec::new();
            *text = expand(text, |name| vars.get(name).map(str::to_owned), &mut lost);
            missing.extend(lost.into_iter().map(|name| (name, path.join("."))));
        }
        Kind::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                path.push(i.to_string());
                visit(item, vars, path, missing);
                path.pop();
            }
        }
        Kind::Object(entries) => {
            for (key, value) in entries {
                path.push(key.clone());
                visit(value, vars, path, missing);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Replaces `${NAME}`, turns `$${NAME}` into `${NAME}`, leaves everything else as it is.
fn expand(text: &str, get: impl Fn(&str) -> Option<String>, missing: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(name) = rest.strip_prefix("$${").and_then(name_of) {
            out.push_str(&rest[1..name.len() + 4]);
            rest = &rest[name.len() + 4..];
        } else if let Some(name) = rest.strip_prefix("${").and_then(name_of) {
            let end = name.len() + 3;
            match get(name) {
                Some(value) => out.push_str(&value),
                None => {
                    missing.push(name.to_owned());
                    out.push_str(&rest[..end]);
                }
            }
            rest = &rest[end..];
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Returns the name before the closing brace: `[A-Z_][A-Z0-9_]*`.
fn name_of(text: &str) -> Option<&str> {
    let name = &text[..text.find('}')?];
    let first = name.bytes().next()?;
    let good = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (name.bytes().all(good) && !first.is_ascii_digit()).then_some(name)
}

/// Reads `NAME=value` lines: `export`, quotes, comments, `\n` inside double quotes.
pub(super) fn parse_dotenv(text: &str) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let value = value.trim();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => match value[1..].find(quote) {
                Some(end) if quote == '"' => value[1..=end].replace("\\n", "\n"),
                Some(end) => value[1..=end].to_owned(),
                None => value.to_owned(),
            },
            _ => value
                .split_once('#')
                .map_or(value, |(v, _)| v)
                .trim()
                .to_owned(),
        };
        vars.insert(name.to_owned(), value);
    }
    vars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_escapes_kept() {
        let get = |name: &str| (name == "A").then(|| "x${B}".to_owned());
        for (text, expected, lost) in [
            ("${A}-${A}", "x${B}-x${B}", vec![]),
            ("$${A}", "${A}", vec![]),
            ("$$${A}", "$${A}", vec![]),
            ("${B} $A ${a} ${1A} ${", "${B} $A ${a} ${1A} ${", vec!["B"]),
            ("ä${A}ö", "äx${B}ö", vec![]),
        ] {
            let mut missing = Vec::new();
            assert_eq!(expand(text, get, &mut missing), expected);
            assert_eq!(missing, lost, "{text}");
        }
    }

    #[test]
    fn dotenv_lines() {
        let vars = parse_dotenv(
            "\u{feff}A=1\nexport B = \"two # 2\" # c\n#C=3\nD='x y'\nE=plain # comment\nnonsense\nF=\"a\\nb\"\nG=\"open\n",
        );
        let got: Vec<_> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            got,
            [
                ("A", "1"),
                ("B", "two # 2"),
                ("D", "x y"),
                ("E", "plain"),
                ("F", "a\nb"),
                ("G", "\"open")
            ]
        );
    }
}
