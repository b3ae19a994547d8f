//! Zoom, cursor, groups, bands, and screens in plain ASCII.

use std::path::Path;

use clip_lab_chart::{
    Layout,
    figure::{GroupBy, View, figure},
    filter::Filter,
};
use clip_lab_dashboard::{
    app::App,
    data::AxisRange,
    feed::Feed,
    theme::{Depth, Theme},
    view,
};
use clip_lab_store::{Axis, NewRun, Recorder, Status, Tick, new_uid};
use clip_lab_testing::runs;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    layout::Rect,
    style::Color,
};

const ONE: &str = r#"
title = "One"
[[row]]
[[row.panel]]
kind = "line"
metric = "train/loss"
"#;

/// A run whose loss is a function of the step.
fn record(store: &Path, arm: &str, seed: u64, steps: u64, loss: impl Fn(u64) -> f64) {
    let uid = new_uid();
    let run = NewRun {
        name: format!("study/{arm}/{seed}"),
        study: Some("study".to_string()),
        arm: Some(arm.to_string()),
        seed,
        total_steps: Some(steps),
        uid,
        ..NewRun::default()
    };
    let recorder = Recorder::start(store, run).expect("a new store can be written");
    for step in 0..steps {
        let tick = Tick { step, epoch: step as f64 / 1000.0, samples: step * 8 };
        recorder.log(tick, &[("train/loss", loss(step))]);
    }
    recorder.finish(Status::Finished, None);
}

struct Screen {
    app: App,
    feed: Feed,
}

impl Screen {
    fn new(store: &Path, layout: &str) -> Screen {
        let layout = Layout::parse("one.toml", layout).expect("a sound layout");
        let feed = Feed::new(store.to_path_buf(), layout.clone(), Filter::default());
        let mut screen = Screen { app: App::new(layout, None, false), feed };
        screen.read();
        screen
    }

    fn read(&mut self) {
        let snapshot = self.feed.poll(&self.app.feed_request(120), true).expect("something to show");
        assert_eq!(snapshot.error, None);
        self.app.update(snapshot);
    }

    fn press(&mut self, key: impl Into<KeyEvent>) {
        self.app.press(key.into());
        self.read();
    }

    fn keys(&mut self, keys: &str) {
        keys.chars().for_each(|key| self.press(KeyCode::Char(key)));
    }

    fn draw(&self, width: u16, height: u16, theme: Theme) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
        terminal
            .draw(|frame| view::draw(&self.app, 1_800_000_000_000, &theme, frame.area(), frame.buffer_mut()))
            .expect("memory can be drawn on");
        terminal.backend().buffer().clone()
    }

    fn text(&self) -> String {
        text(&self.draw(120, 40, Theme::new(Depth::True)))
    }
}

fn text(buf: &Buffer) -> String {
    let wide = buf.area.width as usize;
    let lines = buf.content().chunks(wide.max(1));
    lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
}

const SPIKE: u64 = 613_337;

#[test]
fn a_single_step_among_a_million_is_seen_at_every_zoom() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("clip-lab.db");
    record(&store, "one", 0, 1_000_000, |step| if step == SPIKE { 50.0 } else { 2.0 + runs::noise(1, step) });
    let mut screen = Screen::new(&store, ONE);
    screen.press(KeyCode::Char('o'));
    for wide in [f64::INFINITY, 400_000.0, 30_000.0, 1_000.0, 60.0] {
        let middle = SPIKE as f64 + wide / 7.0;
        let range = AxisRange { axis: Axis::Step, low: middle - wide / 2.0, high: middle + wide / 2.0 };
        screen.app.chart_options.range = wide.is_finite().then_some(range);
        screen.read();
        let chart = screen.app.chart(0).expect("a chart");
        let rows = chart.zoomed.as_ref().map_or(&chart.rows[0].1, |(_, zoomed)| &zoomed[0]);
        let view = screen.app.view_of(0, screen.app.panels().next().expect("a panel"), Axis::Step);
        let drawn = figure("loss", std::slice::from_ref(rows), view);
        let place = drawn.x.scale.place(SPIKE as f64);
        let bands = drawn.series[0].bands.iter().flatten();
        let hit: Vec<f64> =
            bands.filter(|band| band.2 == 50.0).map(|band| drawn.x.scale.place(band.0)).collect();
        assert_eq!(hit.len(), 1, "at {wide}");
        assert!((hit[0] - place).abs() < 0.01, "at {wide}: {hit:?} {place}");

        // The upper third of the plot is empty except for the spike's column.
        let buf = screen.draw(120, 40, Theme::new(Depth::True));
        let seen = |x: u16, y: u16| {
            let cell = &buf[(x, y)];
            let drawn = cell.symbol().chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c) || c == '•');
            drawn || cell.bg != Color::Reset
        };
        let upper = Rect { x: 8, y: 6, width: 80, height: 8 };
        let mut columns: Vec<u16> = upper.positions().filter(|at| seen(at.x, at.y)).map(|at| at.x).collect();
        columns.sort_unstable();
        columns.dedup();
        assert!((1..=4).contains(&columns.len()), "at {wide}: {columns:?}\n{}", text(&buf));
    }
}

