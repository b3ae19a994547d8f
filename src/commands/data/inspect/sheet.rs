//! The contact sheet: pictures drawn at random with what is said of them.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use clip_lab_api::{Dataset, rng};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use rand::seq::SliceRandom as _;

use super::{letters::Letters, look::Look};
use crate::commands::sources::Sources;

/// Pixels of a picture's square, of the space between two, and of a line of text.
const SIDE: u32 = 200;
const SPACE: u32 = 14;
const LINE: u32 = 17;
/// Lines of a caption, and the one with the name.
const LINES: u32 = 3;
const CELL: u32 = SIDE + (LINES + 1) * LINE + SPACE;
const INK: [u8; 3] = [25, 25, 25];
const PALE: [u8; 3] = [125, 125, 125];

/// Writes the sheet; gives the number of pictures on it.
///
/// # Errors
/// When no picture can be read, or the file cannot be written.
pub(super) fn write(
    file: &Path,
    sources: &Sources,
    looks: &[Vec<Look>],
    most: usize,
    seed: u64,
) -> Result<usize> {
    let places = looks.iter().enumerate().flat_map(|(split, looks)| {
        let good = looks.iter().enumerate().filter(|(_, look)| look.fault.is_none());
        good.map(move |(index, _)| (split, index))
    });
    let mut places: Vec<(usize, usize)> = places.collect();
    ensure!(!places.is_empty(), "no picture can be read, so there is nothing to put on a contact sheet");
    places.shuffle(&mut rng(seed, 0, 0));
    places.truncate(most);
    places.sort_unstable();
    let columns = ((places.len() as f64 * 1.5).sqrt().ceil() as u32).max(1);
    let rows = (places.len() as u32).div_ceil(columns);
    let size = (columns * (SIDE + SPACE) + SPACE, rows * CELL + SPACE);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    let letters = Letters::new(15.0)?;
    for (place, (split, index)) in (0..).zip(&places) {
        let corner = (SPACE + place % columns * (SIDE + SPACE), SPACE + place / columns * CELL);
        let (name, data) = &sources[*split];
        cell(&mut sheet, corner, &letters, name, data.as_ref(), *index)?;
    }
    save(&sheet, file)?;
    Ok(places.len())
}

fn cell(
    sheet: &mut RgbImage,
    (x, y): (u32, u32),
    letters: &Letters,
    split: &str,
    data: &dyn Dataset,
    index: usize,
) -> Result<()> {
    let name = data.name(index);
    let picture = data.picture(index)?.decode().with_context(|| name.clone())?;
    let small = fitted(&picture);
    let (left, top) = ((SIDE - small.width()) / 2, SIDE - small.height());
    imageops::replace(sheet, &small, (x + left).into(), (y + top).into());
    let file = name.rsplit('/').next().unwrap_or_default();
    let class = data.class(index).and_then(|class| data.classes().get(class));
    let about = class.map_or(format!("{split}  {file}"), |class| format!("{split}  {class}  {file}"));
    let captions = data.captions(index);
    let caption = captions.first().map_or("", String::as_str);
    let caption = match captions.len() {
        0 | 1 => caption.to_owned(),
        several => format!("{caption} (1 of {several})"),
    };
    let (x, mut line) = (x as f32, (y + SIDE + 3) as f32);
    letters.draw(sheet, (x, line), &letters.fitted(&about, SIDE as f32), PALE);
    for text in letters.wrapped(&caption, SIDE as f32, LINES as usize) {
        line += LINE as f32;
        letters.draw(sheet, (x, line), &text, INK);
    }
    Ok(())
}

/// The picture in a square, in its proportions; small ones by whole numbers, so that their pixels stay pixels.
fn fitted(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= SIDE {
        let times = SIDE / longer.max(1);
        return imageops::resize(picture, width * times, height * times, imageops::FilterType::Nearest);
    }
    let fit = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longer)).max(1) as u32;
    imageops::resize(picture, fit(width), fit(height), imageops::FilterType::Triangle)
}

/// Under its name once it is whole.
fn save(sheet: &RgbImage, file: &Path) -> Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(".part");
    let told = || format!("writing {}", file.display());
    sheet.save_with_format(&aside, ImageFormat::Png).with_context(told)?;
    fs::rename(&aside, file).with_context(told)
}
