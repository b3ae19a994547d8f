//! Time by phase: a stacked bar per arm.

use anyhow::{Result, ensure};

use super::super::{
    font::width,
    frame::Frame,
    scene::{Anchor, GREY, INK, Role, Scene},
    type_size::{SLACK, TEXT, shortened, widest},
};
use crate::{
    figure::{Form, Scale, Unit, span, ticks},
    palette::PAPER,
};

/// Height of a row.
const ROW: f64 = 6.0;

/// An arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name, with the number of runs.
    pub name: String,
    /// Seconds per phase, in the order of the names passed to [`phases`].
    pub seconds: Vec<f64>,
}

/// Draws the bars; `names` are the phases.
///
/// # Errors
/// If no time is recorded, or the sheet is too narrow.
pub fn phases(bars: &[Bar], names: &[String], wide: f64) -> Result<Scene> {
    let total = |bar: &Bar| bar.seconds.iter().filter(|s| s.is_finite() && **s > 0.0).sum::<f64>();
    let longest = bars.iter().map(total).fold(0.0, f64::max);
    ensure!(longest > 0.0, "no run has recorded phase times such as time/update_s");
    let left = (widest(bars.iter().map(|bar| bar.name.as_str()))? * SLACK + 3.0).min(wide * 0.35);
    let right = width("00m00s", TEXT)? * SLACK + 3.0;
    ensure!(wide - left - right >= 15.0, "no room for the bars: make the chart wider than {wide} mm");
    let mut scene = Scene::new("time by phase", wide, 0.0);
    let top = legend(&mut scene, names, wide)?;
    let bottom = top + bars.len() as f64 * ROW;
    scene.high = bottom + 3.4 * TEXT;
    let x = Scale::over(0.0, longest, Form::Linear);
    let y = Scale::over(0.0, bars.len() as f64, Form::Linear);
    let frame = Frame { left, right: wide - right, top, bottom, x, y };
    let columns = Frame::within(&x, ticks(&x, Unit::Seconds, ((wide - left - right) / 15.0) as usize));
    frame.vertical_lines(&mut scene, &columns);
    frame.columns(&mut scene, &columns, "active time, mean over runs");
    for (at, bar) in bars.iter().enumerate() {
        let row = bars.len() as f64 - at as f64;
        let (_, middle) = frame.at(0.0, row - 0.5);
        scene.text((left - 1.5, middle), &shortened(&bar.name, left - 2.5, TEXT)?, INK, Anchor::Right);
        let mut start = 0.0;
        for (phase, seconds) in bar.seconds.iter().enumerate().filter(|(_, s)| s.is_finite() && **s > 0.0) {
            let (a, b) = (frame.at(start, row - 0.18), frame.at(start + seconds, row - 0.82));
            let corners = vec![a, (b.0, a.1), b, (a.0, b.1)];
            scene.area(Role::Mark, corners, colour(phase, names), 1.0);
            start += seconds;
        }
        scene.text((frame.at(start, row).0 + 1.5, middle), &span(start), GREY, Anchor::Left);
    }
    Ok(scene)
}

/// Time outside any phase is grey.
fn colour(phase: usize, names: &[String]) -> [u8; 3] {
    if names.get(phase).is_some_and(|name| name == "other") {
        [0xC8, 0xC8, 0xC8]
    } else {
        PAPER[phase % PAPER.len()]
    }
}

/// Draws the legend in as many lines as needed; returns its bottom.
fn legend(scene: &mut Scene, names: &[String], wide: f64) -> Result<f64> {
    let (mut x, mut y) = (1.0, 0.9 * TEXT);
    for (phase, name) in names.iter().enumerate() {
        let room = width(name, TEXT)? * SLACK + 6.5;
        if x > 1.0 && x + room > wide {
            (x, y) = (1.0, y + 1.4 * TEXT);
        }
        let (high, low) = (y - 0.4 * TEXT, y + 0.4 * TEXT);
        scene.area(
            Role::Axis,
            vec![(x, high), (x + 2.5, high), (x + 2.5, low), (x, low)],
            colour(phase, names),
            1.0,
        );
        scene.text((x + 3.5, y), &shortened(name, wide - 5.0, TEXT)?, INK, Anchor::Left);
        x += room;
    }
    Ok(y + TEXT)
}
