//! Learning rate by layer.

use anyhow::{Result, ensure};

use super::{
    super::{
        frame::Frame,
        scene::{Anchor, INK, Role, Scene},
        type_size::{PT, SLACK, SMALL, TEXT, shortened, widest},
    },
    intervals::extent,
};
use crate::{
    figure::{Form, Scale, Unit, place_labels, ticks},
    palette::PAPER,
};

/// Height of a row.
const ROW: f64 = 3.4;

/// The learning rates of an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// The arm.
    pub name: String,
    /// The peak rate of each layer; a single rate with an empty name applies to all layers.
    pub rates: Vec<(String, f64)>,
}

/// Draws layers from input (bottom) to output (top), a line per arm.
///
/// # Errors
/// If no arm has rates by layer, or the sheet is too narrow.
pub fn layers(arms: &[Rates], wide: f64) -> Result<Scene> {
    let layers = ordered(arms);
    ensure!(
        !layers.is_empty(),
        "no run has learning rates by layer, train/lr/...: the trick layer_decay records them"
    );
    let (low, high) =
        extent(arms.iter().flat_map(|arm| &arm.rates).map(|(_, rate)| *rate).filter(|rate| *rate > 0.0))
            .unwrap_or((1e-4, 1e-3));
    let x = Scale::over(low, high, Form::Log).padded(0.04);
    let left = (widest(layers.iter().map(String::as_str))? * SLACK * SMALL / TEXT + 3.0).min(wide * 0.4);
    let n = layers.len() as f64;
    let (top, bottom) = (3.6 * TEXT, 3.6 * TEXT + n * ROW);
    let frame = Frame { left, right: wide - 5.0, top, bottom, x, y: Scale::over(0.0, n, Form::Linear) };
    ensure!(
        frame.right - frame.left >= 20.0,
        "no room for the rates beside the layers: make the chart wider than {wide} mm"
    );
    let mut scene = Scene::new("learning rate by layer", wide, bottom + 3.4 * TEXT);
    scene.text((1.0, 0.9 * TEXT), "layer, input below", INK, Anchor::Left);
    let columns = Frame::within(&x, ticks(&x, Unit::Number, (wide / 18.0) as usize));
    frame.vertical_lines(&mut scene, &columns);
    frame.columns(&mut scene, &columns, "peak learning rate");
    for (at, layer) in layers.iter().enumerate() {
        let row = frame.at(low, at as f64 + 0.5).1;
        scene.sized_text(
            (left - 1.2, row),
            &shortened(layer, left - 2.0, SMALL)?,
            SMALL,
            super::super::scene::GREY,
            Anchor::Right,
        );
    }
    for (at, arm) in arms.iter().enumerate() {
        draw(&mut scene, &frame, arm, &layers, PAPER[at % PAPER.len()]);
    }
    names(&mut scene, &frame, arms, &layers)?;
    Ok(scene)
}

/// Draws a line over the arm's layers; vertical if one rate applies to all.
fn draw(scene: &mut Scene, frame: &Frame, arm: &Rates, layers: &[String], colour: [u8; 3]) {
    let valid: Vec<&(String, f64)> =
        arm.rates.iter().filter(|(_, rate)| rate.is_finite() && *rate > 0.0).collect();
    if let [(name, rate)] = valid[..]
        && name.is_empty()
    {
        let line = vec![frame.clamped(*rate, 0.0), frame.clamped(*rate, layers.len() as f64)];
        scene.line(Role::Line, line, colour, PT);
        return;
    }
    let place = |name: &str| layers.iter().position(|layer| layer == name).map(|at| at as f64 + 0.5);
    let mut places: Vec<(f64, f64)> =
        valid.iter().filter_map(|(name, rate)| Some((place(name)?, *rate))).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let line: Vec<(f64, f64)> = places.iter().map(|(row, rate)| frame.clamped(*rate, *row)).collect();
    line.iter().for_each(|place| scene.dot(*place, 0.6, colour));
    scene.line(Role::Line, line, colour, PT);
}

/// Draws names above the upper ends of the lines, spread to avoid overlap in the order of the rates.
fn names(scene: &mut Scene, frame: &Frame, arms: &[Rates], layers: &[String]) -> Result<()> {
    let end = |arm: &Rates| {
        let last = layers
            .iter()
            .rev()
            .find_map(|layer| arm.rates.iter().find(|(name, _)| name == layer || name.is_empty()));
        last.map_or(frame.right, |(_, rate)| frame.clamped(*rate, 0.0).0)
    };
    let labels: Vec<String> =
        arms.iter().map(|arm| shortened(&arm.name, 30.0, TEXT)).collect::<Result<_>>()?;
    let room = widest(labels.iter().map(String::as_str))? * SLACK + 3.0;
    let places = place_labels(&arms.iter().map(end).collect::<Vec<_>>(), room, 1.0, scene.wide - 1.0);
    for (at, (label, place)) in labels.iter().zip(places).enumerate() {
        let colour = PAPER[at % PAPER.len()];
        if let Some(middle) = place {
            let row = frame.top - 1.2 * TEXT;
            scene.text((middle, row), label, INK, Anchor::Middle);
            let foot = (end(&arms[at]), frame.top);
            scene.line(Role::Leader, vec![(middle, row + 0.6 * TEXT), foot], colour, PT * 0.5);
        }
    }
    Ok(())
}

/// The layers of all arms from input to output, inferred from their names: by tower, then input layers, blocks by number,
/// and the rest.
fn ordered(arms: &[Rates]) -> Vec<String> {
    let mut layers: Vec<String> = arms
        .iter()
        .flat_map(|arm| &arm.rates)
        .map(|(name, _)| name.clone())
        .filter(|name| !name.is_empty())
        .collect();
    layers.sort_by_key(|name| key(name));
    layers.dedup();
    layers
}

/// Sort key: tower, depth, numbers, name.
fn key(name: &str) -> (u8, String, u8, Vec<u32>, String) {
    let tower = name.split('.').next().unwrap_or_default();
    let numbers: Vec<u32> = name.split('.').filter_map(|part| part.parse().ok()).collect();
    let input =
        ["stem", "embed", "patch", "token", "position", "class"].iter().any(|word| name.contains(word));
    let depth = if !numbers.is_empty() { 1 } else { 2 * u8::from(!input) };
    let last = u8::from(!matches!(tower, "image" | "text"));
    (last, tower.to_string(), depth, numbers, name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_stand_from_input_to_output() {
        let names = [
            "classifier",
            "image.stages.1.0",
            "image.stages.0.10",
            "image.stem",
            "image.norm",
            "image.stages.0.2",
        ];
        let rates = names.iter().map(|name| (name.to_string(), 1.0)).collect();
        let found = ordered(&[Rates { name: "a".to_string(), rates }]);
        let order = [
            "image.stem",
            "image.stages.0.2",
            "image.stages.0.10",
            "image.stages.1.0",
            "image.norm",
            "classifier",
        ];
        assert_eq!(found, order);
    }
}
