//! The embedded font of exported charts: rendering is independent of installed fonts.
//!
//! Ubuntu Light, from the crate `epaint_default_fonts`, under the Ubuntu Font Licence 1.0, which permits embedding and
//! redistribution. PNG, PDF and SVG files contain its glyphs; in an SVG, missing glyphs use the viewer's sans-serif font.

use std::sync::Once;

use anyhow::Result;
use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};
use resvg::usvg::fontdb::Database;

/// The font file.
pub const BYTES: &[u8] = epaint_default_fonts::UBUNTU_LIGHT;
/// The font family.
pub const FAMILY: &str = "Ubuntu";
/// The `font-family` of SVG text.
pub const FAMILIES: &str = "Ubuntu, Helvetica, Arial, sans-serif";

/// A font database with only the embedded font.
pub fn database() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(BYTES.to_vec());
    fonts
}

/// Ascent plus descent in em. plotters uses the size as this height when measuring, but as the em when drawing.
const HEIGHT: f64 = 1.121;

/// Registers the font with plotters, once.
pub fn register() {
    static ONCE: Once = Once::new();
    // Cannot fail: a test measures with the embedded font.
    ONCE.call_once(|| drop(register_font(FAMILIES, FontStyle::Normal, BYTES)));
}

/// Width of `text` at `size`, in the unit of `size`.
pub fn width(text: &str, size: f64) -> Result<f64> {
    register();
    // Measured at a large size, as plotters rounds to integers.
    let font = (FontFamily::Name(FAMILIES), 1000.0).into_font();
    let (wide, _) = font.box_size(text)?;
    Ok(f64::from(wide) * HEIGHT * size / 1000.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use resvg::usvg::{Node, Options, Tree};

    use super::*;

    #[test]
    fn text_is_measured_with_the_embedded_font() {
        let (one, two) = (width("m", 10.0).expect("a font"), width("mm", 10.0).expect("a font"));
        assert!((7.0..10.0).contains(&one) && (two - 2.0 * one).abs() < 0.5, "{one} {two}");
        assert!(width("i", 10.0).expect("a font") < one / 2.0);
    }

    /// Otherwise notes would be wrapped too late and clipped at the edge of the sheet.
    #[test]
    fn text_is_rendered_as_wide_as_it_is_measured() {
        for text in ["smallest to largest value · smoothed", "lit-lr-3e-3", "0123456789", "WAVE Tiny To"] {
            let sheet = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9000' height='400'><text y='200' \
                 font-family='{FAMILY}' font-size='100'>{text}</text></svg>"
            );
            let options = Options { fontdb: Arc::new(database()), ..Options::default() };
            let tree = Tree::from_str(&sheet, &options).expect("a document");
            let Some(Node::Text(drawn)) = tree.root().children().first() else { panic!("no text") };
            let (drawn, measured) =
                (f64::from(drawn.bounding_box().width()), width(text, 100.0).expect("a font"));
            assert!((measured / drawn - 1.0).abs() < 0.03, "{text}: {measured} measured, {drawn} drawn");
        }
    }
}
