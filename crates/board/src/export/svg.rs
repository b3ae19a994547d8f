//! Scenes through plotters' SVG backend.
//!
//! Its pitfalls and what is done about them: whole-number coordinates (the sheet counts hundredths of a millimetre, a
//! tenth of what is printed), NaN drawn as a line to the axis (shapes that are not finite are left out), values beyond
//! the axis pinned to the frame (forms clip), labels cut at the edge (measured first), no groups (each role is a
//! document of its own, put into a group), no line joins (set on the root).

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
    scene::{Item, Place, Role, Scene, Shape, Side},
};
use crate::text::clean;

type Sheet<'s> = DrawingArea<SVGBackend<'s>, Shift>;

/// Units of the sheet in a millimetre.
const MM: f64 = 100.0;

/// The drawing as an SVG document: `words` say what it shows, `facts` (JSON) where it comes from; both may be empty.
///
/// # Errors
/// When the backend cannot draw, or the sheet is larger than it can count.
pub fn document(scene: &Scene, words: &str, facts: &str) -> Result<String> {
    let sound = |mm: f64| (10.0..=5000.0).contains(&mm);
    ensure!(sound(scene.wide) && sound(scene.high), "a chart of {} by {} mm", scene.wide, scene.high);
    font::register();
    let (wide, high) = (units(scene.wide), units(scene.high));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {wide} {high}\" \
         stroke-linejoin=\"round\" stroke-linecap=\"round\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n",
        f64::from(wide) / MM,
        f64::from(high) / MM,
        escaped(&scene.title),
        escaped(words),
    );
    if !facts.is_empty() {
        text += &format!("<metadata>{}</metadata>\n", escaped(facts));
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
        let failed = |error: &dyn std::fmt::Display| anyhow!("the chart could not be drawn: {error}");
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
        Shape::Line(places, thick) if sound(places) => {
            let stroke_width = units(*thick).max(1) as u32;
            let style = ShapeStyle { color: colour, filled: false, stroke_width };
            sheet.draw(&PathElement::new(all(places), style))?;
        }
        Shape::Area(places) if sound(places) => sheet.draw(&Polygon::new(all(places), filled))?,
        Shape::Dot(at, radius) if sound(&[*at]) => {
            sheet.draw(&Circle::new(place(*at), units(*radius), filled))?;
        }
        Shape::Words(at, text, size, side) if sound(&[*at]) => {
            words(sheet, (*at, *side), text, *size, colour)?
        }
        Shape::Upright((x, y), text, size) if sound(&[(*x, *y)]) => {
            let font = (FontFamily::Name(font::FAMILIES), size * MM * 1.24).into_font();
            let turned = font.transform(FontTransform::Rotate270).color(&colour);
            let style = turned.pos(Pos::new(HPos::Left, VPos::Center));
            sheet.draw(&Text::new(clean(text), place((x + 0.1 * size, *y)), style))?;
        }
        _ => {}
    }
    Ok(())
}

/// Text; an arrow at its end is drawn, as the font has none: in a second one all of the text would be set, and a PDF of
/// two fonts is not the same bytes each time.
fn words(
    sheet: &Sheet,
    ((x, y), side): (Place, Side),
    text: &str,
    size: f64,
    colour: RGBAColor,
) -> Result<()> {
    let arrow = ["↑", "↓"].into_iter().find_map(|arrow| Some((arrow, text.strip_suffix(arrow)?.trim_end())));
    let Some((arrow, before)) = arrow else { return write(sheet, ((x, y), side), text, size, colour) };
    let wide = font::width(before, size)? + 0.95 * size;
    let start = match side {
        Side::Left => x,
        Side::Middle => x - wide / 2.0,
        Side::Right => x - wide,
    };
    write(sheet, ((start, y), Side::Left), before, size, colour)?;
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

fn write(
    sheet: &Sheet,
    ((x, y), side): (Place, Side),
    text: &str,
    size: f64,
    colour: RGBAColor,
) -> Result<()> {
    let side = match side {
        Side::Left => HPos::Left,
        Side::Middle => HPos::Center,
        Side::Right => HPos::Right,
    };
    // The backend divides by 1.24 and lowers the text by half an x-height; figures stand higher than that.
    let font = (FontFamily::Name(font::FAMILIES), size * MM * 1.24).into_font();
    let style = font.color(&colour).pos(Pos::new(side, VPos::Center));
    Ok(sheet.draw(&Text::new(clean(text), place((x, y + 0.1 * size)), style))?)
}

fn sound(places: &[Place]) -> bool {
    // Farther out than any sheet, whole numbers would overflow.
    !places.is_empty() && places.iter().all(|(x, y)| x.abs() < 1e5 && y.abs() < 1e5)
}

fn units(mm: f64) -> i32 {
    (mm * MM).round() as i32
}

fn place((x, y): Place) -> (i32, i32) {
    (units(x), units(y))
}

fn all(places: &[Place]) -> Vec<(i32, i32)> {
    places.iter().copied().map(place).collect()
}

/// Text as XML may hold it.
pub fn escaped(text: &str) -> String {
    // U+FFFE and U+FFFF are characters of Rust but not of XML.
    let known = clean(text).replace(['\u{FFFE}', '\u{FFFF}'], " ");
    known.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
