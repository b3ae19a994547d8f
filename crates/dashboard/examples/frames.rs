//! Benchmarks the dashboard: `cargo run -p clip-lab-dashboard --example frames`.
//!
//! Reads 20 runs with 12 series of 20,000 points and draws them at 200x60. Targets are in brackets. The store has its own
//! benchmark, `cargo run -p clip-lab-store --example bench`.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clip_lab_chart::{Layout, filter::Filter};
use clip_lab_dashboard::{
    app::App,
    data::Snapshot,
    feed::Feed,
    theme::{Depth, Theme},
    view,
};
use clip_lab_store::{NewRun, Recorder, Status, Tick, new_uid, now_ms};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent},
    layout::Rect,
};

const RUNS: u64 = 20;
const STEPS: u64 = 20_000;
const SIZE: (u16, u16) = (200, 60);
/// Frames per view.
const FRAMES: usize = 200;
const METRICS: [&str; 12] = [
    "train/loss",
    "train/lr",
    "train/logit_scale",
    "train/grad_norm",
    "val/loss",
    "val/retrieval/t2i/hit@1",
    "val/retrieval/i2t/hit@1",
    "val/zero_shot/top1",
    "time/data_s",
    "time/step_s",
    "speed/samples_per_s",
    "system/cpu",
];

fn main() -> Result<()> {
    let folder = tempfile::tempdir().context("cannot create a folder for the store")?;
    let store = folder.path().join("clip-lab.db");
    (0..RUNS).try_for_each(|run| write(&store, run))?;
    let snapshot = open(&store)?;
    let mut app = App::new(Layout::live(), None, false);
    app.size = Rect::new(0, 0, SIZE.0, SIZE.1);
    app.update(snapshot);
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1))?;
    for view in 0..app.layout.views.len() {
        app.view = view;
        let name = app.layout.views[view].title.clone();
        refill(&store, &mut app)?;
        let frames = (0..FRAMES).map(|_| frame(&mut app, None, &mut terminal)).collect::<Result<Vec<_>>>()?;
        report(&format!("frame at {}x{}, {name}", SIZE.0, SIZE.1), frames, 8);
        // Cursor, list, next axis, smoothing, zoom in and out, help: whichever the view handles.
        let keys = "ljxs+-h?".chars().cycle().take(FRAMES).map(KeyCode::Char);
        let frames = keys
            .map(|key| {
                let took = frame(&mut app, Some(key), &mut terminal);
                app.press(KeyEvent::from(KeyCode::Esc));
                took
            })
            .collect::<Result<Vec<_>>>()?;
        report("  key to frame", frames, 16);
    }
    Ok(())
}

fn write(store: &Path, run: u64) -> Result<()> {
    let uid = new_uid();
    let new = NewRun { uid, name: format!("run-{run}"), total_steps: Some(STEPS), ..NewRun::default() };
    let recorder = Recorder::start(store, new)?;
    for step in 0..STEPS {
        let learnt = (1.0 + step as f64 / (100.0 + run as f64)).ln();
        let value = 4.8 / (1.0 + learnt) + 0.1 * (step as f64 * 0.7).sin();
        let tick = Tick { step, epoch: step as f64 / 500.0, samples: step * 128 };
        recorder.log(tick, &METRICS.map(|metric| (metric, value)));
        if step % 5000 == 4999 {
            recorder.flush(); // points logged faster than they are written are dropped
        }
    }
    ensure!(recorder.dropped() == 0, "points were dropped: this machine writes too slowly for the benchmark");
    recorder.finish(Status::Finished, None);
    Ok(())
}

/// Time from start to the data of the first screen; best of five.
fn open(store: &Path) -> Result<Snapshot> {
    let mut best: Option<(Duration, Snapshot)> = None;
    for _ in 0..5 {
        let begin = Instant::now();
        let snapshot = read(store, &App::new(Layout::live(), None, false))?;
        let took = begin.elapsed();
        if best.as_ref().is_none_or(|(least, _)| took < *least) {
            best = Some((took, snapshot));
        }
    }
    let (took, snapshot) = best.context("no try")?;
    println!("open {RUNS} runs x {} series x {STEPS} points: {took:.1?} [150 ms]", METRICS.len());
    Ok(snapshot)
}

fn read(store: &Path, app: &App) -> Result<Snapshot> {
    let mut feed = Feed::new(store.to_path_buf(), app.layout.clone(), Filter::default());
    let snapshot = feed.poll(&app.feed_request(SIZE.0), true).context("nothing to show")?;
    ensure!(snapshot.error.is_none(), "the store cannot be read: {:?}", snapshot.error);
    ensure!(snapshot.runs.len() as u64 == RUNS, "{} runs were read", snapshot.runs.len());
    Ok(snapshot)
}

fn refill(store: &Path, app: &mut App) -> Result<()> {
    let snapshot = read(store, app)?;
    app.update(snapshot);
    Ok(())
}

/// Time to handle `key`, if any, and to draw.
fn frame(app: &mut App, key: Option<KeyCode>, terminal: &mut Terminal<TestBackend>) -> Result<Duration> {
    let theme = Theme::new(Depth::True);
    let begin = Instant::now();
    if let Some(key) = key {
        app.press(KeyEvent::from(key));
    }
    terminal.draw(|frame| view::draw(app, now_ms(), &theme, frame.area(), frame.buffer_mut()))?;
    Ok(begin.elapsed())
}

fn report(what: &str, mut took: Vec<Duration>, target: u64) {
    took.sort_unstable();
    let (median, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("{what}: median {median:.1?}, p99 {p99:.1?} [{target} ms]");
}
