//! Rounds the fixed-point output of the passes to 8-bit RGB and writes it to the destination.

use image::RgbImage;

use super::simd::{self, Lanes, ROWS};
use crate::Normalise;

/// The destination of a square of `side` pixels.
#[derive(Debug)]
pub enum Sink<'a> {
    /// RGB pixels, row by row: `[side, side, 3]`.
    Bytes(&'a mut [u8]),
    /// Normalised planes, `[3, side, side]`.
    Floats(&'a Normalise, &'a mut [f32]),
}

impl Sink<'_> {
    /// Writes an image of the same size.
    pub fn write(&mut self, image: &RgbImage) {
        match self {
            Sink::Bytes(out) => out.copy_from_slice(image.as_raw()),
            Sink::Floats(normalise, out) => normalise.write(image, out),
        }
    }

    /// Number of values that it holds.
    pub(crate) fn values(&self) -> usize {
        match self {
            Sink::Bytes(out) => out.len(),
            Sink::Floats(_, out) => out.len(),
        }
    }
}

/// The levels of one pixel position in 16 rows.
type Column = [u8; ROWS];

/// Sixteen rows of 8-bit RGB, reused for every image.
#[derive(Debug, Default)]
pub struct Levels {
    /// Column-major levels per channel; RGB input is interleaved in the first vector.
    columns: [Vec<Column>; 3],
    /// Row-major levels per channel, `pitch` bytes per row.
    planes: [Vec<u8>; 3],
    pitch: usize,
}

impl Levels {
    /// Rounds sixteen rows of interleaved RGB.
    #[inline(always)]
    pub fn rgb(&mut self, side: usize, done: &[Lanes]) {
        round(done, &mut self.columns[0]);
        self.transpose(side, 3, |columns, channel| &columns[0][channel..]);
    }

    /// Rounds sixteen rows of grey.
    #[inline(always)]
    pub fn grey(&mut self, side: usize, done: &[Lanes]) {
        round(done, &mut self.columns[0]);
        self.transpose(side, 1, |columns, _| &columns[0]);
    }

    /// Converts sixteen rows of YCbCr to RGB by JFIF's formula
    /// (<https://www.w3.org/Graphics/JPEG/jfif3.pdf>, page 3).
    #[inline(always)]
    pub fn ycc(&mut self, side: usize, y: &[Lanes], blue: &[Lanes], red: &[Lanes]) {
        self.columns.iter_mut().for_each(|columns| columns.resize(side, [0; ROWS]));
        let [r, g, b] = self.columns.each_mut().map(|columns| columns.as_flattened_mut());
        let differences = blue.as_flattened().iter().zip(red.as_flattened());
        let colours = r.iter_mut().zip(g).zip(b);
        for (((r, g), b), (y, (blue, red))) in colours.zip(y.as_flattened().iter().zip(differences)) {
            *r = level(y.saturating_add(scale_chroma(*red, 1.402)));
            *g = level(y.saturating_add(scale_chroma(*blue, -0.344_136) + scale_chroma(*red, -0.714_136)));
            *b = level(y.saturating_add(scale_chroma(*blue, 1.772)));
        }
        self.transpose(side, 1, |columns, channel| &columns[channel]);
    }

    /// Transposes columns to rows. `of` returns the columns of a channel, `step` apart.
    #[inline(always)]
    fn transpose(&mut self, side: usize, step: usize, of: impl Fn(&[Vec<Column>; 3], usize) -> &[Column]) {
        self.pitch = side.next_multiple_of(ROWS);
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.resize(self.pitch * ROWS, 0);
            let columns = of(&self.columns, channel);
            for block in (0..side).step_by(ROWS) {
                let mut square = [[0; ROWS]; ROWS];
                for (column, levels) in square.iter_mut().zip(columns[step * block..].iter().step_by(step)) {
                    *column = *levels;
                }
                for (row, levels) in simd::transpose_bytes(&square).iter().enumerate() {
                    plane[self.pitch * row + block..][..ROWS].copy_from_slice(levels);
                }
            }
        }
    }

    /// Writes the rows from `first` on, at most up to the last of the square.
    #[inline(always)]
    pub fn write(&self, sink: &mut Sink<'_>, side: usize, first: usize) {
        for row in 0..ROWS.min(side - first) {
            let [red, green, blue] = self.planes.each_ref().map(|plane| &plane[self.pitch * row..][..side]);
            let at = (first + row) * side;
            match sink {
                Sink::Bytes(out) => {
                    let (pixels, _) = out[3 * at..][..3 * side].as_chunks_mut::<3>();
                    for (((pixel, red), green), blue) in pixels.iter_mut().zip(red).zip(green).zip(blue) {
                        *pixel = [*red, *green, *blue];
                    }
                }
                Sink::Floats(normalise, out) => {
                    for (channel, levels) in [red, green, blue].into_iter().enumerate() {
                        normalise.channel(channel, levels, &mut out[channel * side * side + at..][..side]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn round(done: &[Lanes], columns: &mut Vec<Column>) {
    columns.resize(done.len(), [0; ROWS]);
    for (level_, value) in columns.as_flattened_mut().iter_mut().zip(done.as_flattened()) {
        *level_ = level(*value);
    }
}

/// Rounds 1/64 levels relative to 128 to the nearest level.
#[inline(always)]
fn level(value: i16) -> u8 {
    ((value.saturating_add(32) >> 6) + 128).clamp(0, 255) as u8
}

/// A chroma value times a constant below two, to 1/16 of a level: one multiplication and a shift.
#[inline(always)]
fn scale_chroma(value: i16, constant: f32) -> i16 {
    let constant = (constant * simd::ONE) as i16;
    ((i32::from(value) * i32::from(constant)) >> 16) as i16 * 4
}
