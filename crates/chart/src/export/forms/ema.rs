//! Raw weights against EMA weights: a slope per arm.

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

/// An arm evaluated with raw and EMA weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// Its name, with the number of runs.
    pub name: String,
    /// Mean over seeds with raw weights.
    pub raw: Value,
    /// Mean over seeds with EMA weights.
    pub ema: Value,
    /// Raw and EMA value of each seed.
    pub seeds: Vec<(f64, f64)>,
}

/// Draws the slopes with names on the right.
///
/// # Errors
/// If no arm has both values, or the size is invalid.
pub fn ema(slopes: &[Slope], title: &str, size: super::super::Size) -> Result<Scene> {
    size.check()?;
    let (wide, high) = (size.width_mm, size.height_mm);
    let values = slopes
        .iter()
        .flat_map(|s| s.raw.ends().chain(s.ema.ends()).chain(s.seeds.iter().flat_map(|p| [p.0, p.1])));
    let Some((low, top)) = extent(values) else {
        anyhow::bail!("no arm has been evaluated with both raw and EMA weights")
    };
    let y = Scale::over(low, top, Form::Linear).padded(0.05);
    let rows = Frame::within(&y, ticks(&y, Unit::Number, (high / 12.0) as usize));
    let left = widest(rows.iter().map(|tick| tick.label.as_str()))? + 2.5;
    let room = (widest(slopes.iter().map(|slope| slope.name.as_str()))? * SLACK + 6.0).min(wide * 0.45);
    let x = Scale::over(-0.25, 1.12, Form::Linear);
    let frame = Frame { left, right: wide - room, top: 2.2 * TEXT, bottom: high - 2.4 * TEXT, x, y };
    ensure!(frame.right - frame.left >= 15.0 && frame.bottom - frame.top >= 10.0, "the chart is too small");
    let mut scene = Scene::new(title, wide, high);
    scene.text((1.0, 0.9 * TEXT), &shortened(title, wide - 2.0, TEXT)?, INK, Anchor::Left);
    frame.rows(&mut scene, &rows);
    let columns = [(0.0, "raw"), (1.0, "EMA")].map(|(at, label)| Tick { at, label: label.to_string() });
    frame.columns(&mut scene, &columns, "");
    let ends: Vec<f64> = slopes.iter().map(|slope| frame.clamped(1.0, slope.ema.value).1).collect();
    let places = place_labels(&ends, TEXT * 1.25, frame.top - TEXT, frame.bottom + TEXT);
    for (at, (slope, place)) in slopes.iter().zip(places).enumerate() {
        let colour = PAPER[at % PAPER.len()];
        for (raw, ema) in &slope.seeds {
            scene.line(
                Role::Band,
                vec![frame.clamped(0.0, *raw), frame.clamped(1.0, *ema)],
                colour.map(|c| c / 2 + 127),
                PT * 0.4,
            );
        }
        let line = vec![frame.clamped(0.0, slope.raw.value), frame.clamped(1.0, slope.ema.value)];
        scene.line(Role::Line, line.clone(), colour, PT);
        // Side by side, so that intervals do not overlap.
        let offset = (at as f64 - (slopes.len() as f64 - 1.0) / 2.0) * 0.03;
        vertical(&mut scene, &frame, offset, slope.raw, colour);
        vertical(&mut scene, &frame, 1.0 + offset, slope.ema, colour);
        if let Some(row) = place {
            let start = frame.right + 1.0;
            scene.line(Role::Leader, vec![(start, row), (start + 2.5, row)], colour, PT * 1.5);
            scene.text(
                (start + 3.5, row),
                &shortened(&slope.name, wide - start - 4.0, TEXT)?,
                INK,
                Anchor::Left,
            );
        }
    }
    Ok(scene)
}
