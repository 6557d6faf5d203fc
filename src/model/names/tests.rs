//! Names, by release.

use proptest::prelude::*;

use super::tables::{
    APRIL_5, APRIL_22, APRIL_29, APRIL_29_INDEXED, AUGUST_1, FEBRUARY_24, FEBRUARY_26, JULY_1,
    JUNE_11, MARCH_24, MARCH_28, MAY_28, SEPTEMBER_6,
};
use super::*;

#[test]
fn profiles_are_cut_off_and_dates_are_not() {
    let march = |t| MARCH_28.without_profile(t);
    assert_eq!(march(" mock/b@work "), "mock/b");
    assert_eq!(march("mock/b@x@y"), "mock/b");
    assert_eq!(march("mock/b@"), "mock/b@");
    assert_eq!(march("mock/b@20250101"), "mock/b@20250101");
    assert_eq!(march("mock/b@20250101@work"), "mock/b@20250101");
    assert_eq!(march("mock/b@202501011"), "mock/b");
    assert_eq!(march("mock@x/b"), "mock@x/b");
    assert_eq!(march("@work"), "@work");
    assert_eq!(march("mock/b@q4_k_m"), "mock/b");
    assert_eq!(APRIL_22.without_profile("mock/b@q4_k_m"), "mock/b@q4_k_m");
    assert_eq!(APRIL_22.without_profile("mock/b@iq4_xs"), "mock/b");
    let late = |t| APRIL_29.without_profile(t);
    assert_eq!(late("mock/b@q4_k_m"), "mock/b@q4_k_m");
    assert_eq!(late("mock/b@4bit@work"), "mock/b@4bit");
    assert_eq!(late("mock/b@iq4_xs"), "mock/b@iq4_xs");
    assert_eq!(late("mock/b@quick"), "mock/b");
    assert_eq!(FEBRUARY_24.without_profile("mock/b@x"), "mock/b@x");
    assert_eq!(FEBRUARY_26.without_profile("mock/b@x@y"), "mock/b@x");
    assert_eq!(FEBRUARY_26.without_profile("mock/b@20250101"), "mock/b");
}

#[test]
fn references_split_at_the_first_slash() {
    let parse = |t| MARCH_28.parse(t, "d").map(|r| (r.provider, r.model));
    let pair = |p: &str, m: &str| Some((p.to_owned(), m.to_owned()));
    assert_eq!(parse(" MOCK / B "), pair("mock", "B"));
    assert_eq!(parse("mock//b"), pair("mock", "/b"));
    assert_eq!(
        parse("openrouter/anthropic/x"),
        pair("openrouter", "anthropic/x")
    );
    assert_eq!(parse("x"), pair("d", "x"));
    assert_eq!(
        parse("openrouter/auto"),
        pair("openrouter", "openrouter/auto")
    );
    assert_eq!(parse("Z.AI/glm"), pair("zai", "glm"));
    assert_eq!(parse("mock/"), None);
    assert_eq!(parse("/b"), None);
    assert_eq!(parse("  "), None);
}

#[test]
fn each_release_has_its_own_tables() {
    let parse = |names: &Names, t| {
        let r = names.parse(t, "d").expect("parses");
        format!("{}|{}", r.provider, r.model)
    };
    for (names, text, expected) in [
        (
            &FEBRUARY_24,
            "openai/GPT-5.3-codex-x",
            "openai-codex|GPT-5.3-codex-x",
        ),
        (&FEBRUARY_24, "qwen/x", "qwen-portal|x"),
        (
            &FEBRUARY_24,
            "google-vertex/gemini-3-pro",
            "google-vertex|gemini-3-pro",
        ),
        (&MARCH_24, "qwen/x", "qwen-portal|x"),
        (&MARCH_28, "qwen/x", "qwen|x"),
        (&MARCH_28, "anthropic/OPUS-4.6", "anthropic|claude-opus-4-6"),
        (&APRIL_29, "anthropic/opus-4.6", "anthropic|opus-4.6"),
        (&MAY_28, "mock/mock/x", "mock|mock/x"),
        (&MAY_28, "z.ai/x", "z.ai|x"),
        (&JULY_1, "mock/mock/x", "mock|x"),
        (&JULY_1, "anthropic/sonnet", "anthropic|claude-sonnet-5"),
        (
            &JULY_1,
            "google/google/gemini-3-pro",
            "google|gemini-3.1-pro-preview",
        ),
        (
            &AUGUST_1,
            "vercel-ai-gateway/sonnet",
            "vercel-ai-gateway|anthropic/claude-sonnet-4-6",
        ),
        (
            &SEPTEMBER_6,
            "anthropic/fable",
            "anthropic|claude-fable-5-1",
        ),
    ] {
        assert_eq!(parse(names, text), expected, "{text}");
    }
}

