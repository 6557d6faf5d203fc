//! `--chart`: the files as a browser sees them, and as any reader of XML does.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// A browser other than the first on PATH.
const BROWSER: &str = "CRONCTL_TEST_BROWSER";

/// Names that try to be something else.
const HOSTILE: [&str; 4] = [
    "<script>document.title='owned'</script>",
    "\"'&amp;<img src=http://example.invalid/x onerror=alert(1)>",
    "right\u{202e}left\u{1b}[31m\u{0}\u{ffff}",
    "]]><!-- </svg></style>",
];

fn job(id: usize, expr: &str, provider: &str) -> Value {
    json!({
        "id": format!("00000000-0000-4000-8000-{id:012}"), "name": HOSTILE[id % 4], "enabled": true,
        "createdAtMs": 1_767_225_600_000_i64,
        "schedule": {"kind": "cron", "expr": expr, "tz": "America/Los_Angeles"},
        "sessionTarget": "isolated", "wakeMode": "now", "agentId": HOSTILE[id % 4],
        "payload": {"kind": "agentTurn", "message": "go", "model": format!("{provider}/model-{id}")},
    })
}

/// Jobs of twelve providers, most on the first, all at 22:00.
fn twelve() -> Vec<Value> {
    (0..78)
        .map(|n| {
            // 1 + 2 + … + 12 jobs.
            let provider = (0..12).find(|p| n < (p + 1) * (p + 2) / 2).unwrap();
            job(n, "0 22 * * *", &format!("provider{provider}"))
        })
        .collect()
}

fn plan(sandbox: &Sandbox, jobs: &[Value], line: &str) -> Run {
    let line = format!("plan --jobs - {line}");
    let stdin = serde_json::to_vec(&json!({"version": 1, "jobs": jobs})).unwrap();
    sandbox.command(line.split_whitespace()).stdin(stdin).run()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The titles of panels and bars: what they say when pointed at.
fn titles(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let groups = document
        .descendants()
        .filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "g")));
    let title = |g: roxmltree::Node<'_, '_>| g.first_element_child()?.text().map(str::to_owned);
    groups.filter_map(title).collect()
}

/// As [`peak`], of what slots make of it.
fn peak_of(dispatch: &Value, field: &str) -> String {
    let of = |side: &str| dispatch[side]["peak"][field].as_u64().unwrap();
    format!("peak before {}, after {}", of("before"), of("after"))
}

fn peak(peaks: &Value, field: &str) -> String {
    let of = |side: &str| peaks[side][field].as_u64().unwrap();
    format!("peak before {}, after {}", of("before"), of("after"))
}

/// The labels of the first figure must be the peaks of the report, group by group.
fn labels_equal_peaks(svg: &str, document: &Value, rows: usize) {
    let titles = titles(svg);
    let peaks = document["peaks"].as_array().unwrap();
    assert!(peaks.len() > 1);
    for (row, peaks) in peaks.iter().take(rows).enumerate() {
        let group = peaks["group"].as_str().unwrap_or("total");
        let starts = peak(peaks, "starts_per_second");
        assert_eq!(
            titles[2 * row],
            format!("{group}: starts per second, {starts}")
        );
        let at_once = peak(peaks, "concurrent");
        assert_eq!(
            titles[2 * row + 1],
            format!("{group}: runs at once, {at_once}")
        );
    }
}

#[test]
fn the_peaks_of_the_picture_are_those_of_the_report() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("work/plan.svg");
    for line in [
        "plan --demo",
        "plan --demo --for 7d --jitter gap",
        "plan --demo --for 7d --group-by agent --window 90s",
        "plan --demo --jitter native --max-concurrent-runs 2",
    ] {
        let run = sandbox.run(&format!("{line} --json --chart plan.svg"));
        assert_eq!(run.code, Some(0), "{run}");
        assert!(run.stderr.contains("plan.svg"), "{run}");
        labels_equal_peaks(&read(&path), &run.json(), 9);
    }
    // Nothing is drawn after the horizon, whatever the second it began in.
    let run = sandbox.run("plan --demo --from 2026-04-01T04:00:00.341Z --for 23h --chart plan.svg");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(read(&path).contains("to 2026-04-01 20:00:00.341"), "{run}");
    // Of twelve, eight have a row, and the others are one.
    let run = plan(&sandbox, &twelve(), "--json --chart plan.svg --quiet");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.stderr.contains("note:"), "{run}");
    labels_equal_peaks(&read(&path), &run.json(), 9);
    assert_eq!(
        titles(&read(&path))[18],
        "4 others, summed: starts per second, peak before 10, after 4"
    );
    assert!(read(&path).contains("4 others are summed"));
}

