//! Exported charts: points parsed back from the SVG match the data.

use std::path::Path;

use clip_lab_chart::{ExportOptions, Size, export};
use clip_lab_store::{Axis, NewRun, Reader, Recorder, RunRow, Status, Tick, new_uid};

const VALUES: [f64; 12] = [5.0, 3.2, 2.5, 2.1, f64::NAN, 1.9, 1.7, 1.65, 1.5, 1.45, 1.4, 1.38];

fn record(store: &Path, name: &str, values: &[f64]) {
    let uid = new_uid();
    let run = NewRun { name: name.to_string(), uid, total_steps: Some(12), ..NewRun::default() };
    let recorder = Recorder::start(store, run).expect("a new store can be written");
    for (step, value) in (1..).zip(values) {
        recorder.log(Tick { step, epoch: step as f64 / 4.0, samples: step * 8 }, &[("train/loss", *value)]);
    }
    recorder.finish(Status::Finished, None);
}

fn store(folder: &Path) -> (Reader, Vec<RunRow>) {
    let path = folder.join("clip-lab.db");
    record(&path, "one <&\" run", &VALUES);
    let reader = Reader::open(&path).expect("the store exists");
    let runs = reader.runs().expect("readable");
    (reader, runs)
}

fn options(out: &Path) -> ExportOptions {
    ExportOptions {
        metrics: vec!["train/loss".to_string()],
        x: Axis::Step,
        y: clip_lab_chart::figure::Form::Linear,
        smooth: 0.0,
        size: Size { width_mm: 85.0, height_mm: 60.0, pixels: 850 },
        out: out.to_path_buf(),
        ..ExportOptions::default()
    }
}

fn number(node: &roxmltree::Node, name: &str) -> f64 {
    node.attribute(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{node:?} has no {name}"))
}

/// Numeric texts with their positions, by text anchor.
fn ticks(document: &roxmltree::Document, anchor: &str, along: &str) -> Vec<(f64, f64)> {
    let texts = document.descendants().filter(|node| node.attribute("text-anchor") == Some(anchor));
    texts.filter_map(|node| Some((node.text()?.trim().parse().ok()?, number(&node, along)))).collect()
}

/// Maps a position on the sheet to a value, by the first and the last tick.
fn inverse(ticks: &[(f64, f64)]) -> impl Fn(f64) -> f64 + use<> {
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    move |place| first.0 + (place - first.1) / (last.1 - first.1) * (last.0 - first.0)
}

#[test]
fn the_points_match_the_axes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (reader, runs) = store(folder.path());
    let out = folder.path().join("loss.svg");
    export(&reader, &runs, &options(&out)).expect("exported");
    let text = std::fs::read_to_string(&out).expect("written");
    let document = roxmltree::Document::parse(&text).expect("it is XML");
    assert_eq!(document.root_element().attribute("width"), Some("85mm"));
    assert!(!text.contains("NaN\"") && !text.contains("inf"));

    let mut down = ticks(&document, "end", "y");
    down.iter_mut().for_each(|(_, y)| *y -= 0.1 * 8.0 * 100.0 * 25.4 / 72.0);
    let (x, y) = (inverse(&ticks(&document, "middle", "x")), inverse(&down));
    let marks = document.descendants().filter(|node| node.has_tag_name("circle"));
    let found: Vec<(f64, f64)> = marks.map(|node| (x(number(&node, "cx")), y(number(&node, "cy")))).collect();
    let truth: Vec<(f64, f64)> =
        (1..).map(f64::from).zip(VALUES).filter(|(_, value)| value.is_finite()).collect();
    assert_eq!(found.len(), truth.len());
    // A PNG pixel, 0.1 mm, in axis units.
    let pixel = ((x(10.0) - x(0.0)).abs(), (y(10.0) - y(0.0)).abs());
    for (found, truth) in found.iter().zip(&truth) {
        assert!(
            (found.0 - truth.0).abs() <= pixel.0 && (found.1 - truth.1).abs() <= pixel.1,
            "{found:?} {truth:?}"
        );
    }
    let colour = "#0072B2";
    let lines: Vec<_> = document
        .descendants()
        .filter(|n| n.has_tag_name("polyline") && n.attribute("stroke") == Some(colour))
        .filter(|n| n.attribute("points").is_some_and(|points| points.split(' ').count() > 4))
        .collect();
    assert_eq!(lines.len(), 2, "the line breaks at the NaN");
    assert!(document.descendants().any(|n| n.text().is_some_and(|t| t.trim() == "NaN at step 5")), "{text}");
    assert!(document.descendants().any(|n| n.text().is_some_and(|t| t.contains("one <&\" run"))));
}

