//! hit@k over k: small multiples, one per arm, with the reference in the background.

use anyhow::{Result, ensure};

use super::{
    super::{
        frame::Frame,
        scene::{Anchor, INK, Role, Scene},
        type_size::{PT, SLACK, TEXT, shortened, widest},
    },
    intervals::{Value, extent, vertical},
};
use crate::{
    figure::{Form, Scale, Tick, Unit, place_labels, ticks},
    palette::PAPER,
};

/// Height of a panel.
const HIGH: f64 = 30.0;

/// One arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Its name, with the number of runs.
    pub name: String,
    /// Whether it is the reference.
    pub reference: bool,
    /// By direction or suite (`t2i`, `i2t`, `zero-shot`): k and the share in percent.
    pub lines: Vec<(String, Vec<(u32, Value)>)>,
}

/// Draws the arms side by side with common axes.
///
/// # Errors
/// If the sheet is too narrow, or there is nothing to draw.
pub fn hits(arms: &[Arm], wide: f64) -> Result<Scene> {
    let ks = all_ks(arms);
    ensure!(!ks.is_empty(), "no arm has a metric such as test/retrieval/t2i/hit@1 or test/zero_shot/top5");
    let texts: Vec<&str> = arms.iter().flat_map(|arm| &arm.lines).map(|(name, _)| name.as_str()).collect();
    let room = widest(texts.iter().copied())? * SLACK + 3.0;
    let across = ((wide / (24.0 + room)) as usize).clamp(1, arms.len().max(1));
    let down = arms.len().div_ceil(across);
    let high = down as f64 * (HIGH + 2.0 * TEXT + 2.0) + 4.2 * TEXT;
    let mut scene = Scene::new("hit@k by arm", wide, high);
    scene.text((1.0, 0.9 * TEXT), &shortened(&heading(arms), wide - 2.0, TEXT)?, INK, Anchor::Left);
    let y = y_scale(arms);
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
        scene.text((start, top - 0.8 * TEXT), &title_of(arm, cell - 1.0)?, INK, Anchor::Left);
        for other in arms.iter().filter(|other| other.reference && !arm.reference) {
            background(&mut scene, &frame, other, &ks, &directions(arms));
        }
        curves(&mut scene, &frame, arm, &ks, &directions(arms));
    }
    Ok(scene)
}

/// The vertical axis, and the meaning of grey lines if there are any.
fn heading(arms: &[Arm]) -> String {
    let reference = arms.iter().find(|arm| arm.reference && arms.len() > 1);
    let grey = reference.map_or_else(String::new, |arm| format!(" · grey: {}", arm.name));
    format!("queries with a hit (%) ↑{grey}")
}

/// The name of an arm, shortened to `room`, with a mark at the reference.
fn title_of(arm: &Arm, room: f64) -> Result<String> {
    let mark = if arm.reference { " (reference)" } else { "" };
    Ok(shortened(&arm.name, room - widest([mark].into_iter())?, TEXT)? + mark)
}

/// Every k, ascending.
fn all_ks(arms: &[Arm]) -> Vec<u32> {
    let mut ks: Vec<u32> =
        arms.iter().flat_map(|arm| &arm.lines).flat_map(|(_, points)| points).map(|(k, _)| *k).collect();
    ks.sort_unstable();
    ks.dedup();
    ks
}

/// Every direction, in order of first appearance.
fn directions(arms: &[Arm]) -> Vec<&str> {
    let mut directions: Vec<&str> = Vec::new();
    for (name, _) in arms.iter().flat_map(|arm| &arm.lines) {
        if !directions.contains(&name.as_str()) {
            directions.push(name);
        }
    }
    directions
}

fn y_scale(arms: &[Arm]) -> Scale {
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
    ks.iter().position(|other| *other == k).unwrap_or(0) as f64
}

/// Horizontal offset of the direction `name`, so that intervals of several directions do not overlap.
fn offset(directions: &[&str], name: &str) -> f64 {
    let at = directions.iter().position(|other| *other == name).unwrap_or(0) as f64;
    let step = (0.5 / directions.len().max(1) as f64).min(0.18);
    (at - (directions.len().saturating_sub(1) as f64) / 2.0) * step
}

fn line(frame: &Frame, points: &[(u32, Value)], ks: &[u32], offset: f64) -> Vec<(f64, f64)> {
    let drawn = points.iter().filter(|(_, value)| value.is_finite());
    drawn.map(|(k, value)| frame.clamped(place(ks, *k) + offset, value.value)).collect()
}

fn background(scene: &mut Scene, frame: &Frame, arm: &Arm, ks: &[u32], directions: &[&str]) {
    for (name, points) in &arm.lines {
        scene.line(
            Role::Band,
            line(frame, points, ks, offset(directions, name)),
            [0xBB, 0xBB, 0xBB],
            PT * 0.8,
        );
    }
}

fn curves(scene: &mut Scene, frame: &Frame, arm: &Arm, ks: &[u32], directions: &[&str]) {
    let colour =
        |name: &str| PAPER[directions.iter().position(|other| *other == name).unwrap_or(0) % PAPER.len()];
    let mut ends = Vec::new();
    for (name, points) in &arm.lines {
        let shift = offset(directions, name);
        let places = line(frame, points, ks, shift);
        ends.push(places.last().map_or(frame.bottom, |place| place.1));
        scene.line(Role::Line, places, colour(name), PT);
        for (k, value) in points {
            vertical(scene, frame, place(ks, *k) + shift, *value, colour(name));
        }
    }
    let places = place_labels(&ends, TEXT * 1.2, frame.top - TEXT, frame.bottom + TEXT);
    for ((name, _), row) in arm.lines.iter().zip(places) {
        if let Some(row) = row {
            let ink = if colour(name) == PAPER[1] { [0x9A, 0x66, 0x00] } else { colour(name) };
            scene.text((frame.right + 1.0, row), name, ink, Anchor::Left);
        }
    }
}
