//! The dashboard over synthetic runs, one of them training: `cargo run -p clip-lab-dashboard --example demo`.
//!
//! With file names as arguments, exports charts instead: `-- loss.svg hits.png points.csv`. A number adds as many runs:
//! `-- 20`.

use std::{path::PathBuf, thread, time::Duration};

use anyhow::Result;
use clip_lab_chart::{ExportOptions, Layout, Size, export};
use clip_lab_dashboard::{Options, keys::Keys, show};
use clip_lab_store::{Axis, Reader, Request};
use clip_lab_testing::runs;

fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("clip-lab-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (store, mut live) = runs::fixture(&folder);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for number in 0..arguments.iter().find_map(|argument| argument.parse::<u64>().ok()).unwrap_or(0) {
        runs::more(&store, number);
    }
    let outs: Vec<PathBuf> =
        arguments.iter().filter(|argument| argument.parse::<u64>().is_err()).map(PathBuf::from).collect();
    if outs.is_empty() {
        let focus = live.first().map(|recorder| recorder.uid().to_string());
        thread::spawn(move || train(&live.remove(0)));
        let (layout, runs, images) = (Layout::live(), Default::default(), Default::default());
        let keys = Keys::default();
        let options = Options { store, layout, runs, focus, images, keys, child: true, note: None };
        println!("{:?}", show(options)?);
    } else {
        outs.iter().try_for_each(|out| write(&store, out))?;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// Continues the live run at eight steps per second.
fn train(recorder: &clip_lab_store::Recorder) {
    let scenario = &runs::SCENARIOS[3];
    for at in scenario.until + 1..=runs::STEPS {
        if recorder.requests().contains(&Request::Stop) {
            return;
        }
        runs::step(recorder, scenario, at);
        thread::sleep(Duration::from_millis(125));
    }
}

fn write(store: &std::path::Path, out: &std::path::Path) -> Result<()> {
    let reader = Reader::open(store)?;
    let mut runs = reader.runs()?;
    runs.reverse();
    let hits = out.to_string_lossy().contains("hits");
    let metrics: &[&str] =
        if hits { &["val/retrieval/t2i/hit@1", "val/retrieval/i2t/hit@1"] } else { &["train/loss"] };
    let options = ExportOptions {
        metrics: metrics.iter().map(|metric| metric.to_string()).collect(),
        x: Axis::Epoch,
        y: clip_lab_chart::figure::Form::Linear,
        smooth: if hits { 0.0 } else { 20.0 },
        size: Size::default(),
        out: out.to_path_buf(),
        ..ExportOptions::default()
    };
    export(&reader, &runs, &options)?;
    println!("wrote {}", out.display());
    Ok(())
}
