//! The values of labels: the words that the JSON of `turns` and `checkpoint` has for the same things.

use crate::checkpoint::Answer;
use crate::turn::Verdict;

/// Every verdict, in the order of concern.
pub(super) const VERDICTS: [Verdict; 9] = [
    Verdict::Over,
    Verdict::Unknown,
    Verdict::Skewed,
    Verdict::Leaked,
    Verdict::Under,
    Verdict::Running,
    Verdict::Off,
    Verdict::NotNative,
    Verdict::Idle,
];

/// Every kind of answer.
pub(super) const ANSWERS: [&str; 12] = [
    "checkpointed",
    "idle",
    "interrupting",
    "not_steerable",
    "turn_mismatch",
    "unauthorised",
    "unsupported",
    "tenant_guard",
    "no_such_workspace",
    "throttled",
    "rejected",
    "unclear",
];

/// The word for a verdict.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Over => "over",
        Verdict::Unknown => "unknown",
        Verdict::Skewed => "skewed",
        Verdict::Leaked => "leaked",
        Verdict::Under => "under",
        Verdict::Running => "running",
        Verdict::Off => "off",
        Verdict::NotNative => "not-native",
        Verdict::Idle => "idle",
    }
}

/// The word for a kind of answer.
pub(super) fn answer(answer: &Answer) -> &'static str {
    match answer {
        Answer::Checkpointed { .. } => "checkpointed",
        Answer::Idle => "idle",
        Answer::Interrupting { .. } => "interrupting",
        Answer::NotSteerable => "not_steerable",
        Answer::TurnMismatch { .. } => "turn_mismatch",
        Answer::Unauthorised => "unauthorised",
        Answer::Unsupported => "unsupported",
        Answer::TenantGuard => "tenant_guard",
        Answer::NoSuchWorkspace => "no_such_workspace",
        Answer::Throttled { .. } => "throttled",
        Answer::Rejected => "rejected",
        Answer::Unclear => "unclear",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::JsonSchema;
    use serde_json::Value;

    use super::*;
    use crate::checkpoint::Outcome;

    /// The words of a type's schema: what the JSON of the commands may hold.
    fn published<T: JsonSchema>() -> BTreeSet<String> {
        fn walk(value: &Value, words: &mut BTreeSet<String>) {
            match value {
                Value::Object(map) => {
                    for (key, value) in map {
                        match (key.as_str(), value) {
                            ("const", Value::String(word)) => {
                                words.insert(word.clone());
                            }
                            ("enum", Value::Array(many)) => {
                                words.extend(
                                    many.iter().filter_map(Value::as_str).map(str::to_owned),
                                );
                            }
                            _ => walk(value, words),
                        }
                    }
                }
                Value::Array(many) => many.iter().for_each(|value| walk(value, words)),
                _ => {}
            }
        }
        let mut words = BTreeSet::new();
        walk(schemars::schema_for!(T).as_value(), &mut words);
        words
    }

    fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        words.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn labels_are_the_words_of_the_published_schemas_and_none_is_missing() {
        assert_eq!(words(VERDICTS.map(verdict)), published::<Verdict>());
        assert_eq!(
            words(Outcome::ALL.map(Outcome::word)),
            published::<Outcome>()
        );
        assert_eq!(words(ANSWERS), published::<Answer>());
    }
}