#[test]
fn listed_ids_keep_their_providers_name() {
    assert_eq!(SEPTEMBER_6.listed_model("mock", "mock/x"), "mock/x");
    assert_eq!(
        SEPTEMBER_6.listed_model("mock", "google/gemini-3-pro"),
        "google/gemini-3.1-pro-preview"
    );
    assert_eq!(
        SEPTEMBER_6.listed_model("mock", "A/google/gemini-3-pro"),
        "a/google/gemini-3.1-pro-preview"
    );
}

#[test]
fn keys_hold_the_provider_once_from_march_on() {
    let twice = ModelRef::new("openai", "openai/x");
    assert_eq!(FEBRUARY_24.key(&twice), "openai/openai/x");
    assert_eq!(MARCH_24.key(&twice), "openai/x");
}

const ALL: [Names; 14] = [
    FEBRUARY_24,
    FEBRUARY_26,
    MARCH_24,
    MARCH_28,
    APRIL_5,
    APRIL_22,
    APRIL_29,
    APRIL_29_INDEXED,
    MAY_28,
    JUNE_11,
    JULY_1,
    AUGUST_1,
    SEPTEMBER_6,
    // A release with everything, so that no combination is left out.
    Names {
        moved: FEBRUARY_24.moved,
        ..SEPTEMBER_6
    },
];

/// Texts that look like references, and any others.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ a-zA-Z0-9@/._:*-]{0,24}",
        "(google|anthropic|openrouter|xai|mock|z.ai)(/(google|mock|gemini-3-pro|opus|sonnet-4.6|x)){0,3}(@[a-z0-9_@]{0,10})?",
        "[a-z]{1,3}/[a-z]{1,3}(@20[0-9]{6}|@i?q[0-9](_[a-z0-9]){0,2}|@[48]bit|@w){0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_or_not(text in texts(), provider in texts()) {
        for names in &ALL {
            let parsed = names.parse(&text, &provider);
            prop_assert_eq!(parsed.is_none(), {
                let trimmed = trim(&text);
                trimmed.is_empty() || (trimmed.contains('/') && halves(trimmed).is_none())
            });
            if let Some(model) = parsed {
                let again = names.provider(&model.provider);
                prop_assert_eq!(&again, &model.provider, "a folded provider stays");
                let once = names.static_model(&model.provider, &model.model);
                let twice = names.static_model(&model.provider, &once);
                // An id that begins with its provider's name loses it once each time.
                if !once.starts_with("anthropic/") && !once.starts_with("huggingface/") {
                    prop_assert_eq!(once, twice);
                }
                names.key(&model);
            }
        }
    }

    #[test]
    fn an_auth_profile_is_cut_off_the_end(text in texts()) {
        for names in &ALL {
            let model = names.without_profile(&text);
            prop_assert!(trim(&text).starts_with(model));
            prop_assert_eq!(trim(model), model);
            let rest = &trim(&text)[model.len()..];
            prop_assert!(rest.is_empty() || trim(rest).starts_with('@'));
        }
    }

    #[test]
    fn listed_ids_are_written_once(provider in "[a-z]{1,6}|google|together", id in texts()) {
        for names in &ALL {
            let once = names.listed_model(&provider, &id);
            let twice = names.listed_model(&provider, &once);
            prop_assert_eq!(once, twice);
        }
    }
}
