//! The plot area with its two axes, in millimetres.

use super::{
    scene::{Anchor, GREY, GRID, Point, Role, Scene},
    type_size::TEXT,
};
use crate::figure::{Scale, Tick};

/// The plot area and its scales.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The left edge.
    pub left: f64,
    /// The right edge.
    pub right: f64,
    /// The upper edge.
    pub top: f64,
    /// The lower edge.
    pub bottom: f64,
    /// Horizontal scale.
    pub x: Scale,
    /// Vertical scale.
    pub y: Scale,
}

impl Frame {
    /// Maps a value to the unit square.
    pub fn to_unit(&self, x: f64, y: f64) -> Point {
        (self.x.place(x), self.y.place(y))
    }

    /// Maps a point of the unit square to the sheet.
    pub fn to_sheet(&self, (x, y): Point) -> Point {
        (self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top))
    }

    /// Maps a value to the sheet.
    pub fn at(&self, x: f64, y: f64) -> Point {
        self.to_sheet(self.to_unit(x, y))
    }

    /// Maps a value to the sheet, clamped to the plot area.
    pub fn clamped(&self, x: f64, y: f64) -> Point {
        let (x, y) = self.to_unit(x, y);
        self.to_sheet((x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)))
    }

    /// Whether a value lies within the plot area.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        let (x, y) = self.to_unit(x, y);
        (-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y)
    }

    /// Draws horizontal grid lines with labels on the left.
    pub fn rows(&self, scene: &mut Scene, ticks: &[Tick]) {
        for tick in ticks {
            let (_, row) = self.to_sheet((0.0, self.y.place(tick.at)));
            scene.line(Role::Axis, vec![(self.left, row), (self.right, row)], GRID, 0.12);
            scene.text((self.left - 1.2, row), &tick.label, GREY, Anchor::Right);
        }
    }

    /// Draws the horizontal axis with its ticks, and `title` below it if not empty.
    pub fn columns(&self, scene: &mut Scene, ticks: &[Tick], title: &str) {
        scene.line(Role::Axis, vec![self.to_sheet((0.0, 0.0)), self.to_sheet((1.0, 0.0))], GREY, 0.2);
        for tick in ticks {
            let (column, row) = self.to_sheet((self.x.place(tick.at), 0.0));
            scene.line(Role::Axis, vec![(column, row), (column, row + 0.8)], GREY, 0.2);
            scene.text((column, row + 0.8 + 0.75 * TEXT), &tick.label, GREY, Anchor::Middle);
        }
        if !title.is_empty() {
            let middle = (self.left + self.right) / 2.0;
            scene.text((middle, self.bottom + 0.8 + 2.0 * TEXT), title, super::scene::INK, Anchor::Middle);
        }
    }

    /// Draws vertical grid lines.
    pub fn vertical_lines(&self, scene: &mut Scene, ticks: &[Tick]) {
        for tick in ticks {
            let (column, _) = self.to_sheet((self.x.place(tick.at), 0.0));
            scene.line(Role::Axis, vec![(column, self.top), (column, self.bottom)], GRID, 0.12);
        }
    }

    /// The ticks within the scale.
    pub fn within(scale: &Scale, ticks: Vec<Tick>) -> Vec<Tick> {
        ticks.into_iter().filter(|tick| (-1e-6..=1.0 + 1e-6).contains(&scale.place(tick.at))).collect()
    }
}