#[test]
fn smoothing_a_part_is_a_part_of_smoothing_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("clip-lab.db");
    record(&store, "one", 0, 40_000, |step| (step as f64 / 3000.0).sin() + runs::noise(2, step));
    let mut screen = Screen::new(&store, ONE);
    screen.app.smooth = Some(300.0);
    screen.app.chart_options.range = Some(AxisRange { axis: Axis::Step, low: 20_000.0, high: 20_200.0 });
    screen.read();
    let zoomed = screen.app.chart(0).and_then(|chart| chart.zoomed.clone()).expect("read closely").1;
    let view = View { smooth: 300.0, range: Some((20_000.0, 20_200.0)), ..View::default() };
    let part = figure("loss", &zoomed, view);

    let reader = clip_lab_store::Reader::open(&store).expect("the store exists");
    let run = reader.runs().expect("readable")[0].id;
    let every = reader.buckets(run, "train/loss", Axis::Step, None, 50_000).expect("readable");
    assert_eq!(every.len(), 40_000, "one bucket per value");
    let whole = figure("loss", &[clip_lab_chart::figure::Rows { buckets: every, ..zoomed[0].clone() }], view);
    let (part, whole) = (&part.series[0], &whole.series[0]);
    let mut compared = 0;
    for step in (20_000..20_200).step_by(10).map(f64::from) {
        let (a, b) = (part.at(step).expect("a value"), whole.at(step).expect("a value"));
        assert!((a - b).abs() < 0.01, "{step}: {a} {b}");
        compared += 1;
    }
    assert_eq!(compared, 20);
}

#[test]
fn keys_zoom_pan_and_read_values_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("clip-lab.db");
    record(&store, "one", 0, 4001, |step| step as f64);
    let mut screen = Screen::new(&store, ONE);
    screen.keys("c");
    assert_eq!(screen.app.cursor(Axis::Step), Some(2000.0));
    assert!(screen.text().contains("study/one/0 2000"), "{}", screen.text());
    screen.press(KeyCode::Right);
    assert_eq!(screen.app.cursor(Axis::Step), Some(2040.0));
    screen.keys("zz");
    let range = screen.app.chart_options.range.expect("zoomed");
    assert_eq!(range.high - range.low, 1000.0);
    assert!(range.low < 2040.0 && 2040.0 < range.high);
    screen.keys("c");
    screen.press(KeyCode::Left);
    assert_eq!(screen.app.chart_options.range.expect("zoomed").low, range.low - 250.0);
    for _ in 0..40 {
        screen.press(KeyCode::Left);
    }
    assert_eq!(screen.app.chart_options.range.expect("zoomed").low, 0.0, "no farther than the run");
    assert!(screen.text().contains("zoomed"));
    screen.keys("ZZ");
    assert_eq!(screen.app.chart_options.range, None);
    let before = screen.text();
    screen.press(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::ALT));
    assert!(screen.text().contains("▴"), "values outside are counted: {}", screen.text());
    screen.keys("0");
    assert_eq!(screen.text(), before);
}

const TWO: &str = r#"
title = "Two"
[[row]]
[[row.panel]]
kind = "line"
metric = "train/loss"
group = "arm"
"#;

#[test]
fn arms_become_curves_with_their_number_of_seeds() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("clip-lab.db");
    for seed in 0..3 {
        record(&store, "vit", seed, 200, |step| 3.0 - step as f64 / 100.0 + seed as f64 / 10.0);
    }
    record(&store, "resnet", 0, 150, |step| 4.0 - step as f64 / 100.0);
    // A repeated seed counts once.
    record(&store, "vit", 2, 200, |step| 3.0 - step as f64 / 100.0 + 0.2);
    let mut screen = Screen::new(&store, TWO);
    assert_eq!(screen.app.by(), GroupBy::Arm);
    let shown = screen.text();
    assert!(shown.contains("vit n=3 1.11") && shown.contains("resnet n=1 2.51"), "{shown}");
    screen.keys("i");
    assert_ne!(screen.text(), shown, "single seeds are drawn too");
    screen.keys("ig");
    assert!(screen.text().contains("study/vit/1"), "{}", screen.text());
    let colours: Vec<_> = screen.app.snapshot.runs.iter().map(|run| run.colour).collect();
    screen.keys("gg");
    assert_eq!(screen.app.snapshot.runs.iter().map(|run| run.colour).collect::<Vec<_>>(), colours);
}

#[test]
fn in_ascii_no_screen_holds_anything_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _live) = runs::fixture(folder.path());
    let feed = Feed::new(store, Layout::live(), Filter::default());
    let mut screen = Screen { app: App::new(Layout::live(), None, false), feed };
    screen.read();
    let views = screen.app.layout.views.len();
    for view in 0..views.max(1) {
        screen.keys(&format!("{}", view + 1));
        for keys in ["", "?", "?c", "czz", "e", "elb", "lg", "g0"] {
            screen.keys(keys);
            for (width, height) in [(30, 6), (80, 24), (120, 40), (200, 60)] {
                let buf = screen.draw(width, height, Theme::new(Depth::None).in_ascii());
                let foreign = buf.content().iter().find(|cell| !cell.symbol().is_ascii());
                assert!(foreign.is_none(), "view {view} after {keys:?}: {foreign:?}\n{}", text(&buf));
                assert!(
                    !text(&buf).contains('?') || keys.contains('?') || text(&buf).contains("? help"),
                    "{}",
                    text(&buf)
                );
            }
        }
    }
}

#[test]
fn without_colours_curves_differ_by_their_strokes_and_labels_show_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("clip-lab.db");
    record(&store, "one", 0, 2000, |step| step as f64);
    record(&store, "two", 0, 2000, |step| 2.0 * step as f64);
    let screen = Screen::new(&store, ONE);
    let shown = text(&screen.draw(120, 40, Theme::new(Depth::None)));
    assert!(shown.contains("── study/one/0") && shown.contains("╌╌ study/two/0"), "{shown}");
    let plain = text(&screen.draw(120, 40, Theme::new(Depth::None).in_ascii()));
    assert!(plain.contains("* study/one/0") && plain.contains("+ study/two/0"), "{plain}");
}
