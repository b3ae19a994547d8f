//! A figure drawn through plotters' SVG backend.
//!
//! Its pitfalls and what is done about them: whole-number coordinates (the sheet counts hundredths of a millimetre),
//! NaN drawn as a line to the axis (figures hold no such point), values beyond the axis pinned to the frame (lines are
//! clipped here), labels cut at the edge (measured first), no line joins (set on the root).

use anyhow::{Result, anyhow};
use plotters::{
    coord::Shift,
    element::{Circle, PathElement, Polygon, Text},
    prelude::{DrawingArea, IntoDrawingArea, IntoFont, RGBAColor, RGBColor, SVGBackend, ShapeStyle},
    style::{
        FontFamily,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Size, font,
    lines::{dashes, pieces},
    paper::{MM, PT, Paper, SMALL, TEXT},
};
use crate::{
    figure::{Bad, Figure, Series},
    palette::PAPER,
    text::clean,
};

type Sheet<'s> = DrawingArea<SVGBackend<'s>, Shift>;

const INK: [u8; 3] = [0x22, 0x22, 0x22];
const GREY: [u8; 3] = [0x66, 0x66, 0x66];
const GRID: [u8; 3] = [0xE3, 0xE3, 0xE3];
const ALARM: [u8; 3] = [0xC0, 0x10, 0x10];
/// Series of fewer points show them.
const SPARSE: usize = 40;

/// The chart as an SVG document.
///
/// # Errors
/// When the size is unusable.
pub fn svg(figure: &Figure, size: Size) -> Result<String> {
    font::register();
    let paper = Paper::new(figure, size)?;
    let mut text = String::new();
    {
        let sheet =
            SVGBackend::with_string(&mut text, (paper.wide as u32, paper.high as u32)).into_drawing_area();
        draw(&paper, &sheet).map_err(|error| anyhow!("the chart could not be drawn: {error}"))?;
        sheet.present().map_err(|error| anyhow!("the chart could not be drawn: {error}"))?;
    }
    Ok(finish(&text, figure, size))
}

fn draw(paper: &Paper, sheet: &Sheet) -> Result<()> {
    sheet.fill(&RGBColor(255, 255, 255))?;
    axes(paper, sheet)?;
    for series in &paper.figure.series {
        band(paper, series, sheet)?;
    }
    for series in &paper.figure.series {
        curve(paper, series, sheet)?;
    }
    for series in &paper.figure.series {
        marks(paper, series, sheet)?;
    }
    labels(paper, sheet)
}

fn stroke([r, g, b]: [u8; 3], wide: f64) -> ShapeStyle {
    ShapeStyle { color: RGBAColor(r, g, b, 1.0), filled: false, stroke_width: wide.round().max(1.0) as u32 }
}

fn fill([r, g, b]: [u8; 3], alpha: f64) -> ShapeStyle {
    ShapeStyle { color: RGBAColor(r, g, b, alpha), filled: true, stroke_width: 0 }
}

fn path(sheet: &Sheet, points: Vec<(i32, i32)>, style: ShapeStyle) -> Result<()> {
    Ok(sheet.draw(&PathElement::new(points, style))?)
}

/// Text whose middle stands at height `y`.
fn write(
    sheet: &Sheet,
    text: &str,
    (x, y): (f64, f64),
    size: f64,
    [r, g, b]: [u8; 3],
    side: HPos,
) -> Result<()> {
    // The backend divides by 1.24 and lowers the text by half an x-height; figures stand higher than that.
    let font = (FontFamily::Name(font::FAMILIES), size * 1.24).into_font();
    let style = font.color(&RGBColor(r, g, b)).pos(Pos::new(side, VPos::Center));
    let place = (x.round() as i32, (y + 0.1 * size).round() as i32);
    Ok(sheet.draw(&Text::new(clean(text), place, style))?)
}

fn axes(paper: &Paper, sheet: &Sheet) -> Result<()> {
    let Figure { x, y, .. } = paper.figure;
    for tick in &paper.rows {
        let (_, row) = paper.at((0.0, y.scale.place(tick.at)));
        path(sheet, vec![(paper.left as i32, row), (paper.right as i32, row)], stroke(GRID, 0.12 * MM))?;
        write(sheet, &tick.label, (paper.left - 1.2 * MM, f64::from(row)), TEXT, GREY, HPos::Right)?;
    }
    path(sheet, vec![paper.at((0.0, 0.0)), paper.at((1.0, 0.0))], stroke(GREY, 0.2 * MM))?;
    for tick in &paper.columns {
        let (column, row) = paper.at((x.scale.place(tick.at), 0.0));
        path(sheet, vec![(column, row), (column, row + (0.8 * MM) as i32)], stroke(GREY, 0.2 * MM))?;
        let below = paper.bottom + 0.8 * MM + 0.75 * TEXT;
        write(sheet, &tick.label, (f64::from(column), below), TEXT, GREY, HPos::Center)?;
    }
    let title = shortened(&y.title, paper.wide - 2.0 * MM)?;
    write(sheet, &title, (MM, 0.9 * TEXT), TEXT, INK, HPos::Left)?;
    let middle = (paper.left + paper.right) / 2.0;
    write(sheet, &x.title, (middle, paper.bottom + 0.8 * MM + 2.0 * TEXT), TEXT, INK, HPos::Center)?;
    for (i, note) in paper.notes.iter().rev().enumerate() {
        let row = paper.high - (0.8 + 1.3 * i as f64) * SMALL;
        write(sheet, note, (MM, row), SMALL, GREY, HPos::Left)?;
    }
    Ok(())
}

/// From minimum to maximum, cut at the frame.
fn band(paper: &Paper, series: &Series, sheet: &Sheet) -> Result<()> {
    let colour = PAPER[series.colour % PAPER.len()];
    for band in &series.bands {
        if band.len() < 2 || band.iter().all(|(_, low, high)| low == high) {
            continue;
        }
        let edge = |x: f64, y: f64| {
            let (x, y) = paper.unit(x, y);
            paper.at((x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)))
        };
        let upper = band.iter().map(|(x, _, high)| edge(*x, *high));
        let lower = band.iter().rev().map(|(x, low, _)| edge(*x, *low));
        sheet.draw(&Polygon::new(upper.chain(lower).collect::<Vec<_>>(), fill(colour, 0.18)))?;
    }
    Ok(())
}

