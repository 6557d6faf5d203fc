//! Secrets in texts of others.

use std::borrow::Cow;

/// What stands in the place of a secret.
const TOKEN: &str = "[token]";

/// Returns a text from outside without what follows `Bearer`: servers repeat headers in what they answer, and
/// the secret need not be ours.
pub(crate) fn without_bearers(text: &str) -> Cow<'_, str> {
    const MARK: &str = "bearer";
    // The same length, byte for byte.
    let lower = text.to_ascii_lowercase();
    let mut clean = String::new();
    let mut from = 0;
    while let Some(found) = lower[from..].find(MARK) {
        let after = from + found + MARK.len();
        let rest = &text[after..];
        let token = rest.trim_start();
        let blank = rest.len() - token.len();
        clean.push_str(&text[from..after + blank]);
        from = after + blank;
        // A word that goes on is another word; what was taken out before stays as it is.
        if blank > 0 && !token.starts_with(TOKEN) {
            // No secret has a backslash: in JSON it belongs to what comes after.
            let end = token.find(|c: char| c.is_whitespace() || "\\\"',;<>)}]".contains(c));
            let length = end.unwrap_or(token.len());
            if length > 0 {
                clean.push_str(TOKEN);
            }
            from += length;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(&text[from..]);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_word_is_taken_out() {
        for (text, clean) in [
            ("", ""),
            ("nothing of the kind", "nothing of the kind"),
            (
                "Authorization: Bearer abc.def, no",
                "Authorization: Bearer [token], no",
            ),
            (
                "bearer  abc\tBEARER\tdef",
                "bearer  [token]\tBEARER\t[token]",
            ),
            (
                r#"{"error":"no Bearer x"}"#,
                r#"{"error":"no Bearer [token]"}"#,
            ),
            (
                r#"{"task":"say \"Bearer abc\" now"}"#,
                r#"{"task":"say \"Bearer [token]\" now"}"#,
            ),
            (
                "Bearer [token], Bearer [token]",
                "Bearer [token], Bearer [token]",
            ),
            ("the bearer", "the bearer"),
            ("Bearer ", "Bearer "),
            ("forbearers: é Bearer é1", "forbearers: é Bearer [token]"),
        ] {
            assert_eq!(without_bearers(text), clean, "{text:?}");
        }
    }
}
