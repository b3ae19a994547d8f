//! Replaces SVG text by glyph outlines of the embedded font, so that viewers without the font render the same chart. Keeps
//! the text itself as a transparent overlay, for selection and search.

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use resvg::usvg::roxmltree::{Document, Node};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::{font, svg::escaped};

/// The parsed font; none if it cannot be parsed, which a test rules out.
static FACE: LazyLock<Option<Face<'static>>> = LazyLock::new(|| Face::parse(font::BYTES, 0).ok());

/// Outlines every text that the font covers. Other text is unchanged and uses the viewer's fonts.
pub fn outlined(svg: &str) -> String {
    let (Some(face), Ok(document)) = (&*FACE, Document::parse(svg)) else { return svg.to_string() };
    let (mut out, mut glyphs, mut from) = (String::with_capacity(2 * svg.len()), BTreeMap::new(), 0);
    for text in document.descendants().filter(|node| node.has_tag_name("text")) {
        let Some(drawn) = Text::read(face, &text) else { continue };
        out.push_str(&svg[from..text.range().start]);
        drawn.write(face, &mut glyphs, &mut out);
        from = text.range().end;
    }
    out.push_str(&svg[from..]);
    let defs: String =
        glyphs.iter().map(|(id, path)| format!("<path id=\"{}\" d=\"{path}\"/>\n", name(*id))).collect();
    match out.find("<g ").filter(|_| !defs.is_empty()) {
        Some(at) => format!("{}<defs>\n{defs}</defs>\n{}", &out[..at], &out[at..]),
        None => out,
    }
}

/// The id of a glyph: the same in every document, so that several can be inlined in one page.
fn name(glyph: u16) -> String {
    format!("ubuntu-light-{glyph}")
}

/// A text element.
struct Text<'a> {
    content: &'a str,
    glyphs: Vec<GlyphId>,
    x: f64,
    y: f64,
    size: f64,
    anchor: &'a str,
    fill: &'a str,
    opacity: &'a str,
    transform: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// Parses an element as written by `svg.rs`; none if the font lacks a glyph.
    fn read(face: &Face, node: &Node<'a, '_>) -> Option<Text<'a>> {
        let number = |name: &str| node.attribute(name)?.parse::<f64>().ok();
        let content = node.text()?.trim();
        let glyphs = content.chars().map(|letter| face.glyph_index(letter)).collect::<Option<Vec<_>>>()?;
        Some(Text {
            content,
            glyphs,
            x: number("x")?,
            y: number("y")?,
            size: number("font-size")?,
            anchor: node.attribute("text-anchor")?,
            fill: node.attribute("fill")?,
            opacity: node.attribute("opacity")?,
            transform: node.attribute("transform"),
        })
    }

    fn write(&self, face: &Face, paths: &mut BTreeMap<u16, String>, out: &mut String) {
        let scale = self.size / f64::from(face.units_per_em());
        let advance = |glyph: &GlyphId| face.glyph_hor_advance(*glyph).unwrap_or(0);
        let wide: f64 = self.glyphs.iter().map(|glyph| f64::from(advance(glyph))).sum::<f64>() * scale;
        let left = match self.anchor {
            "middle" => self.x - wide / 2.0,
            "end" => self.x - wide,
            _ => self.x,
        };
        // y is the middle of the x-height.
        let base = self.y + 0.5 * scale * f64::from(face.x_height().unwrap_or(0));
        let Text { content, x, y, size, anchor, fill, opacity, .. } = self;
        let transform = self.transform.map_or(String::new(), |turn| format!(" transform=\"{turn}\""));
        _ = write!(
            out,
            "<g{transform} fill=\"{fill}\" opacity=\"{opacity}\">\n<g transform=\"translate({left:.1} {base:.1}) scale({scale:.5} {:.5})\">",
            -scale
        );
        let mut at = 0_u32;
        for glyph in &self.glyphs {
            let path = paths.entry(glyph.0).or_insert_with(|| path(face, *glyph));
            if !path.is_empty() {
                _ = write!(out, "<use href=\"#{}\" x=\"{at}\"/>", name(glyph.0));
            }
            at += u32::from(advance(glyph));
        }
        paths.retain(|_, path| !path.is_empty());
        _ = write!(
            out,
            "</g>\n<text x=\"{x}\" y=\"{y}\" dy=\"0.5ex\" text-anchor=\"{anchor}\" font-family=\"{}\" font-size=\"{size}\" \
             textLength=\"{wide:.0}\" lengthAdjust=\"spacingAndGlyphs\" fill-opacity=\"0\">\n{}\n</text>\n</g>",
            font::FAMILIES,
            escaped(content)
        );
    }
}