#[test]
fn slots_lower_what_runs_at_once() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("plan --demo --max-concurrent-runs 2 --json --chart a.svg");
    let dispatch = run.json::<Value>()["dispatch"][0].clone();
    assert_eq!(dispatch["before"]["peak"]["concurrent"], 2);
    let titles = titles(&read(&sandbox.path("work/a.svg")));
    let slots = titles.last().unwrap();
    assert_eq!(
        slots,
        "demo with its slots: runs at once, peak before 2, after 2; 2 slots"
    );
}

#[test]
fn starts_with_slots_are_shown_for_as_long_as_they_are_put_off() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("plan --demo --json --chart a.svg");
    let dispatch = run.json::<Value>()["dispatch"][0].clone();
    assert_eq!(dispatch["after"]["peak"]["starts_per_second"], 23);
    let svg = read(&sandbox.path("work/a.svg"));
    let starts = peak_of(&dispatch, "starts_per_second");
    let expected = format!("demo with its slots: starts per second, {starts}");
    assert!(
        titles(&svg).contains(&expected),
        "{expected}: {:?}",
        titles(&svg)
    );
}

#[test]
fn the_sum_of_others_has_a_scale_of_its_own() {
    let sandbox = Sandbox::new();
    // 40 agents of two jobs each, nine rows of their own at most.
    let mut jobs: Vec<Value> = (0..80).map(|n| job(n, "0 22 * * *", "a")).collect();
    for (n, job) in jobs.iter_mut().enumerate() {
        job["agentId"] = json!(format!("agent-{}-{}", n % 40, "x".repeat(90)));
    }
    let run = plan(&sandbox, &jobs, "--group-by agent --quiet --chart a.svg");
    assert_eq!(run.code, Some(0), "{run}");
    let svg = read(&sandbox.path("work/a.svg"));
    let title = titles(&svg);
    assert!(
        title.iter().any(|t| t.starts_with("32 others, summed: ")),
        "{title:?}"
    );
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts: Vec<&str> = document
        .descendants()
        .filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "text")))
        .filter_map(|n| n.text())
        .collect();
    // A group's own scale ends near its peak of two, not at that of the sum.
    assert!(texts.contains(&"2"), "{texts:?}");
    let cut = texts.iter().find(|t| t.contains("… · 2 jobs"));
    assert!(cut.is_some(), "{texts:?}");
}

#[cfg(unix)]
#[test]
fn what_is_replaced_keeps_its_mode_and_pipes_are_left_alone() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    let sandbox = Sandbox::new();
    let mode = |file: &Path| file.metadata().unwrap().permissions().mode() & 0o777;
    let file = sandbox.write("work/a.svg", "old");
    for kept in [0o600, 0o664] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(kept)).unwrap();
        let run = sandbox.run("plan --demo --quiet --chart a.svg");
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(mode(&file), kept);
        assert!(read(&file).starts_with("<svg"));
    }
    let pipe = sandbox.path("work/pipe.svg");
    let fifo = Command::new("mkfifo").arg(&pipe).status();
    assert!(fifo.unwrap().success());
    let run = sandbox.run("plan --demo --quiet --chart pipe.svg");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("no regular file"), "{run}");
    assert!(pipe.metadata().unwrap().file_type().is_fifo());
}

