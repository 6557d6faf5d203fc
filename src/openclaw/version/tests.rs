use super::*;

fn v(s: &str) -> Option<Version> {
    s.parse().ok()
}

fn case(e: &Evidence) -> (String, Confidence, usize) {
    let d = decide(e);
    (d.version.to_string(), d.confidence, d.notes.len())
}

fn files() -> Evidence {
    Evidence {
        layout: Some(Layout::Files),
        ..Evidence::default()
    }
}

#[test]
fn the_strongest_evidence_decides() {
    assert_eq!(case(&files()), ("2026.3.28".into(), Confidence::Likely, 0));
    let ledger = Evidence {
        has_task_ledger: true,
        ..files()
    };
    assert_eq!(case(&ledger), ("2026.3.31".into(), Confidence::Likely, 0));
    let touched = |version: &str| Evidence {
        touched: v(version),
        ..ledger.clone()
    };
    assert_eq!(
        case(&touched("2026.3.28")),
        ("2026.3.31".into(), Confidence::Likely, 1)
    );
    assert_eq!(
        case(&touched("2026.4.22")),
        ("2026.4.22".into(), Confidence::Likely, 0)
    );
    let app = Evidence {
        app: v("2026.8.1"),
        touched: v("2026.3.28"),
        layout: Some(Layout::Narrow),
        ..Evidence::default()
    };
    assert_eq!(case(&app), ("2026.8.1".into(), Confidence::Certain, 0));
    let option = Evidence {
        option: v("2026.3.28"),
        ..app
    };
    assert_eq!(case(&option), ("2026.3.28".into(), Confidence::Certain, 1));
    let nothing = Evidence::default();
    assert_eq!(case(&nothing), ("2026.9.6".into(), Confidence::Assumed, 0));
}

#[test]
fn an_installed_package_decides_when_it_can_have_written_the_state() {
    let with = |version: &str, evidence: Evidence| Evidence {
        installed: Some(Installed {
            version: version.parse().unwrap(),
            at: "/lib/openclaw/package.json".into(),
        }),
        ..evidence
    };
    let decision = decide(&with("2026.4.5", files()));
    assert_eq!(decision.version.to_string(), "2026.4.5");
    assert_eq!(
        decision.origin,
        "installed package: /lib/openclaw/package.json"
    );
    assert_eq!(
        (decision.confidence, decision.notes.len()),
        (Confidence::Likely, 0)
    );
    let touched = Evidence {
        touched: v("2026.4.22"),
        ..files()
    };
    assert_eq!(case(&with("2026.5.1", touched.clone())).0, "2026.5.1");
    let older = decide(&with("2026.4.5", touched));
    assert_eq!(older.version.to_string(), "2026.4.22");
    assert!(
        older.notes[0].contains("openclaw.json was last written by 2026.4.22: it does not decide")
    );
    let newer = decide(&with("2026.9.6", files()));
    assert_eq!(newer.version.to_string(), "2026.3.28");
    assert!(
        newer.notes[0].contains("the state looks like one of 2026.5.28 or earlier"),
        "{:?}",
        newer.notes
    );
    let elsewhere = Evidence {
        elsewhere: Some("/home/o/.openclaw".into()),
        ..files()
    };
    let decision = decide(&with("2026.3.31", elsewhere));
    assert_eq!(decision.version.to_string(), "2026.3.31");
    assert!(decision.notes[0].contains("whose own state is /home/o/.openclaw"));
    let ledger = Evidence {
        has_task_ledger: true,
        ..files()
    };
    assert_eq!(
        case(&with("2026.3.28", ledger)),
        ("2026.3.31".into(), Confidence::Likely, 1)
    );
}

#[test]
fn the_range_is_what_the_evidence_allows() {
    let range = |evidence: &Evidence| {
        let d = decide(evidence);
        let shown = |v: Option<Version>| v.map_or("-".to_owned(), |v| v.to_string());
        format!("{}..{}", shown(d.from), shown(d.until))
    };
    let files = files();
    assert_eq!(range(&files), "-..2026.6.10");
    let ran = Evidence {
        has_runs: true,
        ..files
    };
    assert_eq!(range(&ran), "-..2026.3.30");
    let touched = |version: &str, evidence: &Evidence| Evidence {
        touched: v(version),
        ..evidence.clone()
    };
    assert_eq!(range(&touched("2026.3.27", &ran)), "2026.3.27..2026.3.30");
    assert_eq!(range(&touched("2026.4.22", &ran)), "2026.4.22..2026.6.10");
    let ledger = Evidence {
        has_task_ledger: true,
        ..ran
    };
    assert_eq!(range(&ledger), "2026.3.31..2026.6.10");
    assert_eq!(
        range(&touched("2026.3.28", &ledger)),
        "2026.3.31..2026.6.10"
    );
    // A configuration of a later version than the store: a downgrade.
    assert_eq!(range(&touched("2026.9.6", &ledger)), "2026.3.31..2026.6.10");
    let layout = |layout| Evidence {
        layout: Some(layout),
        ..Evidence::default()
    };
    assert_eq!(range(&layout(Layout::Wide)), "2026.5.29..2026.7.31");
    assert_eq!(range(&layout(Layout::Narrow)), "2026.7.2..-");
    assert_eq!(range(&Evidence::default()), "-..-");
    let app = Evidence {
        app: v("2026.9.6"),
        ..layout(Layout::Narrow)
    };
    assert_eq!(range(&app), "2026.9.6..2026.9.6");
}

#[test]
fn every_clue_is_told_the_weightiest_first() {
    let evidence = Evidence {
        untouched: true,
        store_at: "s/cron/jobs.json".into(),
        config_at: "s/openclaw.json".into(),
        ledger_at: "s/tasks/runs.sqlite".into(),
        installed: Some(Installed {
            version: Version::new(2026, 9, 6),
            at: "p/package.json".into(),
        }),
        option: v("2026.3.28"),
        has_runs: true,
        ..files()
    };
    let clues: Vec<_> = decide(&evidence)
        .clues
        .into_iter()
        .map(|c| format!("{} ({}): {} [{:?}]", c.what, c.at, c.says, c.confidence))
        .collect();
    assert_eq!(
        clues,
        [
            "option (--openclaw-version): 2026.3.28 [Certain]",
            "installed package (p/package.json): 2026.9.6 [Likely]",
            "meta.lastTouchedVersion (s/openclaw.json): absent: OpenClaw never wrote this configuration [Assumed]",
            "layout (s/cron/jobs.json): one of 2026.5.28 or earlier (cron/jobs.json) [Likely]",
            "task ledger (s/tasks/runs.sqlite): absent although jobs ran: they ran before 2026.3.31 [Likely]",
        ]
    );
}