/// The outline in font units, y upwards.
fn path(face: &Face, glyph: GlyphId) -> String {
    let mut path = Path(String::new());
    face.outline_glyph(glyph, &mut path);
    path.0
}

struct Path(String);

impl OutlineBuilder for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        _ = write!(self.0, "M{x} {y}");
    }

    fn line_to(&mut self, x: f32, y: f32) {
        _ = write!(self.0, "L{x} {y}");
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        _ = write!(self.0, "Q{x1} {y1} {x} {y}");
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        _ = write!(self.0, "C{x1} {y1} {x2} {y2} {x} {y}");
    }

    fn close(&mut self) {
        self.0.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use resvg::{
        tiny_skia::{Color, Pixmap, Transform},
        usvg::{Options, Tree, fontdb::Database},
    };

    use super::{
        super::scene::{Anchor, INK, Scene},
        *,
    };

    fn text(lines: &[&str]) -> String {
        let mut scene = Scene::new("a chart", 60.0, 40.0);
        for (row, line) in lines.iter().enumerate() {
            let at = (30.0, 5.0 + 6.0 * row as f64);
            scene.text(at, line, INK, [Anchor::Left, Anchor::Middle, Anchor::Right][row % 3]);
        }
        super::super::svg::document(&scene, "", "").expect("drawn")
    }

    /// Darkness of each pixel, rendered with `fonts`.
    fn drawn(svg: &str, fonts: Database) -> Vec<u8> {
        let options =
            Options { fontdb: Arc::new(fonts), font_family: font::FAMILY.to_string(), ..Options::default() };
        let tree = Tree::from_str(svg, &options).expect("a document");
        let mut image = Pixmap::new(600, 400).expect("memory");
        image.fill(Color::WHITE);
        let scale = 600.0 / tree.size().width();
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
        image.pixels().iter().map(|pixel| 255 - pixel.red()).collect()
    }

    fn ink(image: &[u8]) -> f64 {
        image.iter().map(|dark| f64::from(*dark)).sum()
    }

    #[test]
    fn a_reader_without_the_font_sees_what_one_with_it_sees() {
        let svg = text(&["smallest to largest", "lit-lr-3e-3 (%) äé", "0.123456789", "i<&>\"l"]);
        let (with, without) = (drawn(&svg, font::database()), drawn(&outlined(&svg), Database::new()));
        assert_eq!(ink(&drawn(&svg, Database::new())), 0.0, "without the font text itself is not drawn");
        let differ: f64 = with.iter().zip(&without).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
        // Antialiasing differs slightly; displaced letters would differ by twice their ink.
        assert!(ink(&without) > 0.0 && differ / ink(&with) < 0.35, "{}", differ / ink(&with));
    }

    #[test]
    fn the_text_is_still_there_to_be_searched() {
        let svg = outlined(&text(&["val loss & more", "名前"]));
        let document = Document::parse(&svg).expect("it is XML");
        let texts: Vec<Node> = document.descendants().filter(|node| node.has_tag_name("text")).collect();
        let found: Vec<&str> = texts.iter().filter_map(|node| node.text()).map(str::trim).collect();
        assert_eq!(found, ["val loss & more", "名前"]);
        assert_eq!(texts[0].attribute("fill-opacity"), Some("0"));
        assert_eq!(texts[1].attribute("fill-opacity"), None, "what the font lacks stays text");
    }

    #[test]
    fn text_that_is_not_xml_is_unchanged() {
        assert_eq!(outlined("no XML <"), "no XML <");
    }
}
