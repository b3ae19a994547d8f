//! Where things stand on the sheet. Units are hundredths of a millimetre, as plotters knows only whole numbers:
//! a hundredth of a millimetre is far below what is printed.

use anyhow::{Result, ensure};

use super::{Size, font};
use crate::figure::{Figure, Series, Tick, spread};

/// Units in a millimetre.
pub const MM: f64 = 100.0;
/// Units in a typographic point.
pub const PT: f64 = MM * 25.4 / 72.0;
/// Height of the main text.
pub const TEXT: f64 = 8.0 * PT;
/// Height of notes.
pub const SMALL: f64 = 6.5 * PT;

/// The sheet, with everything that has to be measured before anything is drawn.
pub struct Paper<'f> {
    /// What is drawn.
    pub figure: &'f Figure,
    /// Units from left to right.
    pub wide: f64,
    /// Units from top to bottom.
    pub high: f64,
    /// The frame of the curves.
    pub left: f64,
    /// Its right edge.
    pub right: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its lower edge.
    pub bottom: f64,
    /// Ticks of the vertical axis.
    pub rows: Vec<Tick>,
    /// Ticks of the horizontal axis.
    pub columns: Vec<Tick>,
    /// The notes, in lines that fit.
    pub notes: Vec<String>,
}

impl<'f> Paper<'f> {
    /// Measures texts and leaves room for all of them.
    pub fn new(figure: &'f Figure, size: Size) -> Result<Paper<'f>> {
        let sound = |mm: f64| (30.0..=1000.0).contains(&mm);
        ensure!(
            sound(size.width_mm) && sound(size.height_mm),
            "a chart is 30 to 1000 mm wide and high, not {} by {}",
            size.width_mm,
            size.height_mm
        );
        let (wide, high) = (size.width_mm * MM, size.height_mm * MM);
        let rows = inside(figure.y.ticks((size.height_mm / 12.0) as usize), |t| figure.y.scale.place(t.at));
        let columns = inside(figure.x.ticks((size.width_mm / 20.0) as usize), |t| figure.x.scale.place(t.at));
        let left = longest(rows.iter().map(|t| t.label.as_str()))? + 2.5 * MM;
        let labels = longest(labelled(figure).map(|s| s.name.as_str()))?;
        let right = if labels > 0.0 { (labels * 1.06 + 8.5 * MM).min(wide * 0.4) } else { 0.0 };
        let right = right.max(longest(columns.last().map(|t| t.label.as_str()).into_iter())? / 2.0 + MM);
        let notes = lines(&notes(figure).join(" · "), wide - 2.0 * MM)?;
        let below = 3.2 * TEXT + notes.len() as f64 * SMALL * 1.3;
        let paper = Paper {
            figure,
            wide,
            high,
            left,
            right: wide - right,
            top: 2.2 * TEXT,
            bottom: high - below,
            rows,
            columns,
            notes,
        };
        ensure!(
            paper.right - paper.left >= 10.0 * MM && paper.bottom - paper.top >= 10.0 * MM,
            "no room for the curves beside the labels: make the chart larger than {} by {} mm",
            size.width_mm,
            size.height_mm
        );
        Ok(paper)
    }

    /// A place of the unit square on the sheet.
    pub fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let (x, y) = (self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top));
        (x.round() as i32, y.round() as i32)
    }

    /// A value in the unit square.
    pub fn unit(&self, x: f64, y: f64) -> (f64, f64) {
        (self.figure.x.scale.place(x), self.figure.y.scale.place(y))
    }

    /// The lines with a name and the heights at which their labels stand, apart from each other.
    pub fn labels(&self) -> Vec<(&'f Series, f64)> {
        let ends: Vec<&Series> = labelled(self.figure).collect();
        let wanted: Vec<f64> = ends
            .iter()
            .map(|s| self.figure.y.scale.place(s.end().map_or(0.0, |end| end.1)).clamp(0.0, 1.0))
            .map(|place| self.bottom - place * (self.bottom - self.top))
            .collect();
        let places = spread(&wanted, TEXT * 1.25, self.top - TEXT, self.bottom + TEXT);
        ends.into_iter().zip(places).filter_map(|(series, place)| Some((series, place?))).collect()
    }
}

/// The figure's notes, and what the shading is where there is any.
fn notes(figure: &Figure) -> Vec<String> {
    figure.notes.iter().chain(&figure.shaded).cloned().collect()
}

fn labelled(figure: &Figure) -> impl Iterator<Item = &Series> {
    figure.series.iter().filter(|series| series.end().is_some() && !series.name.is_empty())
}

fn inside(ticks: Vec<Tick>, place: impl Fn(&Tick) -> f64) -> Vec<Tick> {
    ticks.into_iter().filter(|tick| (-1e-6..=1.0 + 1e-6).contains(&place(tick))).collect()
}

fn longest<'t>(texts: impl Iterator<Item = &'t str>) -> Result<f64> {
    texts.map(|text| font::width(text, TEXT)).try_fold(0.0_f64, |longest, width| Ok(longest.max(width?)))
}

/// The text in lines no wider than `room`.
fn lines(text: &str, room: f64) -> Result<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (longer, lines.last_mut()) {
            // The reader's own font may be a little wider.
            (Some(longer), Some(line)) if font::width(&longer, SMALL)? * 1.1 <= room => *line = longer,
            _ => lines.push(word.to_string()),
        }
    }
    Ok(lines)
}
