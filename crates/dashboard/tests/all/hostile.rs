//! Untrusted text on the screen: names, tags, notes, settings, metrics, events, captions and logs with escape
//! sequences.

use std::{path::Path, sync::Arc};

use clip_lab_chart::{filter::Filter, layout::check};
use clip_lab_dashboard::{
    app::App,
    data::{Snapshot, panels::RunProbes},
    feed::Feed,
    theme::{Depth, Theme},
    view,
};
use clip_lab_escape::is_hidden;
use clip_lab_store::{
    ConfigEntry, Goal, Hit, Level, NewRun, Probe, Recorder, Shown, Status, Store, Tick, new_uid,
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{KeyCode, KeyEvent},
    layout::Rect,
    style::Style,
};

/// A window title, a cleared screen, a second line, reversed text, and invisible characters.
const BAD: &str =
    "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\nfake line\u{202e}gpj\u{2066}a\u{200d}b\u{200b}c\u{feff}\u{ad}";

fn store(folder: &Path) -> std::path::PathBuf {
    let store = folder.join("clip-lab.db");
    for number in 0..3 {
        let uid = new_uid();
        let entry =
            |key: &str, value: String| ConfigEntry { key: key.to_string(), value, origin: BAD.to_string() };
        let run = NewRun {
            name: format!("{BAD}{number}"),
            study: Some(BAD.to_string()),
            arm: Some(format!("{BAD}{number}")),
            seed: number,
            total_steps: Some(3),
            goal_metric: Some(format!("val/{BAD}/hit@1")),
            config: vec![
                entry(&format!("model.{BAD}"), format!("\"{BAD}{number}\"")),
                entry("lr", number.to_string()),
            ],
            uid: uid.clone(),
            ..NewRun::default()
        };
        let recorder = Recorder::start(&store, run).expect("a new store can be written");
        recorder.describe_metric(&format!("train/{BAD}"), BAD, Goal::Up);
        for step in 0..4 {
            let tick = Tick { step, epoch: step as f64, samples: step };
            let names = [format!("val/{BAD}/hit@1"), format!("train/{BAD}"), format!("train/lr/{BAD}")];
            recorder.log(tick, &names.each_ref().map(|name| (name.as_str(), 0.5)));
            recorder.log(tick, &[("train/loss", 1.0), ("train/logit_scale", 2.0)]);
        }
        recorder.event(Level::Error, BAD, Some(1), BAD);
        recorder.finish(Status::Failed, Some(BAD));
        std::fs::create_dir_all(store.with_file_name(&uid)).expect("made");
        std::fs::write(store.with_file_name(&uid).join("log.txt"), BAD).expect("written");
    }
    let open = Store::open(&store).expect("the store");
    for run in open.reader().and_then(|reader| reader.runs()).expect("runs") {
        // The store may reject such a tag; what it accepts must be escaped on the screen.
        let _ = open.tag(run.id, BAD);
        open.note(run.id, BAD).expect("a note");
    }
    store
}

fn probes(snapshot: &Snapshot) -> Vec<RunProbes> {
    let image = || Shown { name: BAD.to_string(), digest: None };
    let probe = Probe {
        step: 3,
        split: BAD.to_string(),
        weights: BAD.to_string(),
        texts: vec![BAD.to_string(); 2],
        images: vec![image(), image()],
        owner: vec![0, 1],
        similarity: vec![0.5; 4],
        logit_scale: Some(20.0),
        queries: vec![BAD.to_string(); 2],
        top: vec![vec![Hit { image: image(), score: 0.5, right: true }]; 2],
        rank: vec![1, 2],
    };
    let one = |run: &clip_lab_dashboard::data::Run| RunProbes {
        run: run.row.id,
        name: run.name.clone(),
        probes: Arc::new(vec![probe.clone()]),
    };
    snapshot.runs.iter().map(one).collect()
}

/// Draws the screen and checks that no cell holds a control or an invisible character.
fn drawn(app: &App, size: (u16, u16), theme: &Theme) -> String {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("memory");
    let draw = |frame: &mut ratatui::Frame| view::draw(app, 0, theme, frame.area(), frame.buffer_mut());
    terminal.draw(draw).expect("memory can be drawn on");
    for cell in terminal.backend().buffer().content() {
        assert!(!cell.symbol().contains(is_hidden), "{:?} on\n{}", cell.symbol(), terminal.backend());
    }
    terminal.backend().to_string()
}

#[test]
fn nothing_from_a_store_reaches_the_terminal_raw() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let mut escaped = 0;
    for name in ["live", "lit", "towers", "tricks", "system"] {
        let mut layout = check(Path::new(name)).expect("it is built in");
        layout.title = BAD.to_string();
        layout.views.iter_mut().for_each(|view| view.title = BAD.to_string());
        layout.views.iter_mut().flat_map(|view| &mut view.rows).flat_map(|row| &mut row.panels).for_each(
            |panel| {
                panel.title = BAD.to_string();
                panel.metrics.iter_mut().for_each(|metric| metric.push('*'));
                panel.metrics.extend(["*/hit@1".to_string(), BAD.to_string()]);
            },
        );
        let mut app = App::new(layout.clone(), None, false);
        let mut feed = Feed::new(store.clone(), layout, Filter::default());
        for view in 0..app.layout.views.len() {
            app.view = view;
            app.size = Rect::new(0, 0, 160, 50);
            for keys in ["", "j", "p", "g", "D", "c", "+", "+x", "?", ":", ":chart ", ":tag ", "K", "/x", "e"]
            {
                for key in keys.chars() {
                    app.press(KeyEvent::from(KeyCode::Char(key)));
                }
                let mut snapshot = feed.poll(&app.feed_request(160), true).expect("something to show");
                assert_eq!(snapshot.error, None);
                snapshot.panels.probes = probes(&snapshot);
                app.update(snapshot);
                for size in [(160, 50), (80, 24), (30, 5)] {
                    let text = drawn(&app, size, &Theme::new(Depth::True));
                    escaped += text.matches(r"\u001b").count();
                }
                app.press(KeyEvent::from(KeyCode::Esc));
                app.press(KeyEvent::from(KeyCode::Esc));
            }
        }
        app.snapshot.error = Some(BAD.to_string());
        drawn(&app, (80, 24), &Theme::new(Depth::None));
    }
    assert!(escaped > 100, "hidden characters are shown escaped: {escaped}");
}

/// Why text goes through [`clip_lab_escape`]: a buffer keeps control characters out of its cells, but not a joiner
/// after a letter.
#[test]
#[allow(clippy::disallowed_methods)]
fn a_buffer_alone_keeps_controls_out_but_not_all_that_is_hidden() {
    let mut buf = Buffer::empty(Rect::new(0, 0, 40, 1));
    buf.set_stringn(0, 0, BAD, 40, Style::new());
    let cells = || buf.content().iter().map(|cell| cell.symbol());
    assert!(cells().all(|symbol| !symbol.contains(char::is_control)));
    assert!(cells().any(|symbol| symbol.contains(is_hidden)));
}
