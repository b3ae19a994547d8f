//! The contact sheet: random images with their captions and classes.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_plugin_api::{Dataset, rng};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use rand::seq::SliceRandom as _;

use super::{font::Font, scan::Scan};
use crate::commands::sources::Sources;

/// Sizes in pixels: an image's square, the gap between two, and a line of text.
const SIDE: u32 = 200;
const SPACE: u32 = 14;
const LINE: u32 = 17;
/// Lines of a caption, below the line with the name.
const LINES: u32 = 3;
const CELL: u32 = SIDE + (LINES + 1) * LINE + SPACE;
const INK: [u8; 3] = [25, 25, 25];
const PALE: [u8; 3] = [125, 125, 125];

/// Writes the sheet and returns the number of images on it.
///
/// # Errors
/// If no image can be read, or the file cannot be written.
pub(super) fn write(
    file: &Path,
    sources: &Sources,
    scans: &[Vec<Scan>],
    max_images: usize,
    seed: u64,
) -> Result<usize> {
    let images = scans.iter().enumerate().flat_map(|(split, scans)| {
        let good = scans.iter().enumerate().filter(|(_, scan)| scan.fault.is_none());
        good.map(move |(index, _)| (split, index))
    });
    let mut images: Vec<(usize, usize)> = images.collect();
    ensure!(!images.is_empty(), "no image can be read, so the contact sheet would be empty");
    images.shuffle(&mut rng(seed, 0, 0));
    images.truncate(max_images);
    images.sort_unstable();
    let columns = ((images.len() as f64 * 1.5).sqrt().ceil() as u32).max(1);
    let rows = (images.len() as u32).div_ceil(columns);
    let size = (columns * (SIDE + SPACE) + SPACE, rows * CELL + SPACE);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    let font = Font::new(15.0)?;
    for (cell, (split, index)) in (0..).zip(&images) {
        let corner = (SPACE + cell % columns * (SIDE + SPACE), SPACE + cell / columns * CELL);
        let (name, data) = &sources[*split];
        draw_cell(&mut sheet, corner, &font, name, data.as_ref(), *index)?;
    }
    save(&sheet, file)?;
    Ok(images.len())
}

fn draw_cell(
    sheet: &mut RgbImage,
    (x, y): (u32, u32),
    font: &Font,
    split: &str,
    data: &dyn Dataset,
    index: usize,
) -> Result<()> {
    let name = data.name(index);
    let image = data.image(index)?.decode().with_context(|| name.clone())?;
    let small = fitted(&image);
    let (left, top) = ((SIDE - small.width()) / 2, SIDE - small.height());
    imageops::replace(sheet, &small, (x + left).into(), (y + top).into());
    let file = name.rsplit('/').next().unwrap_or_default();
    let class = data.class(index).and_then(|class| data.classes().get(class));
    let label = class.map_or(format!("{split}  {file}"), |class| format!("{split}  {class}  {file}"));
    let captions = data.captions(index);
    let caption = captions.first().map_or("", String::as_str);
    let caption = match captions.len() {
        0 | 1 => caption.to_owned(),
        several => format!("{caption} (1 of {several})"),
    };
    let (x, mut line) = (x as f32, (y + SIDE + 3) as f32);
    font.draw(sheet, (x, line), &font.fitted(&label, SIDE as f32), PALE);
    for text in font.wrapped(&caption, SIDE as f32, LINES as usize) {
        line += LINE as f32;
        font.draw(sheet, (x, line), &text, INK);
    }
    Ok(())
}

/// Scales the image to fit the square. Small images are enlarged by an integer factor, which keeps pixels sharp.
fn fitted(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let longer = width.max(height);
    if longer <= SIDE {
        let factor = SIDE / longer.max(1);
        return imageops::resize(image, width * factor, height * factor, imageops::FilterType::Nearest);
    }
    let fit = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longer)).max(1) as u32;
    imageops::resize(image, fit(width), fit(height), imageops::FilterType::Triangle)
}

/// Writes the file atomically, through a temporary file.
fn save(sheet: &RgbImage, file: &Path) -> Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(".part");
    sheet
        .save_with_format(&temporary, ImageFormat::Png)
        .map_err(anyhow::Error::from)
        .and_then(|()| Ok(fs::rename(&temporary, file)?))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_temporary_file_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        // A file cannot replace a folder.
        let taken = folder.path().join("sheet.png");
        fs::create_dir(&taken).unwrap();
        let sheet = RgbImage::new(2, 2);
        assert!(save(&sheet, &taken).unwrap_err().to_string().contains("sheet.png"));
        save(&sheet, &folder.path().join("other.png")).unwrap();
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["other.png", "sheet.png"]);
    }
}
