//! Writes scenes with plotters' SVG backend.
//!
//! Its limitations and the workarounds: integer coordinates (the unit is 0.01 mm), NaN drawn as a line to the axis
//! (non-finite shapes are dropped), out-of-range values pinned to the frame (chart types clip), labels cut at the edge
//! (measured first), no groups (each role is rendered separately and wrapped in a group), no line joins (set on the root).

use anyhow::{Result, anyhow, ensure};
use plotters::{
    coord::Shift,
    element::{Circle, PathElement, Polygon, Text},
    prelude::{DrawingArea, IntoDrawingArea, IntoFont, RGBAColor, SVGBackend, ShapeStyle},
    style::{
        FontFamily, FontTransform,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    font,
    scene::{Anchor, Item, Point, Role, Scene, Shape},
};
use crate::text::clean;

type Sheet<'s> = DrawingArea<SVGBackend<'s>, Shift>;

/// Units per millimetre.
const MM: f64 = 100.0;

/// The drawing as an SVG document with a text alternative and its provenance (JSON); both may be empty.
///
/// # Errors
/// If the backend cannot draw, or the sheet is too large.
pub fn document(scene: &Scene, description: &str, provenance: &str) -> Result<String> {
    let valid = |mm: f64| (10.0..=5000.0).contains(&mm);
    ensure!(
        valid(scene.wide) && valid(scene.high),
        "a chart of {} by {} mm cannot be drawn",
        scene.wide,
        scene.high
    );
    font::register();
    let (wide, high) = (units(scene.wide), units(scene.high));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {wide} {high}\" \
         stroke-linejoin=\"round\" stroke-linecap=\"round\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n",
        f64::from(wide) / MM,
        f64::from(high) / MM,
        escaped(&scene.title),
        escaped(description),
    );
    if !provenance.is_empty() {
        text += &format!("<metadata>{}</metadata>\n", escaped(provenance));
    }
    text += &format!("<rect width=\"{wide}\" height=\"{high}\" fill=\"#FFFFFF\"/>\n");
    for (role, name) in Role::ALL {
        let items: Vec<&Item> = scene.items.iter().filter(|item| item.role == role).collect();
        if !items.is_empty() {
            let edges = if role == Role::Cell { " shape-rendering=\"crispEdges\"" } else { "" };
            text += &format!("<g data-role=\"{name}\"{edges}>\n{}</g>\n", group(&items, (wide, high))?);
        }
    }
    Ok(text + "</svg>\n")
}

/// The elements of one role.
fn group(items: &[&Item], (wide, high): (i32, i32)) -> Result<String> {
    let mut text = String::new();
    {
        let sheet = SVGBackend::with_string(&mut text, (wide as u32, high as u32)).into_drawing_area();
        let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw the chart: {error}");
        for item in items {
            draw(&sheet, item).map_err(|error| failed(&error))?;
        }
        sheet.present().map_err(|error| failed(&error))?;
    }
    let body = text.split_once('>').map_or("", |(_, body)| body).trim();
    Ok(body.strip_suffix("</svg>").unwrap_or(body).to_string())
}

fn draw(sheet: &Sheet, item: &Item) -> Result<()> {
    let [r, g, b] = item.colour;
    let colour = RGBAColor(r, g, b, item.alpha);
    let filled = ShapeStyle { color: colour, filled: true, stroke_width: 0 };
    match &item.shape {
        Shape::Line(places, thick) if drawable(places) => {
            let stroke_width = units(*thick).max(1) as u32;
            let style = ShapeStyle { color: colour, filled: false, stroke_width };
            sheet.draw(&PathElement::new(all(places), style))?;
        }
        Shape::Area(places) if drawable(places) => sheet.draw(&Polygon::new(all(places), filled))?,
        Shape::Dot(at, radius) if drawable(&[*at]) => {
            sheet.draw(&Circle::new(place(*at), units(*radius), filled))?;
        }
        Shape::Text(at, text, size, anchor) if drawable(&[*at]) => {
            text_with_arrow(sheet, (*at, *anchor), text, *size, colour)?
        }
        Shape::VerticalText((x, y), text, size) if drawable(&[(*x, *y)]) => {
            let font = (FontFamily::Name(font::FAMILIES), size * MM * 1.24).into_font();
            let turned = font.transform(FontTransform::Rotate270).color(&colour);
            let style = turned.pos(Pos::new(HPos::Left, VPos::Center));
            sheet.draw(&Text::new(clean(text), place((x + 0.1 * size, *y)), style))?;
        }
        _ => {}
    }
    Ok(())
}

