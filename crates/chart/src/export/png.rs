//! Renders an SVG as PNG, so that both look the same.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{Options, Tree},
};

use super::{Size, font};

/// The PNG of `svg`, `size.pixels` wide, on white. Ignores installed fonts.
pub fn png(svg: &str, size: Size) -> Result<Vec<u8>> {
    ensure!(
        (16..=20_000).contains(&size.pixels),
        "a PNG must be 16 to 20000 pixels wide, not {}",
        size.pixels
    );
    let fonts = Arc::new(font::database());
    let options = Options { fontdb: fonts, font_family: font::FAMILY.to_string(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).context("cannot render the chart as PNG")?;
    let scale = size.pixels as f32 / tree.size().width();
    let high = (tree.size().height() * scale).round().max(1.0) as u32;
    let mut image = Pixmap::new(size.pixels, high).context("the image does not fit into memory")?;
    image.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    image.encode_png().context("cannot encode the image as PNG")
}
