//! A ledger that fails.

use super::*;
use crate::checkpoint::{Body, Heard, Reason, Target};
use crate::command::checkpoint::sample;
use crate::env::Env;
use crate::molecule::Settings;
use crate::turn::Verdict;
use crate::ui::ColorChoice;

#[tokio::test]
async fn what_cannot_be_recorded_is_not_sent() {
    // Nobody listens there: a request would end as unclear, and not as not sent.
    let url = "http://127.0.0.1:1";
    let turn = sample::turn("ws-c", Verdict::Over);
    let target = Target {
        platform: url.to_owned(),
        workspace_id: "ws-c".to_owned(),
        turn_id: turn.turn_id.clone(),
        turn_key: "turn-ws-c".to_owned(),
        begun_ms: clock::now_ms(),
    };
    let body = Body {
        workspace_id: "ws-c".to_owned(),
        turn_id: turn.turn_id.clone(),
        reason: Reason::Operator,
        note: None,
        ceiling_seconds: None,
        turn_age_seconds: None,
        drain_seconds: 20,
        request_id: String::new(),
    };
    let to = Ok(format!("{url}/ws-c/control/checkpoint"));
    let cases = vec![Case::new(turn, target, to, body, Vec::new())];
    let platform = Platform::new(Settings::at(url, None)).unwrap();
    let ui = Ui::new(&Env::default(), ColorChoice::Never, true);
    let tools = Tools {
        ui: &ui,
        platform: &platform,
        adapters: &Adapters::default(),
        policy: &Policy::default(),
        concurrency: 4,
        via_platform: true,
        source: url,
        who: "ops@host",
        // More than fits on the pages that there are.
        reason: &"x".repeat(100_000),
        claimant: &Claimant {
            owner: "ops@host/1".to_owned(),
            lease_ms: 60_000,
            per_hour: None,
        },
        in_loop: false,
        metrics: None,
        clock_offset_ms: None,
    };
    let mut signals = Signals::listen().unwrap();
    // Half open: the one request that it lets through is the one that cannot be recorded.
    let mut breaker = Breaker::new(1, 0);
    breaker.hears(Heard::Nothing, 0);
    let ledger = Ledger::full().unwrap();
    let swept = sweep(&tools, cases, ledger, &mut breaker, &mut signals).await;
    let error = swept.unrecorded.unwrap();
    assert!(error.message.contains("the disk is full"), "{error}");
    assert!(swept.ledger.is_none());
    let end = swept.cases[0].end.as_ref().unwrap();
    assert_eq!(end.outcome, Outcome::NotSent);
    assert_eq!(swept.owed, []);
    assert_eq!(platform.requests(), 0);
    assert_eq!(breaker.room(clock::now_ms()), 1, "nothing was tried");
}
