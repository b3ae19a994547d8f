//! A picture from the SVG, so that both show the same.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{Options, Tree},
};

use super::{Size, font};

/// The PNG of `svg`, `size.pixels` wide, on white. Fonts of the machine are not looked at.
pub fn png(svg: &str, size: Size) -> Result<Vec<u8>> {
    ensure!((16..=20_000).contains(&size.pixels), "a PNG is 16 to 20000 pixels wide, not {}", size.pixels);
    let fonts = Arc::new(font::database());
    let options = Options { fontdb: fonts, font_family: font::FAMILY.to_string(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).context("the chart could not be turned into a picture")?;
    let scale = size.pixels as f32 / tree.size().width();
    let high = (tree.size().height() * scale).round().max(1.0) as u32;
    let mut picture = Pixmap::new(size.pixels, high).context("the picture is too large for memory")?;
    picture.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().context("the picture could not be packed")
}
