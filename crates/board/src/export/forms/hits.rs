//! The share of queries with a hit among the first k, a small picture for each arm, the reference behind all of them.

use anyhow::{Result, ensure};

use super::{
    super::{
        frame::Frame,
        scene::{GREY, INK, Role, Scene, Side},
        type_size::{PT, SLACK, TEXT, shortened, widest},
    },
    bars::{Value, extent, standing},
};
use crate::{
    figure::{Form, Scale, Tick, Unit, spread, ticks},
    palette::PAPER,
};

/// Height of a small picture.
const HIGH: f64 = 30.0;

/// One arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Its name, with the number of runs.
    pub name: String,
    /// Whether it is drawn behind the others.
    pub reference: bool,
    /// By direction or suite: `t2i`, `i2t`, `zero-shot`; then k and the share in percent.
    pub lines: Vec<(String, Vec<(u32, Value)>)>,
}

/// The arms side by side, the same axes for all.
///
/// # Errors
/// When the sheet is too narrow, or there is nothing to draw.
pub fn hits(arms: &[Arm], wide: f64) -> Result<Scene> {
    let ks = known(arms);
    ensure!(!ks.is_empty(), "no arm has a metric such as test/retrieval/t2i/hit@1 or test/zero_shot/top5");
    let words: Vec<&str> = arms.iter().flat_map(|arm| &arm.lines).map(|(name, _)| name.as_str()).collect();
    let room = widest(words.iter().copied())? * SLACK + 3.0;
    let across = ((wide / (24.0 + room)) as usize).clamp(1, arms.len().max(1));
    let down = arms.len().div_ceil(across);
    let high = down as f64 * (HIGH + 2.0 * TEXT + 2.0) + 4.2 * TEXT;
    let mut scene = Scene::new("hits among the first k by arm", wide, high);
    scene.words((1.0, 0.9 * TEXT), "queries with a hit (%) ↑", INK, Side::Left);
    let y = vertical(arms);
    let left = 9.0;
    let cell = (wide - left) / across as f64;
    ensure!(
        cell - room >= 12.0,
        "no room for the curves beside the labels: make the chart wider than {wide} mm"
    );
    for (at, arm) in arms.iter().enumerate() {
        let (column, row) = (at % across, at / across);
        let top = 3.6 * TEXT + row as f64 * (HIGH + 2.0 * TEXT + 2.0);
        let start = left + column as f64 * cell;
        let x = Scale::over(-0.4, ks.len() as f64 - 0.6, Form::Linear);
        let frame = Frame { left: start, right: start + cell - room, top, bottom: top + HIGH, x, y };
        let title = if row + 1 == down || at + across >= arms.len() { "k" } else { "" };
        axes(&mut scene, &frame, &ks, column == 0, title);
        scene.words((start, top - 0.8 * TEXT), &shortened(&arm.name, cell - 1.0, TEXT)?, INK, Side::Left);
        for other in arms.iter().filter(|other| other.reference && !arm.reference) {
            behind(&mut scene, &frame, other, &ks, &kinds(arms));
        }
        curves(&mut scene, &frame, arm, &ks, &kinds(arms));
    }
    Ok(scene)
}

/// Every k, rising.
fn known(arms: &[Arm]) -> Vec<u32> {
    let mut ks: Vec<u32> =
        arms.iter().flat_map(|arm| &arm.lines).flat_map(|(_, points)| points).map(|(k, _)| *k).collect();
    ks.sort_unstable();
    ks.dedup();
    ks
}

/// Every direction, in the order in which they come first.
fn kinds(arms: &[Arm]) -> Vec<&str> {
    let mut kinds: Vec<&str> = Vec::new();
    for (name, _) in arms.iter().flat_map(|arm| &arm.lines) {
        if !kinds.contains(&name.as_str()) {
            kinds.push(name);
        }
    }
    kinds
}

fn vertical(arms: &[Arm]) -> Scale {
    let values = arms.iter().flat_map(|arm| &arm.lines).flat_map(|(_, points)| points);
    let (low, high) = extent(values.flat_map(|(_, value)| value.ends()).chain([0.0])).unwrap_or((0.0, 100.0));
    Scale::over(low, high * 1.03, Form::Linear)
}

fn axes(scene: &mut Scene, frame: &Frame, ks: &[u32], labelled: bool, title: &str) {
    let mut rows = Frame::within(&frame.y, ticks(&frame.y, Unit::Number, 4));
    if !labelled {
        rows.iter_mut().for_each(|tick| tick.label.clear());
    }
    frame.rows(scene, &rows);
    let columns: Vec<Tick> =
        ks.iter().enumerate().map(|(at, k)| Tick { at: at as f64, label: k.to_string() }).collect();
    frame.columns(scene, &columns, title);
}

fn place(ks: &[u32], k: u32) -> f64 {
    ks.iter().position(|known| *known == k).unwrap_or(0) as f64
}

/// How far the direction `name` stands beside its k, so that intervals of several directions do not hide each other.
fn aside(kinds: &[&str], name: &str) -> f64 {
    let at = kinds.iter().position(|known| *known == name).unwrap_or(0) as f64;
    let step = (0.5 / kinds.len().max(1) as f64).min(0.18);
    (at - (kinds.len().saturating_sub(1) as f64) / 2.0) * step
}

fn line(frame: &Frame, points: &[(u32, Value)], ks: &[u32], aside: f64) -> Vec<(f64, f64)> {
    let drawn = points.iter().filter(|(_, value)| value.is_finite());
    drawn.map(|(k, value)| frame.held(place(ks, *k) + aside, value.value)).collect()
}

fn behind(scene: &mut Scene, frame: &Frame, arm: &Arm, ks: &[u32], kinds: &[&str]) {
    for (name, points) in &arm.lines {
        scene.line(Role::Band, line(frame, points, ks, aside(kinds, name)), [0xBB, 0xBB, 0xBB], PT * 0.8);
    }
}

fn curves(scene: &mut Scene, frame: &Frame, arm: &Arm, ks: &[u32], kinds: &[&str]) {
    let colour = |name: &str| PAPER[kinds.iter().position(|known| *known == name).unwrap_or(0) % PAPER.len()];
    let mut ends = Vec::new();
    for (name, points) in &arm.lines {
        let aside = aside(kinds, name);
        let places = line(frame, points, ks, aside);
        ends.push(places.last().map_or(frame.bottom, |place| place.1));
        scene.line(Role::Line, places, colour(name), PT);
        for (k, value) in points {
            standing(scene, frame, place(ks, *k) + aside, *value, colour(name));
        }
    }
    let places = spread(&ends, TEXT * 1.2, frame.top - TEXT, frame.bottom + TEXT);
    for ((name, _), row) in arm.lines.iter().zip(places) {
        if let Some(row) = row {
            let ink = if colour(name) == PAPER[1] { [0x9A, 0x66, 0x00] } else { colour(name) };
            scene.words((frame.right + 1.0, row), name, ink, Side::Left);
        }
    }
    if arm.reference {
        scene.words((frame.left + 1.0, frame.top + 0.6 * TEXT), "reference", GREY, Side::Left);
    }
}