#[test]
fn the_answer_stays_as_it_is_and_the_file_is_the_same_every_time() {
    let sandbox = Sandbox::new();
    for line in ["plan --demo", "turns --demo"] {
        let mut files = Vec::new();
        for format in ["table", "json", "ndjson", "csv"] {
            let line = format!("{line} -o {format}");
            let without = sandbox.run(&line);
            let with = sandbox.run(&format!("{line} --chart a.html"));
            assert_eq!((&with.stdout, with.code), (&without.stdout, without.code));
            assert!(with.stderr.contains("a.html: a page"), "{with}");
            files.push(read(&sandbox.path("work/a.html")));
        }
        files.dedup();
        assert_eq!(files.len(), 1, "{line}");
        let svg = sandbox.run(&format!("{line} --chart a.svg"));
        assert_eq!(svg.code, Some(0), "{svg}");
        let svg = read(&sandbox.path("work/a.svg"));
        assert!(
            files[0].contains(svg.trim_end()),
            "the page holds the picture"
        );
    }
    let names = std::fs::read_dir(sandbox.path("work")).unwrap();
    let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.html", "a.svg"], "nothing is left beside them");
}

#[test]
fn nothing_outside_the_file_is_named() {
    let sandbox = Sandbox::new();
    for file in ["a.svg", "a.html"] {
        let run = plan(
            &sandbox,
            &twelve(),
            &format!("--group-by agent --chart {file}"),
        );
        assert_eq!(run.code, Some(0), "{run}");
        let text = read(&sandbox.path("work").join(file));
        // What a name says is text, not markup.
        let markup = text.replace("&lt;img src=http://example.invalid/x", "");
        for mark in [
            "<script", "<img", "<image", "<link", "<a ", "<use", "@import", "href=", "src=",
        ] {
            assert!(!markup.contains(mark), "{mark} in {file}");
        }
        let addresses: Vec<&str> = markup
            .match_indices("http")
            .map(|(at, _)| &markup[at..at + 30])
            .collect();
        let known =
            |a: &&str| a.starts_with("http://www.w3.org/2000/svg\"") || a.starts_with("http-equiv");
        assert!(addresses.iter().all(known), "{addresses:?}");
        assert_eq!(text.matches("url(").count(), text.matches("url(#").count());
        assert!(text.contains("&lt;script&gt;document"), "{file}");
        assert!(text.contains("right\\u{202e}left\\u{1b}[31m"), "{file}");
    }
}

#[test]
fn turns_are_bars_with_their_verdicts_in_words() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("turns --demo --json --chart turns.svg");
    assert_eq!(run.code, Some(0), "{run}");
    let document: Value = run.json();
    let titles = titles(&read(&sandbox.path("work/turns.svg")));
    let turns = document["turns"].as_array().unwrap();
    assert_eq!(titles.len(), turns.len());
    for (turn, title) in turns.iter().zip(&titles) {
        let name = turn["workspace_name"].as_str().unwrap();
        assert!(title.starts_with(name), "{title}");
        let verdict = turn["verdict"].as_str().unwrap();
        assert!(title.contains(&format!(": {verdict}")), "{title}");
        assert_eq!(title.contains('≥'), turn["age_is"] == "at-least", "{title}");
        let known = turn["age_ms"].is_number();
        assert_eq!(
            title.contains("age unknown"),
            !known && verdict != "skewed",
            "{title}"
        );
    }
}

#[test]
fn endings_are_checked_and_errors_name_the_path() {
    let sandbox = Sandbox::new();
    for name in ["plan.png", "-", "plan", ".svg"] {
        let run = sandbox.run(&format!("plan --demo --chart {name}"));
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run}");
        assert!(run.stderr.contains(".svg for a picture"), "{run}");
    }
    let run = sandbox.run("plan --demo --chart missing/plan.svg");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(
        run.stderr.contains("missing/plan.svg: cannot be written"),
        "{run}"
    );
    assert!(!run.stderr.contains(".cronctl-"), "{run}");
    assert!(run.stderr.contains("hint: mkdir -p "), "{run}");
    let run = sandbox.run("turns --demo --watch --chart turns.svg");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.stderr.contains("--chart does not go with --watch"),
        "{run}"
    );
    assert!(!sandbox.path("work/turns.svg").exists());
}

