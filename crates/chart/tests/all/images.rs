//! Rendered charts, compared perceptually with approved ones, and labels that do not overlap.
//!
//! After an intended change: `UPDATE=1 cargo test -p clip-lab-chart --test all images`, then review `tests/images`.

use std::path::{Path, PathBuf};

use clip_lab_chart::{ExportOptions, Size, export, figure::Form};
use clip_lab_store::{Axis, Reader};
use clip_lab_testing::runs;
use image::{RgbImage, imageops};

/// Side of the blocks that are averaged, which hides antialiasing differences.
const BLOCK: u32 = 4;
/// The smallest visible difference of a channel of a block.
const VISIBLE: u8 = 20;
/// The share of blocks that may differ visibly.
const SHARE: f64 = 0.002;

fn options(out: PathBuf, y: Form) -> ExportOptions {
    ExportOptions {
        metrics: vec!["train/loss".to_string()],
        x: Axis::Step,
        y,
        smooth: 20.0,
        size: Size { width_mm: 85.0, height_mm: 60.0, pixels: 680 },
        out,
        ..ExportOptions::default()
    }
}

fn draw(folder: &Path, y: Form) -> RgbImage {
    let (store, _live) = runs::fixture(folder);
    let reader = Reader::open(&store).expect("the store exists");
    let mut runs = reader.runs().expect("readable");
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    let out = folder.join("chart.png");
    export(&reader, &runs, &options(out.clone(), y)).expect("exported");
    image::open(out).expect("an image").to_rgb8()
}

/// The share of blocks that differ visibly; 1 if the sizes differ.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    if a.dimensions() != b.dimensions() {
        return 1.0;
    }
    let small = |image: &RgbImage| {
        let (wide, high) = (image.width() / BLOCK, image.height() / BLOCK);
        imageops::resize(image, wide, high, imageops::FilterType::Triangle)
    };
    let (a, b) = (small(a), small(b));
    let differ = a.pixels().zip(b.pixels()).filter(|(a, b)| (0..3).any(|i| a[i].abs_diff(b[i]) >= VISIBLE));
    differ.count() as f64 / f64::from(a.width() * a.height())
}

#[test]
fn charts_look_as_approved() {
    for (name, y) in [("loss", Form::Linear), ("loss-log", Form::Log)] {
        let folder = tempfile::tempdir().expect("a folder");
        let drawn = draw(folder.path(), y);
        let approved = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/images/{name}.png"));
        if std::env::var_os("UPDATE").is_some() {
            drawn.save(&approved).expect("written");
        }
        let approved = image::open(&approved).expect("an approved image").to_rgb8();
        let differ = difference(&drawn, &approved);
        assert!(differ <= SHARE, "{name}: {:.2} % of the image differ", 100.0 * differ);
    }
}

/// The comparison detects visible changes only.
#[test]
fn the_comparison_detects_a_changed_chart() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let (linear, log) = (draw(folders[0].path(), Form::Linear), draw(folders[1].path(), Form::Log));
    assert!(difference(&linear, &log) > 5.0 * SHARE);
    let mut softer = linear.clone();
    softer.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|c| c.saturating_sub(2)));
    assert!(difference(&linear, &softer) <= SHARE);
    let mut moved = linear.clone();
    imageops::replace(&mut moved, &linear, 0, 6);
    assert!(difference(&linear, &moved) > 5.0 * SHARE, "six pixels are seen");
}

#[test]
fn labels_do_not_overlap() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _live) = runs::fixture(folder.path());
    let reader = Reader::open(&store).expect("the store exists");
    let runs = reader.runs().expect("readable");
    let out = folder.path().join("chart.svg");
    export(&reader, &runs, &options(out.clone(), Form::Linear)).expect("exported");
    let text = std::fs::read_to_string(out).expect("written");
    let document = roxmltree::Document::parse(&text).expect("it is XML");
    let of = |node: &roxmltree::Node, name| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    let mut labels: Vec<(f64, f64)> = document
        .descendants()
        .filter(|node| node.text().is_some_and(|text| text.trim().starts_with("lit-")))
        .filter(|node| of(node, "x").is_some_and(|x| x > 4250.0))
        .filter_map(|node| Some((of(&node, "y")?, of(&node, "font-size")?)))
        .collect();
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(labels.len(), runs.len(), "every line has its label: {text}");
    // The height of letters is 0.93 of the size at the most in this font.
    assert!(labels.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 0.93 * pair[0].1), "{labels:?}");
}
