//! Draws the matrix in terminal cells: two rows per line with half-blocks if there are colours, else shades or digits.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::matrix::Matrix;
use crate::{panels::heat, theme::Theme};

/// Size and position of the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The area of the matrix.
    pub area: Rect,
    /// How many rows and columns share one entry on the screen; 1 if all fit.
    pub pool: usize,
    /// Screen rows per entry: half lines with colours, else whole lines.
    high: usize,
    /// Screen columns per entry.
    wide: usize,
    halves: bool,
}

impl Shape {
    /// The largest shape with square entries that leaves lines for the colour scale and the summary.
    pub fn fitting(matrix: &Matrix, area: Rect, theme: &Theme) -> Shape {
        let halves = heat::blocks(theme);
        let (units, base) = if halves { (2, 1) } else { (1, 2) };
        let text_lines = if area.height >= 12 && area.width < 2 * area.height + 24 { 5 } else { 1 };
        let lines = usize::from(area.height.saturating_sub(text_lines).max(1));
        let (rows, columns) = (matrix.rows.max(1), matrix.columns.max(1));
        let room = (lines * units, usize::from(area.width) / base);
        let scale = (room.0 / rows).min(room.1 / columns);
        let pool =
            if scale > 0 { 1 } else { rows.div_ceil(room.0.max(1)).max(columns.div_ceil(room.1.max(1))) };
        let scale = scale.max(1);
        let width = (columns.div_ceil(pool) * scale * base).min(area.width.into()) as u16;
        let height = (rows.div_ceil(pool) * scale).div_ceil(units).min(lines) as u16;
        Shape {
            area: Rect { width, height: height.min(area.height), ..area },
            pool,
            high: scale,
            wide: scale * base,
            halves,
        }
    }

    /// The position on the colour scale of the entry at a row and column of the screen; `None` outside.
    fn at(&self, matrix: &Matrix, row: usize, column: usize) -> Option<f64> {
        let block = |at: usize, size: usize, all: usize| {
            let first = at / size * self.pool;
            (first < all).then(|| first..(first + self.pool).min(all))
        };
        let rows = block(row, self.high, matrix.rows)?;
        Some(matrix.place(rows, block(column, self.wide, matrix.columns)?))
    }
}

/// Draws the matrix at its shape.
pub fn draw(matrix: &Matrix, shape: &Shape, theme: &Theme, buf: &mut Buffer) {
    let area = shape.area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let (line, column) = (usize::from(y - area.y), usize::from(x - area.x));
            let Some(cell) = buf.cell_mut((x, y)) else { continue };
            if !shape.halves {
                let Some(place) = shape.at(matrix, line, column) else { continue };
                let style =
                    heat::colour(matrix.ramp, place, theme).map_or(Style::new(), |c| Style::new().fg(c));
                cell.set_char(heat::symbol(place, theme)).set_style(style);
                continue;
            }
            let colour =
                |row| shape.at(matrix, row, column).and_then(|place| heat::colour(matrix.ramp, place, theme));
            if let Some(upper) = colour(2 * line) {
                cell.set_char('▀').set_fg(upper);
                colour(2 * line + 1).map(|lower| cell.set_bg(lower));
            }
        }
    }
}