/// Draws text; an arrow in it is drawn as a path, as the font lacks it: a fallback font would apply to the whole text, and
/// a PDF with two fonts is not deterministic.
fn text_with_arrow(
    sheet: &Sheet,
    ((x, y), anchor): (Point, Anchor),
    text: &str,
    size: f64,
    colour: RGBAColor,
) -> Result<()> {
    let arrow = ["↑", "↓"].into_iter().find_map(|arrow| Some((arrow, text.split_once(arrow)?)));
    let Some((arrow, (before, after))) = arrow else {
        return plain_text(sheet, ((x, y), anchor), text, size, colour);
    };
    let (before, after) = (before.trim_end(), after.trim_start());
    let wide = font::width(before, size)? + 0.95 * size;
    let rest = if after.is_empty() { 0.0 } else { 0.3 * size + font::width(after, size)? };
    let start = match anchor {
        Anchor::Left => x,
        Anchor::Middle => x - (wide + rest) / 2.0,
        Anchor::Right => x - wide - rest,
    };
    plain_text(sheet, ((start, y), Anchor::Left), before, size, colour)?;
    if !after.is_empty() {
        plain_text(sheet, ((start + wide + 0.3 * size, y), Anchor::Left), after, size, colour)?;
    }
    let (middle, head) = (start + wide - 0.3 * size, 0.24 * size);
    let (tip, foot) = if arrow == "↑" { (-0.38 * size, 0.38 * size) } else { (0.38 * size, -0.38 * size) };
    let bent = y + tip - head * tip.signum();
    let style = ShapeStyle { color: colour, filled: false, stroke_width: units(0.09 * size).max(1) as u32 };
    for path in [
        vec![(middle, y + foot), (middle, y + tip)],
        vec![(middle - head, bent), (middle, y + tip), (middle + head, bent)],
    ] {
        sheet.draw(&PathElement::new(all(&path), style))?;
    }
    Ok(())
}

fn plain_text(
    sheet: &Sheet,
    ((x, y), anchor): (Point, Anchor),
    text: &str,
    size: f64,
    colour: RGBAColor,
) -> Result<()> {
    let horizontal = match anchor {
        Anchor::Left => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    // The backend divides the size by 1.24 and lowers the text by half an x-height; digits are taller than that.
    let font = (FontFamily::Name(font::FAMILIES), size * MM * 1.24).into_font();
    let style = font.color(&colour).pos(Pos::new(horizontal, VPos::Center));
    Ok(sheet.draw(&Text::new(clean(text), place((x, y + 0.1 * size)), style))?)
}

fn drawable(places: &[Point]) -> bool {
    // Larger coordinates would overflow integers.
    !places.is_empty() && places.iter().all(|(x, y)| x.abs() < 1e5 && y.abs() < 1e5)
}

fn units(mm: f64) -> i32 {
    (mm * MM).round() as i32
}

fn place((x, y): Point) -> (i32, i32) {
    (units(x), units(y))
}

fn all(places: &[Point]) -> Vec<(i32, i32)> {
    places.iter().copied().map(place).collect()
}

/// Escapes text for XML.
pub fn escaped(text: &str) -> String {
    // U+FFFE and U+FFFF are valid in Rust, but not in XML.
    let cleaned = clean(text).replace(['\u{FFFE}', '\u{FFFF}'], " ");
    cleaned.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
