//! Data for the tooltips of the page.

use clip_lab_chart::{PAPER, figure::Figure};
use serde_json::json;

/// Stroke of axes in drawings.
const AXIS: &str = "stroke=\"#666666\"";

/// The curves of a figure and the extent of its horizontal axis, as JSON for a page; empty without curves.
pub fn values(figure: &Figure, svg: &str) -> String {
    let drawn = figure.series.iter().filter(|series| !series.thin && !series.lines.is_empty());
    let series: Vec<_> = drawn
        .map(|series| {
            let points: Vec<(f64, f64)> =
                series.lines.iter().flatten().map(|(x, y)| (short(*x), short(*y))).collect();
            json!({ "name": series.name, "colour": series.colour % PAPER.len(), "points": points })
        })
        .collect();
    let Some((left, right)) = axis(svg).filter(|_| !series.is_empty()) else { return String::new() };
    let scale = &figure.x.scale;
    let all = json!({
        "left": left, "right": right, "low": scale.low, "high": scale.high, "x": figure.x.title, "series": series,
    });
    // Must not end a script or begin an entity.
    all.to_string().replace('<', "\\u003c").replace('&', "\\u0026").replace('>', "\\u003e")
}

/// The ends of the horizontal axis in the units of the drawing: the first line with the stroke of axes.
fn axis(svg: &str) -> Option<(f64, f64)> {
    let line =
        svg.split("<polyline").find(|line| line.split('>').next().is_some_and(|tag| tag.contains(AXIS)))?;
    let points = line.split_once("points=\"")?.1.split('"').next()?;
    let mut ends = points.split_whitespace().filter_map(|point| point.split(',').next()?.parse::<f64>().ok());
    Some((ends.next()?, ends.next()?)).filter(|(left, right)| left < right)
}

/// Rounds to five significant digits, which is enough for drawing.
fn short(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_found_in_the_drawing() {
        let svg = r##"<polyline stroke="#E3E3E3" points="1,2 3,2"/><polyline fill="none" stroke="#666666" points="860,5 7000,5 "/>"##;
        assert_eq!(axis(svg), Some((860.0, 7000.0)));
        assert_eq!(axis("<svg></svg>"), None);
        assert_eq!((short(123_456.7), short(0.0)), (123_460.0, 0.0));
    }
}
