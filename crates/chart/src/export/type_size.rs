//! Font sizes in millimetres, and fitting text to a width.

use anyhow::Result;

use super::font::width;

/// A typographic point.
pub const PT: f64 = 25.4 / 72.0;
/// Standard font size.
pub const TEXT: f64 = 8.0 * PT;
/// Font size of notes.
pub const SMALL: f64 = 7.0 * PT;
/// Safety factor on text widths: the viewer's fallback font may be wider than the measured one.
pub const SLACK: f64 = 1.06;

/// The maximum width of the texts at the standard size.
pub fn widest<'t>(texts: impl Iterator<Item = &'t str>) -> Result<f64> {
    texts.map(|text| width(text, TEXT)).try_fold(0.0_f64, |widest, width| Ok(widest.max(width?)))
}

/// Truncates text to `room`, with an ellipsis.
pub fn shortened(text: &str, room: f64, size: f64) -> Result<String> {
    let mut cut = text.to_string();
    while width(&cut, size)? > room && cut.chars().count() > 2 {
        let kept = cut.chars().count() - if cut.ends_with('…') { 2 } else { 1 };
        cut = cut.chars().take(kept).chain(['…']).collect();
    }
    Ok(cut)
}

/// Wraps a note to lines no wider than `room`.
pub fn wrapped(text: &str, room: f64) -> Result<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (longer, lines.last_mut()) {
            (Some(longer), Some(line)) if width(&longer, SMALL)? * SLACK <= room => *line = longer,
            _ => lines.push(shortened(word, room / SLACK, SMALL)?),
        }
    }
    Ok(lines)
}