fn curve(paper: &Paper, series: &Series, sheet: &Sheet) -> Result<()> {
    let colour = PAPER[series.colour % PAPER.len()];
    let points: usize = series.lines.iter().map(Vec::len).sum();
    for line in &series.lines {
        let places: Vec<(f64, f64)> = line.iter().map(|(x, y)| paper.unit(*x, *y)).collect();
        for piece in pieces(&places) {
            for stretch in dashes(piece.into_iter().map(|place| paper.at(place)).collect(), series.dash) {
                path(sheet, stretch, stroke(colour, PT))?;
            }
        }
        for place in places.iter().filter(|_| points <= SPARSE || line.len() == 1) {
            if (0.0..=1.0).contains(&place.0) && (0.0..=1.0).contains(&place.1) {
                sheet.draw(&Circle::new(paper.at(*place), (0.55 * MM) as i32, fill(colour, 1.0)))?;
            }
        }
    }
    Ok(())
}

/// What was not finite, on the frame where it happened.
fn marks(paper: &Paper, series: &Series, sheet: &Sheet) -> Result<()> {
    let size = (0.9 * MM) as i32;
    for (x, bad) in &series.bad {
        let place = paper.figure.x.scale.place(*x);
        if !(0.0..=1.0).contains(&place) {
            continue;
        }
        let (column, row) = paper.at((place, if *bad == Bad::PlusInf { 1.0 } else { 0.0 }));
        match bad {
            Bad::Nan | Bad::NotFinite => {
                for side in [-size, size] {
                    let stroke = stroke(ALARM, 0.35 * MM);
                    path(sheet, vec![(column - size, row - side), (column + size, row + side)], stroke)?;
                }
            }
            Bad::PlusInf | Bad::MinusInf => {
                let tip = if *bad == Bad::PlusInf { -size } else { size };
                let corners =
                    vec![(column - size, row - tip), (column + size, row - tip), (column, row + tip)];
                sheet.draw(&Polygon::new(corners, fill(ALARM, 1.0)))?;
            }
        }
    }
    Ok(())
}

/// Names beside the ends of the lines, each with a stroke of its colour that leads there.
fn labels(paper: &Paper, sheet: &Sheet) -> Result<()> {
    for (series, row) in paper.labels() {
        let colour = PAPER[series.colour % PAPER.len()];
        let end = series.end().map_or((0.0, 0.0), |(x, y)| paper.unit(x, y));
        let end = paper.at((end.0.clamp(0.0, 1.0), end.1.clamp(0.0, 1.0)));
        let start = (paper.right + 2.0 * MM, paper.right + 6.1 * MM);
        // A line that ends early is found by its colour; a long leader would cross the others.
        if paper.right - f64::from(end.0) < 0.12 * (paper.right - paper.left) {
            path(sheet, vec![end, (start.0 as i32, row as i32)], stroke(mixed(colour), 0.12 * MM))?;
        }
        for piece in dashes(vec![(start.0 as i32, row as i32), (start.1 as i32, row as i32)], series.dash) {
            path(sheet, piece, stroke(colour, PT * 1.5))?;
        }
        let name = shortened(&series.name, paper.wide - start.1 - 1.5 * MM)?;
        write(sheet, &name, (start.1 + MM, row), TEXT, INK, HPos::Left)?;
    }
    Ok(())
}

/// Halfway to white.
fn mixed(colour: [u8; 3]) -> [u8; 3] {
    colour.map(|part| part / 2 + 127)
}

/// The name, cut to `room` with an ellipsis.
fn shortened(name: &str, room: f64) -> Result<String> {
    let mut text = name.to_string();
    while font::width(&text, TEXT)? > room && text.chars().count() > 2 {
        text = text.trim_end_matches('…').chars().rev().skip(1).collect::<String>().chars().rev().collect();
        text.push('…');
    }
    Ok(text)
}

/// The document in millimetres, with round joins, and with what it shows in words for those who cannot see it.
fn finish(text: &str, figure: &Figure, size: Size) -> String {
    let body = text.split_once('>').map_or("", |(_, body)| body);
    let names: Vec<&str> = figure.series.iter().map(|series| series.name.as_str()).collect();
    let words = format!(
        "{} over {}: {}. {}",
        figure.title,
        figure.x.title,
        names.join(", "),
        figure.notes.join("; ")
    );
    let (wide, high) = ((size.width_mm * MM) as u32, (size.height_mm * MM) as u32);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {wide} {high}\" \
         stroke-linejoin=\"round\" stroke-linecap=\"round\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>{body}",
        size.width_mm,
        size.height_mm,
        escaped(&figure.title),
        escaped(words.trim()),
    )
}

fn escaped(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
