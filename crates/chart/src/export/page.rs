//! Page layout of a curve chart: plot area, labels and notes, in millimetres.

use anyhow::{Result, ensure};

use super::{
    Size,
    frame::Frame,
    type_size::{SLACK, SMALL, TEXT, widest, wrapped},
};
use crate::figure::{Figure, Series, Tick, place_labels};

/// The measured layout of a page.
pub struct Page<'f> {
    /// The figure.
    pub figure: &'f Figure,
    /// Width.
    pub wide: f64,
    /// Height.
    pub high: f64,
    /// The plot area.
    pub frame: Frame,
    /// Ticks of the vertical axis.
    pub rows: Vec<Tick>,
    /// Ticks of the horizontal axis.
    pub columns: Vec<Tick>,
    /// The notes, wrapped.
    pub notes: Vec<String>,
}

impl<'f> Page<'f> {
    /// Measures all text and reserves room for it.
    pub fn new(figure: &'f Figure, size: Size) -> Result<Page<'f>> {
        size.check()?;
        let Size { width_mm: wide, height_mm: high, .. } = size;
        let (x, y) = (figure.x.scale, figure.y.scale);
        let rows = Frame::within(&y, figure.y.ticks((high / 12.0) as usize));
        let columns = Frame::within(&x, figure.x.ticks((wide / 20.0) as usize));
        let left = widest(rows.iter().map(|t| t.label.as_str()))? + 2.5;
        let labels = widest(labelled(figure).map(|s| s.name.as_str()))?;
        let right = if labels > 0.0 { (labels * SLACK + 8.5).min(wide * 0.4) } else { 0.0 };
        let right = right.max(widest(columns.last().map(|t| t.label.as_str()).into_iter())? / 2.0 + 1.0);
        let notes = wrapped(&notes(figure).join(" · "), wide - 2.0)?;
        let below = 3.2 * TEXT + notes.len() as f64 * SMALL * 1.3;
        let frame = Frame { left, right: wide - right, top: 2.2 * TEXT, bottom: high - below, x, y };
        ensure!(
            frame.right - frame.left >= 10.0 && frame.bottom - frame.top >= 10.0,
            "no room for the curves beside the labels: make the chart larger than {wide} by {high} mm",
        );
        Ok(Page { figure, wide, high, frame, rows, columns, notes })
    }

    /// The named curves with the y positions of their labels, without overlap.
    pub fn labels(&self) -> Vec<(&'f Series, f64)> {
        let ends: Vec<&Series> = labelled(self.figure).collect();
        let end = |series: &Series| series.end().unwrap_or((0.0, 0.0));
        let wanted: Vec<f64> = ends.iter().map(|s| self.frame.clamped(end(s).0, end(s).1).1).collect();
        let places = place_labels(&wanted, TEXT * 1.25, self.frame.top - TEXT, self.frame.bottom + TEXT);
        ends.into_iter().zip(places).filter_map(|(series, place)| Some((series, place?))).collect()
    }
}

/// The figure's notes, and the meaning of the shading.
fn notes(figure: &Figure) -> Vec<String> {
    figure.notes.iter().chain(&figure.shaded).cloned().collect()
}

fn labelled(figure: &Figure) -> impl Iterator<Item = &Series> {
    figure.series.iter().filter(|series| series.end().is_some() && !series.name.is_empty())
}
