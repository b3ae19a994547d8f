//! The two passes: down the columns first, which reads whole rows, then along the few rows that are left.
//!
//! ```text
//! bytes --widen--> ring: rows of the source   --mix--> 16 rows of the square
//!       --turn---> columns of 16              --squeeze--> 16 rows side by side, for each pixel and channel
//! ```

use super::{
    lanes::{self, Lanes, ROWS, Sums},
    taps::Taps,
};

/// Numbers that are added up together: four registers.
const BLOCK: usize = 4 * ROWS;

/// Bytes of a picture, or of one of its planes.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// Rows of pixels.
    pub bytes: &'a [u8],
    /// Bytes from one row to the next.
    pub pitch: usize,
    /// Pixels across.
    pub width: usize,
    /// Bytes of a pixel, 1 or 3.
    pub channels: usize,
}

/// What goes from one pass to the other, used again for every picture.
#[derive(Debug, Default)]
pub struct Passes {
    /// As many of the source's rows as make one of the square, the newest over the oldest; in 128ths of a level from 128.
    ring: Vec<i16>,
    /// Rows of the source that were read.
    read: usize,
    /// Rows after the first pass, as the ring.
    mixed: Vec<i16>,
    /// Them, side by side.
    columns: Vec<Lanes>,
    /// Rows of the square, side by side: the channels of the first pixel, then those of the second; in 64ths of a level
    /// from 128.
    pub done: Vec<Lanes>,
}

impl Passes {
    /// Begins another picture.
    pub fn begin(&mut self, down: &Taps) {
        self.read = down.starts.first().copied().unwrap_or(0);
    }

    /// The rows of the square from `first` on; rows behind its last are as the last. Bands are made from top to bottom.
    #[inline(always)]
    pub fn band<S: Sums>(&mut self, plane: Plane<'_>, across: &Taps, down: &Taps, first: usize) {
        let numbers = plane.channels * plane.width;
        let pitch = numbers.next_multiple_of(ROWS);
        self.ring.resize(pitch * down.count, 0);
        self.mixed.resize(pitch * ROWS, 0);
        for row in 0..ROWS {
            let row_of_square = (first + row).min(down.starts.len() - 1);
            let start = down.starts[row_of_square];
            while self.read < start + down.count {
                let slot = &mut self.ring[pitch * (self.read % down.count)..][..numbers];
                widen(&plane.bytes[plane.pitch * self.read..][..numbers], slot);
                self.read += 1;
            }
            let weights = down.weights_of(row_of_square);
            mix::<S>(&self.ring, pitch, start, weights, &mut self.mixed[pitch * row..][..pitch]);
        }
        self.columns.resize(pitch, [0; ROWS]);
        turn(&self.mixed, pitch, &mut self.columns);
        self.done.resize(plane.channels * across.starts.len(), [0; ROWS]);
        match plane.channels {
            1 => squeeze::<1, S>(&self.columns, across, &mut self.done),
            _ => squeeze::<3, S>(&self.columns, across, &mut self.done),
        }
    }
}

/// Bytes to 128ths of a level from 128.
#[inline(always)]
fn widen(bytes: &[u8], out: &mut [i16]) {
    for (out, byte) in out.iter_mut().zip(bytes) {
        *out = (i16::from(*byte) - 128) << 8;
    }
}

/// The weighted sum of the rows from `start` on. The unit halves: the ring holds 256ths.
#[inline(always)]
fn mix<S: Sums>(ring: &[i16], pitch: usize, start: usize, weights: &[i16], mixed: &mut [i16]) {
    let (blocks, rest) = mixed.as_chunks_mut::<BLOCK>();
    let done = BLOCK * blocks.len();
    for (block, out) in blocks.iter_mut().enumerate() {
        mix_block::<4, S>(ring, pitch, BLOCK * block, start, weights, out);
    }
    for (block, out) in rest.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
        mix_block::<1, S>(ring, pitch, done + ROWS * block, start, weights, out);
    }
}

/// As [`mix`], of `N` registers from the number `at` on.
#[inline(always)]
fn mix_block<const N: usize, S: Sums>(
    ring: &[i16],
    pitch: usize,
    at: usize,
    start: usize,
    weights: &[i16],
    out: &mut [i16],
) {
    let mut sum = [S::zero(); N];
    let mut slot = start % weights.len();
    for weight in weights {
        let (lanes, _) = ring[pitch * slot + at..][..N * ROWS].as_chunks::<ROWS>();
        for (sum, lanes) in sum.iter_mut().zip(lanes) {
            *sum = sum.plus(lanes, *weight);
        }
        slot = if slot + 1 == weights.len() { 0 } else { slot + 1 };
    }
    out.copy_from_slice(sum.map(S::lanes).as_flattened());
}

/// Rows to columns.
#[inline(always)]
fn turn(mixed: &[i16], pitch: usize, columns: &mut [Lanes]) {
    let (blocks, _) = columns.as_chunks_mut::<ROWS>();
    for (block, out) in blocks.iter_mut().enumerate() {
        let mut square = [[0; ROWS]; ROWS];
        for (to, row) in square.iter_mut().zip(mixed.chunks_exact(pitch)) {
            to.copy_from_slice(&row[ROWS * block..][..ROWS]);
        }
        *out = lanes::words(&square);
    }
}

/// The weighted sums along the rows.
#[inline(always)]
fn squeeze<const CHANNELS: usize, S: Sums>(columns: &[Lanes], across: &Taps, done: &mut [Lanes]) {
    let (pixels, _) = columns.as_chunks::<CHANNELS>();
    let (done, _) = done.as_chunks_mut::<CHANNELS>();
    let pixel_of_square = done.iter_mut().zip(&across.starts);
    // What cubic enlarging has: a loop that is unrolled takes half the time.
    if across.count == 4 {
        for ((out, &start), weights) in pixel_of_square.zip(across.weights.as_chunks::<4>().0) {
            let taps = pixels[start..].first_chunk::<4>().unwrap_or(&[[[0; ROWS]; CHANNELS]; 4]);
            *out = sums::<CHANNELS, S>(taps, weights);
        }
        return;
    }
    for ((out, &start), weights) in pixel_of_square.zip(across.weights.chunks_exact(across.count)) {
        *out = sums::<CHANNELS, S>(&pixels[start..][..across.count], weights);
    }
}

#[inline(always)]
fn sums<const CHANNELS: usize, S: Sums>(taps: &[[Lanes; CHANNELS]], weights: &[i16]) -> [Lanes; CHANNELS] {
    let mut sum = [S::zero(); CHANNELS];
    for (pixel, weight) in taps.iter().zip(weights) {
        for (sum, lanes) in sum.iter_mut().zip(pixel) {
            *sum = sum.plus(lanes, *weight);
        }
    }
    sum.map(S::lanes)
}
