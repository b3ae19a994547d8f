//! Which classes were taken for which: rows are what pictures are of, columns what they were taken for, and a cell is the
//! share of its row.

use anyhow::{Result, ensure};

use super::super::{
    scene::{GREY, INK, Place, Role, Scene, Side},
    type_size::{PT, SLACK, SMALL, TEXT, shortened, widest},
};
use crate::text::clean;

/// More classes than these are not drawn: those that take part in most mistakes are.
pub const MOST: usize = 60;
/// The largest cell, and the smallest that holds its number.
const CELL: f64 = 12.0;
const READABLE: f64 = 6.5;
/// The colour of all; nothing is white.
const FULL: [f64; 3] = [8.0, 48.0, 107.0];
const STEPS: usize = 48;
/// The most room for the names of columns.
const ABOVE: f64 = 35.0;

/// Counts by class, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// What it is of.
    pub title: String,
    /// The classes.
    pub classes: Vec<String>,
    /// `classes * classes` numbers.
    pub counts: Vec<u64>,
}

impl Confusion {
    /// How many pictures of `row` were taken for `column`.
    fn count(&self, row: usize, column: usize) -> u64 {
        self.counts[row * self.classes.len() + column]
    }

    /// The share of `row` that was taken for `column`; none where the class has no pictures.
    fn share(&self, row: usize, column: usize) -> Option<f64> {
        let all: u64 = (0..self.classes.len()).map(|other| self.count(row, other)).sum();
        (all > 0).then(|| self.count(row, column) as f64 / all as f64)
    }

    /// The classes to draw, in order: all, or those with most mistakes.
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

/// The matrix on a sheet `wide` millimetres wide; it is as high as it must be.
///
/// # Errors
/// When there are no classes, counts do not fit them, or the sheet is too narrow.
pub fn confusion(of: &Confusion, wide: f64) -> Result<Scene> {
    let classes = of.classes.len();
    ensure!(
        classes > 0 && of.counts.len() == classes * classes,
        "{} counts of {classes} classes",
        of.counts.len()
    );
    let shown = of.shown();
    let labels: Vec<String> = shown.iter().map(|&class| clean(&of.classes[class])).collect();
    let room = (widest(labels.iter().map(String::as_str))? * SLACK).min(wide * 0.35);
    let left = room + 2.5;
    let cell = ((wide - left - 1.0) / shown.len() as f64).min(CELL);
    ensure!(cell >= 1.0, "no room for {} classes: make the picture wider than {wide} mm", shown.len());
    let mut scene = Scene::new("classes and what they were taken for", wide, 0.0);
    scene.words((1.0, 0.9 * TEXT), &shortened(&of.title, wide - 2.0, TEXT)?, INK, Side::Left);
    let above = (widest(labels.iter().map(String::as_str))? * SLACK).min(ABOVE);
    let top = 2.4 * TEXT + above;
    let high = (TEXT * 0.9 / cell).ceil().max(1.0) as usize;
    for (at, label) in labels.iter().enumerate() {
        let middle = (at as f64 + 0.5) * cell;
        if at % high == 0 {
            let size = SMALL.min(cell.max(1.6));
            scene.upright((left + middle, top - 0.8), &shortened(label, above, size)?, size, INK);
            scene.sized((left - 1.2, top + middle), &shortened(label, room, size)?, size, INK, Side::Right);
        }
    }
    cells(&mut scene, of, &shown, (left, top), cell);
    let bottom = top + shown.len() as f64 * cell + 1.4 * TEXT;
    legend(&mut scene, (left, bottom));
    scene.high = bottom + 1.6 * TEXT;
    Ok(scene)
}

fn cells(scene: &mut Scene, of: &Confusion, shown: &[usize], (left, top): Place, cell: f64) {
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
                scene.sized(place, &percent(share), SMALL, colour, Side::Middle);
            }
        }
    }
    let side = shown.len() as f64 * cell;
    let mut frame = corners((left, top), side, side);
    frame.push((left, top));
    scene.line(Role::Leader, frame, GREY, PT * 0.5);
}

/// From nothing to all.
fn legend(scene: &mut Scene, (left, middle): Place) {
    let (long, step) = (30.0, 30.0 / STEPS as f64);
    let start = left + 2.5 * TEXT;
    scene.words((start - 1.0, middle), "0%", GREY, Side::Right);
    for at in 0..STEPS {
        let share = (at as f64 / (STEPS - 1) as f64).powi(2);
        let place = (start + at as f64 * step, middle - 0.35 * TEXT);
        scene.area(Role::Cell, corners(place, step, 0.7 * TEXT), shade(share), 1.0);
    }
    let words = "100% of a row; rows are classes, columns what they were taken for";
    scene.sized((start + long + 1.0, middle), words, SMALL, GREY, Side::Left);
}

/// Small shares are what one looks for, so the colour grows with their root.
fn shade(share: f64) -> [u8; 3] {
    FULL.map(|full| (255.0 + share.clamp(0.0, 1.0).sqrt() * (full - 255.0)).round() as u8)
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 0.95 { format!(".{:.0}", (10.0 * percent).max(1.0)) } else { format!("{percent:.0}") }
}

fn corners((x, y): Place, wide: f64, tall: f64) -> Vec<Place> {
    vec![(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)]
}
