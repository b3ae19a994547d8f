//! What a model made of a few fixed pairs at its first evaluation and at its last: captions are rows, pictures columns,
//! right pairs lie on the diagonal.

use anyhow::{Result, ensure};

use super::{
    super::{
        scene::{GREY, INK, Place, Role, Scene, Side},
        type_size::{PT, SMALL, TEXT, shortened},
    },
    bars::{extent, viridis},
};
use crate::figure::number;

/// The longest side of a matrix, and the room between two of them.
const SIDE: f64 = 36.0;
const GAP: f64 = 4.0;
/// Steps of the colour scale.
const STEPS: usize = 48;
/// What is not a number.
const MISSING: [u8; 3] = [0xC8, 0xC8, 0xC8];

/// A matrix of cosines.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// When it was made, such as `step 0`.
    pub when: String,
    /// How many pictures: the length of a row.
    pub columns: usize,
    /// Row by row.
    pub values: Vec<f64>,
}

impl Matrix {
    fn rows(&self) -> usize {
        self.values.len().div_ceil(self.columns.max(1))
    }
}

/// The same matrix before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Of which run.
    pub name: String,
    /// At the first evaluation and at the last.
    pub matrices: [Matrix; 2],
}

/// The pairs below and beside each other, all on one colour scale.
///
/// # Errors
/// When there is nothing to draw, or the sheet is too narrow.
pub fn similarity(pairs: &[Pair], wide: f64) -> Result<Scene> {
    let all = pairs.iter().flat_map(|pair| &pair.matrices).flat_map(|matrix| matrix.values.iter().copied());
    let Some((low, high)) = extent(all) else {
        anyhow::bail!(
            "none of these runs has recorded what it made of fixed pairs: runs of this version do so at each evaluation"
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
        scene.words(
            (corner.0, corner.1 + 0.9 * TEXT),
            &shortened(&pair.name, block - GAP, TEXT)?,
            INK,
            Side::Left,
        );
        for (nth, matrix) in pair.matrices.iter().enumerate() {
            let left = corner.0 + nth as f64 * (side + GAP);
            let when = shortened(&matrix.when, side, SMALL)?;
            scene.sized((left, corner.1 + 2.2 * TEXT), &when, SMALL, GREY, Side::Left);
            cells(&mut scene, matrix, (left, corner.1 + 2.9 * TEXT), side, (low, high));
        }
    }
    let bottom = pairs.len().div_ceil(across) as f64 * tall;
    legend(&mut scene, bottom, side, (low, high));
    scene.high = bottom + 2.2 * TEXT;
    Ok(scene)
}

fn cells(scene: &mut Scene, matrix: &Matrix, (left, top): Place, side: f64, (low, high): (f64, f64)) {
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

/// The scale from the least to the largest cosine.
fn legend(scene: &mut Scene, top: f64, side: f64, (low, high): (f64, f64)) {
    let (step, middle) = (side / STEPS as f64, top + 0.9 * TEXT);
    let start = 1.0 + 4.0 * TEXT;
    scene.words((start - 1.0, middle), &number(low), GREY, Side::Right);
    for at in 0..STEPS {
        let place = (start + at as f64 * step, middle - 0.35 * TEXT);
        let colour = viridis(at as f64 / (STEPS - 1) as f64);
        scene.area(Role::Cell, corners(place, step, 0.7 * TEXT), colour, 1.0);
    }
    let words = format!("{}  cosine; rows are captions, columns pictures", number(high));
    scene.words((start + side + 1.0, middle), &words, GREY, Side::Left);
}

fn shade(value: f64, low: f64, high: f64) -> [u8; 3] {
    match value.is_finite() {
        true if high > low => viridis((value - low) / (high - low)),
        true => viridis(0.5),
        false => MISSING,
    }
}

fn corners((x, y): Place, wide: f64, tall: f64) -> Vec<Place> {
    vec![(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)]
}
