//! Metrics over time, with names at the ends of the lines.

use anyhow::Result;

use super::super::{
    Size,
    frame::Frame,
    lines::{dashes, pieces},
    paper::Paper,
    scene::{ALARM, GREY, INK, Place, Role, Scene, Side},
    type_size::{PT, SMALL, TEXT, shortened},
};
use crate::{
    figure::{Bad, Figure, Series},
    palette::PAPER,
};

/// Series of fewer points show them.
const SPARSE: usize = 40;

/// The figure as a drawing.
///
/// # Errors
/// When the size is unusable.
pub fn curves(figure: &Figure, size: Size) -> Result<Scene> {
    let paper = Paper::new(figure, size)?;
    let mut scene = Scene::new(&figure.title, paper.wide, paper.high);
    axes(&paper, &mut scene)?;
    for series in &figure.series {
        band(&paper.frame, series, &mut scene);
        curve(&paper.frame, series, &mut scene);
        marks(&paper.frame, series, &mut scene);
    }
    labels(&paper, &mut scene)?;
    Ok(scene)
}

fn axes(paper: &Paper, scene: &mut Scene) -> Result<()> {
    let Figure { x, y, .. } = paper.figure;
    paper.frame.rows(scene, &paper.rows);
    paper.frame.columns(scene, &paper.columns, &x.title);
    let title = shortened(&y.title, paper.wide - 2.0, TEXT)?;
    scene.words((1.0, 0.9 * TEXT), &title, INK, Side::Left);
    for (i, note) in paper.notes.iter().rev().enumerate() {
        let row = paper.high - (0.8 + 1.3 * i as f64) * SMALL;
        scene.sized((1.0, row), note, SMALL, GREY, Side::Left);
    }
    Ok(())
}

/// From low to high, cut at the frame.
fn band(frame: &Frame, series: &Series, scene: &mut Scene) {
    let colour = PAPER[series.colour % PAPER.len()];
    for band in &series.bands {
        if band.len() < 2 || band.iter().all(|(_, low, high)| low == high) {
            continue;
        }
        let upper = band.iter().map(|(x, _, high)| frame.held(*x, *high));
        let lower = band.iter().rev().map(|(x, low, _)| frame.held(*x, *low));
        scene.area(Role::Band, upper.chain(lower).collect(), colour, 0.18);
    }
}

fn curve(frame: &Frame, series: &Series, scene: &mut Scene) {
    let colour = PAPER[series.colour % PAPER.len()];
    let points: usize = series.lines.iter().map(Vec::len).sum();
    for line in &series.lines {
        let places: Vec<Place> = line.iter().map(|(x, y)| frame.unit(*x, *y)).collect();
        for piece in pieces(&places) {
            let piece = piece.into_iter().map(|place| frame.sheet(place)).collect();
            for stretch in dashes(piece, dash(series)) {
                let (colour, thick) = if series.thin { (mixed(colour), PT * 0.4) } else { (colour, PT) };
                scene.line(Role::Line, stretch, colour, thick);
            }
        }
        let shown = line.iter().filter(|_| !series.thin && (points <= SPARSE || line.len() == 1));
        for (x, y) in shown.filter(|(x, y)| frame.holds(*x, *y)) {
            scene.dot(frame.at(*x, *y), 0.55, colour);
        }
    }
}

/// The line style: what has the colour of another differs by it.
fn dash(series: &Series) -> usize {
    series.dash + series.colour / PAPER.len()
}

/// What was not finite, on the frame where it happened.
fn marks(frame: &Frame, series: &Series, scene: &mut Scene) {
    const SIZE: f64 = 0.9;
    for (x, bad) in &series.bad {
        let place = frame.x.place(*x);
        if !(0.0..=1.0).contains(&place) {
            continue;
        }
        let (column, row) = frame.sheet((place, if *bad == Bad::PlusInf { 1.0 } else { 0.0 }));
        match bad {
            Bad::Nan | Bad::NotFinite => {
                for side in [-SIZE, SIZE] {
                    let stroke = vec![(column - SIZE, row - side), (column + SIZE, row + side)];
                    scene.line(Role::Mark, stroke, ALARM, 0.35);
                }
            }
            Bad::PlusInf | Bad::MinusInf => {
                let tip = if *bad == Bad::PlusInf { -SIZE } else { SIZE };
                let corners =
                    vec![(column - SIZE, row - tip), (column + SIZE, row - tip), (column, row + tip)];
                scene.area(Role::Mark, corners, ALARM, 1.0);
            }
        }
    }
}

/// Names beside the ends of the lines, each with a stroke of its colour that leads there.
fn labels(paper: &Paper, scene: &mut Scene) -> Result<()> {
    let frame = &paper.frame;
    for (series, row) in paper.labels() {
        let colour = PAPER[series.colour % PAPER.len()];
        let end = series.end().map_or((frame.right, row), |(x, y)| frame.held(x, y));
        let (start, stop) = (frame.right + 2.0, frame.right + 6.1);
        // A line that ends early is found by its colour; a long leader would cross the others.
        if frame.right - end.0 < 0.12 * (frame.right - frame.left) {
            scene.line(Role::Leader, vec![end, (start, row)], mixed(colour), 0.12);
        }
        for piece in dashes(vec![(start, row), (stop, row)], dash(series)) {
            scene.line(Role::Leader, piece, colour, PT * 1.5);
        }
        let name = shortened(&series.name, paper.wide - stop - 1.5, TEXT)?;
        scene.words((stop + 1.0, row), &name, INK, Side::Left);
    }
    Ok(())
}

/// Halfway to white.
fn mixed(colour: [u8; 3]) -> [u8; 3] {
    colour.map(|part| part / 2 + 127)
}