/// What the page that looks into the files found in one of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    file: String,
    broken: bool,
    texts: Vec<String>,
    outside: Vec<String>,
    overlaps: Vec<String>,
    scripts: usize,
    images: usize,
    fetched: Vec<String>,
    title: String,
    dark: bool,
    paper: String,
    contrast: f64,
}

/// Looks at the text of every file: where it is, what it says, how it stands out.
const LOOK: &str = r#"
const light = c => {
  const [r, g, b] = c.match(/[\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};
const look = frame => {
  const page = frame.contentDocument, view = frame.contentWindow;
  const svg = page.querySelector('svg');
  const room = svg.getBoundingClientRect();
  const fill = e => view.getComputedStyle(e).fill;
  const paper = fill(page.querySelector('.paper'));
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
  const boxes = texts.map(t => t.getBoundingClientRect());
  const outside = [], overlaps = [];
  boxes.forEach((a, i) => {
    if (a.left < room.left || a.right > room.right || a.top < room.top || a.bottom > room.bottom)
      outside.push(texts[i].textContent);
    boxes.slice(i + 1).forEach((b, j) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // A box has room above and below its letters.
      if (wide > 0 && high > 4)
        overlaps.push(texts[i].textContent + ' | ' + texts[i + 1 + j].textContent);
    });
  });
  return {
    file: frame.getAttribute('src'), broken: !!page.querySelector('parsererror'),
    texts: texts.map(t => t.textContent), outside, overlaps,
    scripts: page.querySelectorAll('script').length,
    images: page.querySelectorAll('img,image,link,object').length,
    fetched: view.performance.getEntriesByType('resource').map(e => e.name), title: page.title,
    dark: view.matchMedia('(prefers-color-scheme: dark)').matches, paper,
    contrast: Math.min(...texts.map(t => contrast(fill(t), paper))),
  };
};
addEventListener('load', () => {
  const seen = [...document.querySelectorAll('iframe')].map(look);
  document.getElementById('seen').textContent = encodeURIComponent(JSON.stringify(seen));
});
"#;

fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(BROWSER) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    std::env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Opens the files in a browser and looks into each.
fn look(browser: &Path, sandbox: &Sandbox, files: &[String], dark: bool) -> Vec<Seen> {
    let mut page = String::from("<!doctype html><meta charset=utf-8><pre id=seen></pre>");
    for file in files {
        write!(
            page,
            "<iframe src='{file}' width=1000 height=6000></iframe>"
        )
        .unwrap();
    }
    write!(page, "<script>{LOOK}</script>").unwrap();
    let page = sandbox.write("work/look.html", page);
    let profile = sandbox.path("profile");
    let errors = sandbox.path("browser.log");
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--dump-dom",
        ])
        .args(["--allow-file-access-from-files", "--enable-logging=stderr"])
        // Nobody is to be asked, and nobody could answer.
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=20000",
        ])
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            u8::from(!dark)
        ))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&errors).unwrap())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut dom = String::new();
        std::io::Read::read_to_string(&mut out, &mut dom).map(|_| dom)
    });
    let dom = reader.join().unwrap().unwrap();
    child.wait().unwrap();
    let errors = read(&errors);
    let complaints: Vec<&str> = errors.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert_eq!(complaints, Vec::<&str>::new());
    let seen = dom
        .split_once("id=\"seen\">")
        .and_then(|(_, rest)| rest.split_once("</pre>"));
    let (seen, _) = seen.unwrap_or_else(|| panic!("no answer of the browser: {dom}\n{errors}"));
    let seen = percent_encoding::percent_decode_str(seen)
        .decode_utf8()
        .unwrap();
    serde_json::from_str(&seen).unwrap_or_else(|e| panic!("{e}: {seen}\n{errors}"))
}

