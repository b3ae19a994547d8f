//! Forest plot: differences from the reference with confidence intervals, a block per metric.

use anyhow::{Result, ensure};

use super::{
    super::{
        frame::Frame,
        scene::{Anchor, GREY, INK, Role, Scene},
        type_size::{SLACK, TEXT, shortened, widest},
    },
    intervals::{Value, extent, horizontal},
};
use crate::{
    figure::{Form, Scale, Unit, ticks},
    palette::PAPER,
};

/// Height of a row.
const ROW: f64 = 5.0;

/// Differences by one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Display name of the metric, such as `test t2i hit@1`.
    pub title: String,
    /// Unit of the differences; blocks of the same unit share an axis.
    pub unit: String,
    /// ` ↑`, ` ↓`, or nothing.
    pub arrow: &'static str,
    /// The arms with their differences, if there are any.
    pub rows: Vec<(String, Option<Value>)>,
}

/// The title of differences: what is subtracted from what.
pub fn difference_title(reference: &str) -> String {
    format!("Difference from {reference} (arm minus {reference})")
}

/// Draws the blocks stacked; blocks of the same unit share an axis.
///
/// # Errors
/// If the sheet is too narrow, or there is no difference.
pub fn forest(blocks: &[Block], reference: &str, wide: f64) -> Result<Scene> {
    let any = blocks.iter().flat_map(|block| &block.rows).any(|(_, value)| value.is_some());
    ensure!(any, "there is no difference from `{reference}` to draw: no other arm has a finished run");
    let names = blocks.iter().flat_map(|block| &block.rows).map(|(name, _)| name.as_str());
    let left = (widest(names)? * SLACK + 4.0).min(wide * 0.35);
    let texts_of = |block: &Block| -> Vec<String> {
        let x = scale(blocks, &block.unit);
        block.rows.iter().map(|(_, value)| formatted(*value, x)).collect()
    };
    let texts: Vec<String> = blocks.iter().flat_map(texts_of).collect();
    let right = widest(texts.iter().map(String::as_str))? * SLACK + 4.0;
    ensure!(wide - left - right >= 15.0, "no room for the differences: make the chart wider than {wide} mm");
    let mut scene = Scene::new(&difference_title(reference), wide, height(blocks));
    let mut top = 1.0;
    for (at, block) in blocks.iter().enumerate() {
        let last = blocks.get(at + 1).is_none_or(|next| next.unit != block.unit);
        top =
            draw(&mut scene, block, scale(blocks, &block.unit), (left, wide - right, top), reference, last)?;
    }
    Ok(scene)
}

/// The common axis of all blocks of a unit, including zero.
fn scale(blocks: &[Block], unit: &str) -> Scale {
    let same = blocks.iter().filter(|block| block.unit == unit);
    let values = same.flat_map(|block| &block.rows).filter_map(|(_, value)| *value);
    let (low, high) = extent(values.flat_map(Value::ends).chain([0.0])).unwrap_or((0.0, 1.0));
    Scale::over(low, high, Form::Linear).padded(0.06)
}

fn height(blocks: &[Block]) -> f64 {
    let rows: usize = blocks.iter().map(|block| block.rows.len() + 1).sum();
    let axes = blocks.windows(2).filter(|pair| pair[0].unit != pair[1].unit).count() + 1;
    1.0 + rows as f64 * ROW + blocks.len() as f64 * 1.5 + axes as f64 * (3.4 * TEXT)
}

/// Draws a block at `top`; returns the top of the next one.
fn draw(
    scene: &mut Scene,
    block: &Block,
    x: Scale,
    (left, right, top): (f64, f64, f64),
    reference: &str,
    last: bool,
) -> Result<f64> {
    let n = block.rows.len() as f64;
    scene.text((1.0, top + ROW / 2.0), &format!("{}{}", block.title, block.arrow), INK, Anchor::Left);
    let (head, foot) = (top + ROW, top + ROW * (n + 1.0));
    let y = Scale::over(0.0, n.max(1.0), Form::Linear);
    let frame = Frame { left, right, top: head, bottom: foot, x, y };
    let found = Frame::within(&x, ticks(&x, Unit::Number, ((right - left) / 13.0) as usize));
    frame.vertical_lines(scene, &found);
    let zero = frame.at(0.0, 0.0).0;
    scene.line(Role::Axis, vec![(zero, head), (zero, foot)], GREY, 0.25);
    for (at, (name, value)) in block.rows.iter().enumerate() {
        let row = n - at as f64 - 0.5;
        let (_, high) = frame.at(0.0, row);
        scene.text((left - 2.0, high), &shortened(name, left - 3.0, TEXT)?, INK, Anchor::Right);
        scene.text((right + 2.0, high), &formatted(*value, x), INK, Anchor::Left);
        if let Some(value) = value {
            horizontal(scene, &frame, row, *value, colour(*value));
        }
    }
    if last {
        let unit = match block.unit.as_str() {
            "%" => " (percentage points)".to_string(),
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        let title = shortened(&format!("arm minus {reference}{unit}"), scene.wide - 2.0, TEXT)?;
        frame.columns(scene, &found, "");
        let half = widest([title.as_str()].into_iter())? * SLACK / 2.0;
        let middle = ((left + right) / 2.0).clamp(half + 1.0, (scene.wide - half - 1.0).max(half + 1.0));
        scene.text((middle, foot + 0.8 + 2.0 * TEXT), &title, INK, Anchor::Middle);
    }
    Ok(foot + 1.5 + if last { 3.4 * TEXT } else { 0.0 })
}

/// Blue if the interval excludes zero, else grey.
fn colour(value: Value) -> [u8; 3] {
    let clear = value.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
    if clear { PAPER[0] } else { GREY }
}

/// `+9.7 [1.4, 18.1]`, with the precision of the axis.
fn formatted(value: Option<Value>, x: Scale) -> String {
    let Some(Value { value, interval }) = value else { return "no value".to_string() };
    let digits = (2.0 - (x.high - x.low).abs().max(1e-12).log10().floor()).clamp(0.0, 6.0) as usize;
    match interval {
        Some((low, high)) => format!("{value:+.digits$} [{low:.digits$}, {high:.digits$}]"),
        None => format!("{value:+.digits$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{font::width, scene::Shape},
        *,
    };

    #[test]
    fn values_of_every_unit_fit_on_the_sheet() {
        let block = |unit: &str, value| Block {
            title: "a metric".to_string(),
            unit: unit.to_string(),
            arrow: "",
            rows: vec![("arm".to_string(), Some(Value { value, interval: Some((-value, 2.0 * value)) }))],
        };
        let scene = forest(&[block("%", 30.0), block("", 0.00012)], "base", 120.0).unwrap();
        let texts = scene.items.iter().filter_map(|item| match &item.shape {
            Shape::Text((x, _), text, size, Anchor::Left) => Some((text, x + width(text, *size).unwrap())),
            _ => None,
        });
        for (text, end) in texts {
            assert!(end <= scene.wide, "{text} ends at {end} mm of {}", scene.wide);
        }
    }
}