#[test]
fn nothing_is_drawn_outside_the_sheet() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip-lab.db");
    for (i, scale) in [1.0, 1e-3, 1e3].iter().enumerate() {
        let name = format!("a run with a really rather long name that says what it is, number {i}");
        record(&path, &name, &VALUES.map(|value| value * scale));
    }
    let reader = Reader::open(&path).expect("the store exists");
    let runs = reader.runs().expect("readable");
    let out = folder.path().join("loss.svg");
    export(&reader, &runs, &ExportOptions { y: clip_lab_chart::figure::Form::Log, ..options(&out) })
        .expect("exported");
    let text = std::fs::read_to_string(&out).expect("written");
    let document = roxmltree::Document::parse(&text).expect("it is XML");
    for node in document.descendants().filter(|node| node.has_tag_name("polyline")) {
        for point in node.attribute("points").unwrap_or_default().split_whitespace() {
            let (x, y) = point.split_once(',').expect("x,y");
            let (x, y): (f64, f64) = (x.parse().expect("a number"), y.parse().expect("a number"));
            assert!((0.0..=8500.0).contains(&x) && (0.0..=6000.0).contains(&y), "{point}");
        }
    }
}

#[test]
fn the_same_data_give_the_same_bytes_and_text_is_drawn_without_fonts() {
    let folder = tempfile::tempdir().expect("a folder");
    let (reader, runs) = store(folder.path());
    for ending in ["svg", "png", "pdf", "csv", "parquet"] {
        let outs = [folder.path().join(format!("a.{ending}")), folder.path().join(format!("b.{ending}"))];
        let bytes = outs.map(|out| {
            export(&reader, &runs, &options(&out)).expect("exported");
            std::fs::read(out).expect("written")
        });
        assert_eq!(bytes[0], bytes[1], "{ending}");
    }
    let png = std::fs::read(folder.path().join("a.png")).expect("written");
    let image = resvg::tiny_skia::Pixmap::decode_png(&png).expect("an image");
    assert_eq!(image.width(), 850);
    // Only the title is in the top rows: dark pixels there are text.
    let ink = image.pixels()[..image.pixels().len() / 14].iter().filter(|pixel| pixel.red() < 128).count();
    assert!(ink > 50, "{ink} dark pixels");
}

#[test]
fn csv_holds_every_point_as_it_was_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (reader, runs) = store(folder.path());
    let out = folder.path().join("loss.csv");
    export(&reader, &runs, &options(&out)).expect("exported");
    let mut csv = csv::Reader::from_path(&out).expect("readable");
    let heads = csv.headers().expect("a heading").iter().collect::<Vec<_>>().join(",");
    assert_eq!(heads, "run,name,metric,step,epoch,samples,wall_s,active_s,value");
    let values: Vec<f64> =
        csv.records().map(|r| r.expect("a record")[8].parse().expect("a number")).collect();
    assert_eq!(values.len(), VALUES.len());
    assert!(values.iter().zip(VALUES).all(|(a, b)| *a == b || (a.is_nan() && b.is_nan())), "{values:?}");
}

#[test]
fn impossible_exports_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let (reader, runs) = store(folder.path());
    let error = |options: ExportOptions, runs: &[RunRow]| {
        export(&reader, runs, &options).expect_err("refused").to_string()
    };
    let good = options(&folder.path().join("a.svg"));
    insta::assert_snapshot!(
        [
            error(good.clone(), &[]),
            error(ExportOptions { metrics: Vec::new(), ..good.clone() }, &runs),
            error(ExportOptions { out: "chart.gif".into(), ..good.clone() }, &runs),
            error(ExportOptions { size: Size { width_mm: 1.0, ..good.size }, ..good.clone() }, &runs),
            error(ExportOptions { out: "no/such/folder/a.csv".into(), ..good.clone() }, &runs),
        ]
        .join("\n")
    );
    let report = error(ExportOptions { metrics: vec!["train/los".to_string()], ..good }, &runs);
    assert!(report.contains("train/los"), "{report}");
}
