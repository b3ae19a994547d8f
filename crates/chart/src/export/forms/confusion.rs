//! Confusion matrix: rows are true classes, columns predicted classes, cells the share of the row.

use anyhow::{Result, ensure};

use super::super::{
    scene::{Anchor, GREY, INK, Point, Role, Scene},
    type_size::{PT, SLACK, SMALL, TEXT, shortened, widest},
};
use crate::text::clean;

/// Maximum classes drawn: those with most errors.
pub const MOST: usize = 60;
/// Maximum cell size, and minimum for a cell with its number.
const CELL: f64 = 12.0;
const READABLE: f64 = 6.5;
/// The colour of 100%; 0% is white.
const FULL: [f64; 3] = [8.0, 48.0, 107.0];
const STEPS: usize = 48;
/// Maximum height of the column names.
const ABOVE: f64 = 35.0;

/// A confusion matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// Title.
    pub title: String,
    /// The classes.
    pub classes: Vec<String>,
    /// `[classes, classes]` counts, row-major.
    pub counts: Vec<u64>,
}

impl Confusion {
    /// Images of class `row` predicted as `column`.
    fn count(&self, row: usize, column: usize) -> u64 {
        self.counts[row * self.classes.len() + column]
    }

    /// The share of class `row` predicted as `column`; none if the class has no images.
    fn share(&self, row: usize, column: usize) -> Option<f64> {
        let all: u64 = (0..self.classes.len()).map(|other| self.count(row, other)).sum();
        (all > 0).then(|| self.count(row, column) as f64 / all as f64)
    }

    /// The classes to draw, in order: all, or those with most errors.
    pub fn shown(&self) -> Vec<usize> {
        let all = 0..self.classes.len();
        let wrong = |class: usize| -> u64 {
            let others = all.clone().filter(|other| *other != class);
            others.map(|other| self.count(class, other) + self.count(other, class)).sum()
        };
        let mut shown: Vec<usize> = all.clone().collect();
        shown.sort_by_key(|&class| std::cmp::Reverse(wrong(class)));
        shown.truncate(MOST);
        shown.sort_unstable();
        shown
    }
}

/// Draws the matrix `wide` mm wide; the height follows.
///
/// # Errors
/// If there are no classes, the counts do not match them, or the sheet is too narrow.
pub fn confusion(of: &Confusion, wide: f64) -> Result<Scene> {
    let classes = of.classes.len();
    ensure!(
        classes > 0 && of.counts.len() == classes * classes,
        "{} counts do not match {classes} classes",
        of.counts.len()
    );
    let shown = of.shown();
    let labels: Vec<String> = shown.iter().map(|&class| clean(&of.classes[class])).collect();
    let room = (widest(labels.iter().map(String::as_str))? * SLACK).min(wide * 0.35);
    let left = room + 2.5;
    let cell = ((wide - left - 1.0) / shown.len() as f64).min(CELL);
    ensure!(cell >= 1.0, "no room for {} classes: make the chart wider than {wide} mm", shown.len());
    let mut scene = Scene::new("confusion matrix", wide, 0.0);
    scene.text((1.0, 0.9 * TEXT), &shortened(&of.title, wide - 2.0, TEXT)?, INK, Anchor::Left);
    let above = (widest(labels.iter().map(String::as_str))? * SLACK).min(ABOVE);
    let top = 2.4 * TEXT + above;
    let high = (TEXT * 0.9 / cell).ceil().max(1.0) as usize;
    for (at, label) in labels.iter().enumerate() {
        let middle = (at as f64 + 0.5) * cell;
        if at % high == 0 {
            let size = SMALL.min(cell.max(1.6));
            scene.vertical_text((left + middle, top - 0.8), &shortened(label, above, size)?, size, INK);
            scene.sized_text(
                (left - 1.2, top + middle),
                &shortened(label, room, size)?,
                size,
                INK,
                Anchor::Right,
            );
        }
    }
    cells(&mut scene, of, &shown, (left, top), cell);
    let bottom = top + shown.len() as f64 * cell + 1.4 * TEXT;
    legend(&mut scene, (left, bottom));
    scene.high = bottom + 1.6 * TEXT;
    Ok(scene)
}

fn cells(scene: &mut Scene, of: &Confusion, shown: &[usize], (left, top): Point, cell: f64) {
    for (down, &row) in shown.iter().enumerate() {
        for (across, &column) in shown.iter().enumerate() {
            let (x, y) = (left + across as f64 * cell, top + down as f64 * cell);
            let Some(share) = of.share(row, column) else { continue };
            if share > 0.0 {
                scene.area(Role::Cell, corners((x, y), cell, cell), shade(share), 1.0);
            }
            if cell >= READABLE && share > 0.0 {
                let colour = if share.sqrt() > 0.55 { [0xFF; 3] } else { INK };
                let place = (x + cell / 2.0, y + cell / 2.0);
                scene.sized_text(place, &percent(share), SMALL, colour, Anchor::Middle);
            }
        }
    }
    let side = shown.len() as f64 * cell;
    let mut frame = corners((left, top), side, side);
    frame.push((left, top));
    scene.line(Role::Leader, frame, GREY, PT * 0.5);
}

/// The colour scale from 0% to 100%.
fn legend(scene: &mut Scene, (left, middle): Point) {
    let (long, step) = (30.0, 30.0 / STEPS as f64);
    let start = left + 2.5 * TEXT;
    scene.text((start - 1.0, middle), "0%", GREY, Anchor::Right);
    for at in 0..STEPS {
        let share = (at as f64 / (STEPS - 1) as f64).powi(2);
        let place = (start + at as f64 * step, middle - 0.35 * TEXT);
        scene.area(Role::Cell, corners(place, step, 0.7 * TEXT), shade(share), 1.0);
    }
    let text = "100% of a row; rows: true classes, columns: predicted classes";
    scene.sized_text((start + long + 1.0, middle), text, SMALL, GREY, Anchor::Left);
}

/// Square-root colour scale, which makes small shares visible.
fn shade(share: f64) -> [u8; 3] {
    FULL.map(|full| (255.0 + share.clamp(0.0, 1.0).sqrt() * (full - 255.0)).round() as u8)
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 0.95 { format!(".{:.0}", (10.0 * percent).max(1.0)) } else { format!("{percent:.0}") }
}

fn corners((x, y): Point, wide: f64, tall: f64) -> Vec<Point> {
    vec![(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)]
}
