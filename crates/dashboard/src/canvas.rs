//! The braille canvas: 2×4 dots per terminal cell, with bands as cell backgrounds.

use ratatui::{buffer::Buffer, layout::Rect};

use super::theme::Theme;
use clip_lab_chart::figure::{Figure, Series, clip};

/// Bits of the braille block (U+2800) by `[row][column]` of the dot within its cell.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots on and off by line style; the first is solid.
const DASHES: [(u64, u64); 6] = [(1, 0), (3, 3), (1, 3), (8, 3), (2, 2), (1, 6)];
/// The line style of a single run of a group.
const THIN: usize = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    dots: u8,
    colour: usize,
    /// Bit mask of the colours of the bands in this cell.
    bands: u8,
    point: bool,
}

/// A grid of cells, painted to a buffer at the end.
pub struct Canvas {
    area: Rect,
    cells: Vec<Cell>,
}

impl Canvas {
    /// An empty canvas over `area`.
    pub fn new(area: Rect) -> Canvas {
        Canvas { area, cells: vec![Cell::default(); area.width as usize * area.height as usize] }
    }

    fn size(&self) -> (f64, f64) {
        (f64::from(self.area.width) * 2.0 - 1.0, f64::from(self.area.height) * 4.0 - 1.0)
    }

    fn cell(&mut self, column: usize, row: usize) -> Option<&mut Cell> {
        let (wide, high) = (self.area.width as usize, self.area.height as usize);
        if column < wide && row < high { self.cells.get_mut(row * wide + column) } else { None }
    }

    fn dot(&mut self, x: i64, y: i64, colour: usize) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if let Some(cell) = self.cell(x / 2, y / 4) {
            cell.dots |= DOTS[y % 4][x % 2];
            cell.colour = colour;
        }
    }

    /// Draws the mean line of `series`; sparse points get markers.
    pub fn line(&mut self, figure: &Figure, series: &Series, theme: &Theme) {
        let dash = if series.thin { THIN } else { theme.dash(series.colour, series.dash) };
        let place = |(x, y): &(f64, f64)| (figure.x.scale.place(*x), figure.y.scale.place(*y));
        let points: usize = series.lines.iter().map(Vec::len).sum();
        let sparse = points * 5 <= self.area.width as usize;
        let mut distance = 0;
        for line in &series.lines {
            for pair in line.windows(2) {
                if let Some((a, b)) = clip(place(&pair[0]), place(&pair[1])) {
                    self.segment(a, b, (series.colour, dash), &mut distance);
                }
            }
            for point in line.iter().filter(|_| sparse && !series.thin || line.len() == 1) {
                self.point(place(point), series.colour);
            }
        }
    }

    fn point(&mut self, (x, y): (f64, f64), colour: usize) {
        if !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
            return;
        }
        let (wide, high) = self.size();
        let (x, y) = ((x * wide).round() as usize, ((1.0 - y) * high).round() as usize);
        if let Some(cell) = self.cell(x / 2, y / 4) {
            (cell.point, cell.colour) = (true, colour);
        }
    }

    /// Draws a segment between two points of the unit square in the line style `dash`.
    fn segment(&mut self, a: (f64, f64), b: (f64, f64), (colour, dash): (usize, usize), distance: &mut u64) {
        let (wide, high) = self.size();
        let (x, y) = (a.0 * wide, (1.0 - a.1) * high);
        let (dx, dy) = (b.0 * wide - x, (1.0 - b.1) * high - y);
        let steps = dx.abs().max(dy.abs()).ceil().max(1.0);
        for i in 0..=steps as u64 {
            let t = i as f64 / steps;
            *distance += u64::from(i > 0);
            let (on, off) = DASHES[dash % DASHES.len()];
            if *distance % (on + off) < on {
                self.dot((x + t * dx).round() as i64, (y + t * dy).round() as i64, colour);
            }
        }
    }

    /// Draws the band of `series`: in each column of cells, from the lowest minimum to the highest maximum.
    pub fn band(&mut self, figure: &Figure, series: &Series) {
        let mut spans = vec![None; self.area.width as usize];
        for band in &series.bands {
            for pair in band.windows(2) {
                self.extend_spans(figure, &pair[0], &pair[1], &mut spans);
            }
            if let [only] = band.as_slice() {
                self.extend_spans(figure, only, only, &mut spans);
            }
        }
        for (column, span) in spans.into_iter().enumerate() {
            // A band thinner than a cell adds nothing to the line.
            if let Some((low, high)) = span.filter(|(low, high): &(f64, f64)| high - low >= 3.0) {
                for row in (low / 4.0) as usize..=(high / 4.0) as usize {
                    if let Some(cell) = self.cell(column, row) {
                        cell.bands |= 1 << (series.colour % 8);
                    }
                }
            }
        }
    }

    /// Extends the spans of all columns between two neighbouring buckets, in dot rows from the top.
    fn extend_spans(
        &self,
        figure: &Figure,
        a: &(f64, f64, f64),
        b: &(f64, f64, f64),
        spans: &mut [Option<(f64, f64)>],
    ) {
        let (wide, high) = self.size();
        let column = |x: f64| figure.x.scale.place(x) * wide / 2.0;
        let row = |y: f64| (1.0 - figure.y.scale.place(y).clamp(0.0, 1.0)) * high;
        let (from, to) = (column(a.0), column(b.0));
        if !from.is_finite() || !to.is_finite() || to < 0.0 || from > wide {
            return;
        }
        let (first, last) =
            (from.max(0.0) as usize, (to.max(0.0) as usize).min(spans.len().saturating_sub(1)));
        for (at, slot) in spans.iter_mut().enumerate().take(last + 1).skip(first) {
            // Both ends count fully in their own column, so that interpolation does not shrink a spike.
            let t = if to > from { ((at as f64 - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
            let t = if at == to as usize {
                1.0
            } else if at == from as usize {
                0.0
            } else {
                t
            };
            let (top, bottom) = (row(a.2) + t * (row(b.2) - row(a.2)), row(a.1) + t * (row(b.1) - row(a.1)));
            let old = slot.unwrap_or((top, bottom));
            *slot = Some((old.0.min(top), old.1.max(bottom)));
        }
    }

    /// Paints all cells to the buffer; if `front` is given, other colours are dimmed.
    pub fn paint(&self, front: Option<usize>, theme: &Theme, buf: &mut Buffer) {
        let wide = self.area.width as usize;
        for (i, cell) in self.cells.iter().enumerate() {
            let (x, y) = (self.area.x + (i % wide) as u16, self.area.y + (i / wide) as u16);
            let Some(target) = buf.cell_mut((x, y)) else { continue };
            if cell.bands != 0 {
                match theme.bands(cell.bands) {
                    Some(colour) => drop(target.set_bg(colour)),
                    None => drop(
                        target
                            .set_char(SHADES[usize::from(cell.bands.count_ones() > 1)])
                            .set_style(theme.faint()),
                    ),
                }
            }
            if cell.point || cell.dots != 0 {
                target
                    .set_char(theme.dots(cell.dots, cell.point, cell.colour))
                    .set_fg(theme.series(cell.colour));
                target.modifier = theme.weight(cell.colour, front);
            }
        }
    }
}

/// Shades of a single band and of overlapping bands, where there is no background colour.
const SHADES: [char; 2] = ['░', '▒'];
