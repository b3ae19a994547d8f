//! Learning curves with direct labels.

use anyhow::Result;

use super::super::{
    Size,
    frame::Frame,
    lines::{dashes, pieces},
    page::Page,
    scene::{ALARM, Anchor, GREY, INK, Point, Role, Scene},
    type_size::{PT, SMALL, TEXT, shortened},
};
use crate::{
    figure::{Figure, NonFinite, Series},
    palette::PAPER,
};

/// Series of at most this many points show markers.
const SPARSE: usize = 40;

/// Draws the figure.
///
/// # Errors
/// If the size is invalid.
pub fn curves(figure: &Figure, size: Size) -> Result<Scene> {
    let page = Page::new(figure, size)?;
    let mut scene = Scene::new(&figure.title, page.wide, page.high);
    axes(&page, &mut scene)?;
    for series in &figure.series {
        band(&page.frame, series, &mut scene);
        curve(&page.frame, series, &mut scene);
        marks(&page.frame, series, &mut scene);
    }
    labels(&page, &mut scene)?;
    Ok(scene)
}

fn axes(page: &Page, scene: &mut Scene) -> Result<()> {
    let Figure { x, y, .. } = page.figure;
    page.frame.rows(scene, &page.rows);
    page.frame.columns(scene, &page.columns, &x.title);
    let title = shortened(&y.title, page.wide - 2.0, TEXT)?;
    scene.text((1.0, 0.9 * TEXT), &title, INK, Anchor::Left);
    for (i, note) in page.notes.iter().rev().enumerate() {
        let row = page.high - (0.8 + 1.3 * i as f64) * SMALL;
        scene.sized_text((1.0, row), note, SMALL, GREY, Anchor::Left);
    }
    Ok(())
}

/// Draws the bands, clamped to the frame.
fn band(frame: &Frame, series: &Series, scene: &mut Scene) {
    let colour = PAPER[series.colour % PAPER.len()];
    for band in &series.bands {
        if band.len() < 2 || band.iter().all(|(_, low, high)| low == high) {
            continue;
        }
        let upper = band.iter().map(|(x, _, high)| frame.clamped(*x, *high));
        let lower = band.iter().rev().map(|(x, low, _)| frame.clamped(*x, *low));
        scene.area(Role::Band, upper.chain(lower).collect(), colour, 0.18);
    }
}

fn curve(frame: &Frame, series: &Series, scene: &mut Scene) {
    let colour = PAPER[series.colour % PAPER.len()];
    let points: usize = series.lines.iter().map(Vec::len).sum();
    for line in &series.lines {
        let places: Vec<Point> = line.iter().map(|(x, y)| frame.to_unit(*x, *y)).collect();
        for piece in pieces(&places) {
            let piece = piece.into_iter().map(|place| frame.to_sheet(place)).collect();
            for stretch in dashes(piece, dash(series)) {
                let (colour, thick) = if series.thin { (mixed(colour), PT * 0.4) } else { (colour, PT) };
                scene.line(Role::Line, stretch, colour, thick);
            }
        }
        let shown = line.iter().filter(|_| !series.thin && (points <= SPARSE || line.len() == 1));
        for (x, y) in shown.filter(|(x, y)| frame.contains(*x, *y)) {
            scene.dot(frame.at(*x, *y), 0.55, colour);
        }
    }
}

/// The line style: curves of the same colour differ in it.
fn dash(series: &Series) -> usize {
    series.dash + series.colour / PAPER.len()
}

/// Draws non-finite values on the edge of the frame.
fn marks(frame: &Frame, series: &Series, scene: &mut Scene) {
    const SIZE: f64 = 0.9;
    for (x, bad) in &series.bad {
        let place = frame.x.place(*x);
        if !(0.0..=1.0).contains(&place) {
            continue;
        }
        let (column, row) = frame.to_sheet((place, if *bad == NonFinite::PlusInf { 1.0 } else { 0.0 }));
        match bad {
            NonFinite::Nan | NonFinite::Unclassified => {
                for side in [-SIZE, SIZE] {
                    let stroke = vec![(column - SIZE, row - side), (column + SIZE, row + side)];
                    scene.line(Role::Mark, stroke, ALARM, 0.35);
                }
            }
            NonFinite::PlusInf | NonFinite::MinusInf => {
                let tip = if *bad == NonFinite::PlusInf { -SIZE } else { SIZE };
                let corners =
                    vec![(column - SIZE, row - tip), (column + SIZE, row - tip), (column, row + tip)];
                scene.area(Role::Mark, corners, ALARM, 1.0);
            }
        }
    }
}

/// Draws names beside the ends of the curves, with leader lines.
fn labels(page: &Page, scene: &mut Scene) -> Result<()> {
    let frame = &page.frame;
    for (series, row) in page.labels() {
        let colour = PAPER[series.colour % PAPER.len()];
        let end = series.end().map_or((frame.right, row), |(x, y)| frame.clamped(x, y));
        let (start, stop) = (frame.right + 2.0, frame.right + 6.1);
        // No leader for a curve that ends early: it would cross the others.
        if frame.right - end.0 < 0.12 * (frame.right - frame.left) {
            scene.line(Role::Leader, vec![end, (start, row)], mixed(colour), 0.12);
        }
        for piece in dashes(vec![(start, row), (stop, row)], dash(series)) {
            scene.line(Role::Leader, piece, colour, PT * 1.5);
        }
        let name = shortened(&series.name, page.wide - stop - 1.5, TEXT)?;
        scene.text((stop + 1.0, row), &name, INK, Anchor::Left);
    }
    Ok(())
}

/// Mixes the colour with white.
fn mixed(colour: [u8; 3]) -> [u8; 3] {
    colour.map(|part| part / 2 + 127)
}
