//! From the weights as trained to their moving average: a slope for each arm.

use anyhow::{Result, ensure};

use super::{
    super::{
        frame::Frame,
        scene::{INK, Role, Scene, Side},
        type_size::{PT, SLACK, TEXT, shortened, widest},
    },
    bars::{Value, extent, standing},
};
use crate::{
    figure::{Form, Scale, Tick, Unit, spread, ticks},
    palette::PAPER,
};

/// An arm with both.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// Its name, with the number of runs.
    pub name: String,
    /// Mean of the weights as trained.
    pub raw: Value,
    /// Mean of their average.
    pub ema: Value,
    /// Both, seed by seed.
    pub seeds: Vec<(f64, f64)>,
}

/// The slopes, names at their right ends.
///
/// # Errors
/// When no arm has both, or the size is unusable.
pub fn ema(slopes: &[Slope], title: &str, size: super::super::Size) -> Result<Scene> {
    size.check()?;
    let (wide, high) = (size.width_mm, size.height_mm);
    let values = slopes
        .iter()
        .flat_map(|s| s.raw.ends().chain(s.ema.ends()).chain(s.seeds.iter().flat_map(|p| [p.0, p.1])));
    let Some((low, top)) = extent(values) else {
        anyhow::bail!("no arm has been evaluated with both the weights as trained and their moving average")
    };
    let y = Scale::over(low, top, Form::Linear).padded(0.05);
    let rows = Frame::within(&y, ticks(&y, Unit::Number, (high / 12.0) as usize));
    let left = widest(rows.iter().map(|tick| tick.label.as_str()))? + 2.5;
    let room = (widest(slopes.iter().map(|slope| slope.name.as_str()))? * SLACK + 6.0).min(wide * 0.45);
    let x = Scale::over(-0.25, 1.12, Form::Linear);
    let frame = Frame { left, right: wide - room, top: 2.2 * TEXT, bottom: high - 2.4 * TEXT, x, y };
    ensure!(frame.right - frame.left >= 15.0 && frame.bottom - frame.top >= 10.0, "the chart is too small");
    let mut scene = Scene::new(title, wide, high);
    scene.words((1.0, 0.9 * TEXT), &shortened(title, wide - 2.0, TEXT)?, INK, Side::Left);
    frame.rows(&mut scene, &rows);
    let columns = [(0.0, "raw"), (1.0, "EMA")].map(|(at, label)| Tick { at, label: label.to_string() });
    frame.columns(&mut scene, &columns, "");
    let ends: Vec<f64> = slopes.iter().map(|slope| frame.held(1.0, slope.ema.value).1).collect();
    let places = spread(&ends, TEXT * 1.25, frame.top - TEXT, frame.bottom + TEXT);
    for (at, (slope, place)) in slopes.iter().zip(places).enumerate() {
        let colour = PAPER[at % PAPER.len()];
        for (raw, ema) in &slope.seeds {
            scene.line(
                Role::Band,
                vec![frame.held(0.0, *raw), frame.held(1.0, *ema)],
                colour.map(|c| c / 2 + 127),
                PT * 0.4,
            );
        }
        let line = vec![frame.held(0.0, slope.raw.value), frame.held(1.0, slope.ema.value)];
        scene.line(Role::Line, line.clone(), colour, PT);
        // Side by side, so that intervals are not drawn over each other.
        let aside = (at as f64 - (slopes.len() as f64 - 1.0) / 2.0) * 0.03;
        standing(&mut scene, &frame, aside, slope.raw, colour);
        standing(&mut scene, &frame, 1.0 + aside, slope.ema, colour);
        if let Some(row) = place {
            let start = frame.right + 1.0;
            scene.line(Role::Leader, vec![(start, row), (start + 2.5, row)], colour, PT * 1.5);
            scene.words(
                (start + 3.5, row),
                &shortened(&slope.name, wide - start - 4.0, TEXT)?,
                INK,
                Side::Left,
            );
        }
    }
    Ok(scene)
}
