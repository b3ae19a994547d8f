//! The font of exported charts, carried along so that a machine without fonts draws the same picture.
//!
//! Ubuntu Light, from the crate `epaint_default_fonts`, under the Ubuntu Font Licence 1.0, which allows to embed and
//! to pass it on. PNG and PDF files hold its shapes; an SVG names it first and falls back to the reader's own sans-serif.

use std::sync::Once;

use anyhow::Result;
use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};
use resvg::usvg::fontdb::Database;

/// The font file.
pub const BYTES: &[u8] = epaint_default_fonts::UBUNTU_LIGHT;
/// The family as it calls itself.
pub const FAMILY: &str = "Ubuntu";
/// What an SVG asks for.
pub const FAMILIES: &str = "Ubuntu, Helvetica, Arial, sans-serif";

/// The font that pictures are drawn with; none of the machine.
pub fn database() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(BYTES.to_vec());
    fonts
}

/// Makes the font known to plotters, once.
pub fn register() {
    static ONCE: Once = Once::new();
    // The bytes are part of this program and a test measures with them: they are a font.
    ONCE.call_once(|| drop(register_font(FAMILIES, FontStyle::Normal, BYTES)));
}

/// Width of `text` at `size`, in the unit of `size`.
pub fn width(text: &str, size: f64) -> Result<f64> {
    register();
    // Measured large, as plotters rounds to whole numbers.
    let font = (FontFamily::Name(FAMILIES), 1000.0).into_font();
    let (wide, _) = font.box_size(text)?;
    Ok(f64::from(wide) * size / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_with_the_embedded_font() {
        let (one, two) = (width("m", 10.0).expect("a font"), width("mm", 10.0).expect("a font"));
        assert!((7.0..10.0).contains(&one) && (two - 2.0 * one).abs() < 0.5, "{one} {two}");
        assert!(width("i", 10.0).expect("a font") < one / 2.0);
    }
}