/// Everything that looks different, as picture and as page.
fn drawn(sandbox: &Sandbox) -> Vec<String> {
    let one = [job(2, "17 3 * * *", "anthropic")];
    let apart: Vec<Value> = (0..6)
        .map(|n| job(n, &format!("{n} {n} * * *"), "openai"))
        .collect();
    let mut files = Vec::new();
    for ending in ["svg", "html"] {
        let mut drawn = |name: &str, run: &dyn Fn(&str) -> Run| {
            let file = format!("{name}.{ending}");
            let run = run(&format!("--quiet --chart {file}"));
            assert_eq!(run.code, Some(0), "{run}");
            files.push(file);
        };
        drawn("demo", &|line| sandbox.run(&format!("plan --demo {line}")));
        drawn("week", &|line| {
            sandbox.run(&format!("plan --demo --for 7d {line}"))
        });
        let tick = "plan --demo --tick 2026-03-31T22:00-07:00";
        drawn("tick", &|line| sandbox.run(&format!("{tick} {line}")));
        let seconds = "plan --demo --from 2026-04-01T05:00:00Z --for 5s --jitter gap";
        drawn("seconds", &|line| sandbox.run(&format!("{seconds} {line}")));
        let year = "plan --demo --for 365d --jitter none";
        drawn("year", &|line| sandbox.run(&format!("{year} {line}")));
        let queue = "plan --demo --max-concurrent-runs 1";
        drawn("queue", &|line| sandbox.run(&format!("{queue} {line}")));
        let outage = "plan --demo --what-if anthropic=503@22:00..22:20";
        drawn("outage", &|line| sandbox.run(&format!("{outage} {line}")));
        let crowd = "plan --demo --tick 2026-03-31T22:00-07:00 --max-concurrent-runs 24";
        let crowd = format!("{crowd} --capacity anthropic=4 --what-if openai=429:0.5 --runs 3");
        drawn("crowd", &|line| sandbox.run(&format!("{crowd} {line}")));
        drawn("failing", &|line| {
            plan(
                sandbox,
                &twelve(),
                &format!("--what-if provider3=500 {line}"),
            )
        });
        drawn("one", &|line| plan(sandbox, &one, line));
        drawn("apart", &|line| plan(sandbox, &apart, line));
        drawn("nothing", &|line| plan(sandbox, &[], line));
        drawn("twelve", &|line| plan(sandbox, &twelve(), line));
        drawn("hostile", &|line| {
            plan(sandbox, &twelve(), &format!("--group-by agent {line}"))
        });
        drawn("turns", &|line| {
            sandbox.run(&format!("turns --demo --all {line}"))
        });
        drawn("over", &|line| {
            sandbox.run(&format!("turns --demo --over-ceiling {line}"))
        });
    }
    files
}

#[test]
#[expect(clippy::print_stderr, reason = "says why nothing was looked at")]
fn a_browser_sees_them_as_meant_light_and_dark() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium on PATH, nor named by {BROWSER}");
        return;
    };
    let sandbox = Sandbox::new();
    let files = drawn(&sandbox);
    let light = look(&browser, &sandbox, &files, false);
    let dark = look(&browser, &sandbox, &files, true);
    assert_eq!((light.len(), dark.len()), (files.len(), files.len()));
    for seen in light.iter().chain(&dark) {
        assert!(!seen.broken, "{seen:?}");
        assert!(seen.texts.len() > 3, "{seen:?}");
        let nothing = Vec::<String>::new();
        assert_eq!(seen.outside, nothing, "{} has text outside", seen.file);
        assert_eq!(seen.overlaps, nothing, "{} has text on text", seen.file);
        assert_eq!(seen.fetched, nothing, "{}", seen.file);
        assert_eq!((seen.scripts, seen.images), (0, 0), "{}", seen.file);
        assert!(seen.contrast >= 4.5, "{}: {}", seen.file, seen.contrast);
        assert!(seen.title.starts_with(['P', 'R', 'T']), "{seen:?}");
    }
    for (light, dark) in light.iter().zip(&dark) {
        assert!(!light.dark && dark.dark, "{}", light.file);
        assert_ne!(light.paper, dark.paper, "{}", light.file);
        assert_eq!(light.texts, dark.texts);
    }
    let hostile = light.iter().find(|s| s.file == "hostile.svg").unwrap();
    let label = hostile
        .texts
        .iter()
        .find(|t| t.contains("<script>"))
        .unwrap();
    assert!(label.starts_with(HOSTILE[0]), "{label}");
}
