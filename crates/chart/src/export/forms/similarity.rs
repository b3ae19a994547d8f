//! Similarity matrices of a few fixed pairs at the first and the last evaluation: captions are rows, images columns,
//! matching pairs on the diagonal.

use anyhow::{Result, ensure};

use super::{
    super::{
        scene::{Anchor, GREY, INK, Point, Role, Scene},
        type_size::{PT, SMALL, TEXT, shortened},
    },
    intervals::{extent, viridis},
};
use crate::figure::number;

/// Maximum side of a matrix, and gap between two.
const SIDE: f64 = 36.0;
const GAP: f64 = 4.0;
/// Steps of the colour scale.
const STEPS: usize = 48;
/// Colour of NaN.
const MISSING: [u8; 3] = [0xC8, 0xC8, 0xC8];

/// A matrix of cosine similarities.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// When it was recorded, such as `step 0`.
    pub when: String,
    /// Number of images: the length of a row.
    pub columns: usize,
    /// Values, row-major.
    pub values: Vec<f64>,
}

impl Matrix {
    fn rows(&self) -> usize {
        self.values.len().div_ceil(self.columns.max(1))
    }
}

/// The matrices before and after training.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The run.
    pub name: String,
    /// At the first evaluation and at the last.
    pub matrices: [Matrix; 2],
}

/// Draws the pairs in a grid, on a common colour scale.
///
/// # Errors
/// If there is nothing to draw, or the sheet is too narrow.
pub fn similarity(pairs: &[Pair], wide: f64) -> Result<Scene> {
    let all = pairs.iter().flat_map(|pair| &pair.matrices).flat_map(|matrix| matrix.values.iter().copied());
    let Some((low, high)) = extent(all) else {
        anyhow::bail!(
            "none of these runs has recorded similarities of fixed pairs; this version records them at each evaluation"
        )
    };
    let side = SIDE.min((wide - 2.0 - GAP) / 2.0);
    ensure!(side >= 12.0, "no room for the matrices: make the chart wider than {wide} mm");
    let block = 2.0 * side + 3.0 * GAP;
    let across = (((wide - 2.0 + GAP) / block) as usize).max(1);
    let tall = side + 4.2 * TEXT;
    let mut scene = Scene::new("similarity before and after", wide, 0.0);
    for (at, pair) in pairs.iter().enumerate() {
        let corner = (1.0 + (at % across) as f64 * block, (at / across) as f64 * tall);
        scene.text(
            (corner.0, corner.1 + 0.9 * TEXT),
            &shortened(&pair.name, block - GAP, TEXT)?,
            INK,
            Anchor::Left,
        );
        for (nth, matrix) in pair.matrices.iter().enumerate() {
            let left = corner.0 + nth as f64 * (side + GAP);
            let when = shortened(&matrix.when, side, SMALL)?;
            scene.sized_text((left, corner.1 + 2.2 * TEXT), &when, SMALL, GREY, Anchor::Left);
            cells(&mut scene, matrix, (left, corner.1 + 2.9 * TEXT), side, (low, high));
        }
    }
    let bottom = pairs.len().div_ceil(across) as f64 * tall;
    legend(&mut scene, bottom, side, (low, high));
    scene.high = bottom + 2.2 * TEXT;
    Ok(scene)
}

fn cells(scene: &mut Scene, matrix: &Matrix, (left, top): Point, side: f64, (low, high): (f64, f64)) {
    let size = side / matrix.rows().max(matrix.columns).max(1) as f64;
    for (at, value) in matrix.values.iter().enumerate() {
        let (row, column) = (at / matrix.columns.max(1), at % matrix.columns.max(1));
        let (x, y) = (left + column as f64 * size, top + row as f64 * size);
        scene.area(Role::Cell, corners((x, y), size, size), shade(*value, low, high), 1.0);
    }
    let (wide, tall) = (matrix.columns as f64 * size, matrix.rows() as f64 * size);
    let mut frame = corners((left, top), wide, tall);
    frame.push((left, top));
    scene.line(Role::Leader, frame, GREY, PT * 0.5);
}

/// The colour scale from the lowest to the highest cosine.
fn legend(scene: &mut Scene, top: f64, side: f64, (low, high): (f64, f64)) {
    let (step, middle) = (side / STEPS as f64, top + 0.9 * TEXT);
    let start = 1.0 + 4.0 * TEXT;
    scene.text((start - 1.0, middle), &number(low), GREY, Anchor::Right);
    for at in 0..STEPS {
        let place = (start + at as f64 * step, middle - 0.35 * TEXT);
        let colour = viridis(at as f64 / (STEPS - 1) as f64);
        scene.area(Role::Cell, corners(place, step, 0.7 * TEXT), colour, 1.0);
    }
    let text = format!("{}  cosine; rows: captions, columns: images", number(high));
    scene.text((start + side + 1.0, middle), &text, GREY, Anchor::Left);
}

fn shade(value: f64, low: f64, high: f64) -> [u8; 3] {
    match value.is_finite() {
        true if high > low => viridis((value - low) / (high - low)),
        true => viridis(0.5),
        false => MISSING,
    }
}

fn corners((x, y): Point, wide: f64, tall: f64) -> Vec<Point> {
    vec![(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)]
}
