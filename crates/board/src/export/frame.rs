//! A pair of axes at its place on the sheet, in millimetres.

use super::{
    scene::{GREY, GRID, Place, Role, Scene, Side},
    type_size::TEXT,
};
use crate::figure::{Scale, Tick};

/// Where data lie on the sheet.
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
    /// From left to right.
    pub x: Scale,
    /// From bottom to top.
    pub y: Scale,
}

impl Frame {
    /// A value in the unit square.
    pub fn unit(&self, x: f64, y: f64) -> Place {
        (self.x.place(x), self.y.place(y))
    }

    /// A place of the unit square on the sheet.
    pub fn sheet(&self, (x, y): Place) -> Place {
        (self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top))
    }

    /// A value on the sheet.
    pub fn at(&self, x: f64, y: f64) -> Place {
        self.sheet(self.unit(x, y))
    }

    /// A value on the sheet, at the edge where it lies beyond.
    pub fn held(&self, x: f64, y: f64) -> Place {
        let (x, y) = self.unit(x, y);
        self.sheet((x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)))
    }

    /// Whether a value lies within.
    pub fn holds(&self, x: f64, y: f64) -> bool {
        let (x, y) = self.unit(x, y);
        (-1e-9..=1.0 + 1e-9).contains(&x) && (-1e-9..=1.0 + 1e-9).contains(&y)
    }

    /// Lines of the grid with their labels at the left.
    pub fn rows(&self, scene: &mut Scene, ticks: &[Tick]) {
        for tick in ticks {
            let (_, row) = self.sheet((0.0, self.y.place(tick.at)));
            scene.line(Role::Axis, vec![(self.left, row), (self.right, row)], GRID, 0.12);
            scene.words((self.left - 1.2, row), &tick.label, GREY, Side::Right);
        }
    }

    /// The horizontal axis with its ticks; the words below it, if any.
    pub fn columns(&self, scene: &mut Scene, ticks: &[Tick], title: &str) {
        scene.line(Role::Axis, vec![self.sheet((0.0, 0.0)), self.sheet((1.0, 0.0))], GREY, 0.2);
        for tick in ticks {
            let (column, row) = self.sheet((self.x.place(tick.at), 0.0));
            scene.line(Role::Axis, vec![(column, row), (column, row + 0.8)], GREY, 0.2);
            scene.words((column, row + 0.8 + 0.75 * TEXT), &tick.label, GREY, Side::Middle);
        }
        if !title.is_empty() {
            let middle = (self.left + self.right) / 2.0;
            scene.words((middle, self.bottom + 0.8 + 2.0 * TEXT), title, super::scene::INK, Side::Middle);
        }
    }

    /// Upright lines behind the data.
    pub fn upright(&self, scene: &mut Scene, ticks: &[Tick]) {
        for tick in ticks {
            let (column, _) = self.sheet((self.x.place(tick.at), 0.0));
            scene.line(Role::Axis, vec![(column, self.top), (column, self.bottom)], GRID, 0.12);
        }
    }

    /// The ticks that lie within.
    pub fn within(scale: &Scale, ticks: Vec<Tick>) -> Vec<Tick> {
        ticks.into_iter().filter(|tick| (-1e-6..=1.0 + 1e-6).contains(&scale.place(tick.at))).collect()
    }
}
