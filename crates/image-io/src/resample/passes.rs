//! The two passes: vertical first, which reads whole rows, then horizontal over the few remaining rows.
//!
//! ```text
//! bytes --widen------> ring: source rows   --vertical---> 16 output rows
//!       --transpose--> columns of 16 rows  --horizontal-> 16 interleaved output rows, per pixel and channel
//! ```

use super::{
    coefficients::Coefficients,
    simd::{self, Accumulator, Lanes, ROWS},
};

/// Values accumulated together: four registers.
const BLOCK: usize = 4 * ROWS;

/// The bytes of an image or of one of its planes.
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

/// Buffers between the passes, reused for every image.
#[derive(Debug, Default)]
pub struct Passes {
    /// Ring buffer of the source rows that contribute to one output row; in 1/256 levels relative to 128.
    ring: Vec<i16>,
    /// Source rows read so far.
    read: usize,
    /// Rows after the vertical pass, in half the unit of the ring.
    rows: Vec<i16>,
    /// The same rows, transposed.
    columns: Vec<Lanes>,
    /// Output rows, interleaved: the channels of the first pixel, then of the second; in 1/64 levels relative to 128.
    pub done: Vec<Lanes>,
}

impl Passes {
    /// Starts another image.
    pub fn begin(&mut self, down: &Coefficients) {
        self.read = down.starts.first().copied().unwrap_or(0);
    }

    /// Computes the output rows from `first` on; rows past the last repeat it. Call with `first` in rising order.
    #[inline(always)]
    pub fn band<S: Accumulator>(
        &mut self,
        plane: Plane<'_>,
        across: &Coefficients,
        down: &Coefficients,
        first: usize,
    ) {
        let numbers = plane.channels * plane.width;
        let pitch = numbers.next_multiple_of(ROWS);
        self.ring.resize(pitch * down.count, 0);
        self.rows.resize(pitch * ROWS, 0);
        for row in 0..ROWS {
            let output_row = (first + row).min(down.starts.len() - 1);
            let start = down.starts[output_row];
            while self.read < start + down.count {
                let slot = &mut self.ring[pitch * (self.read % down.count)..][..numbers];
                widen(&plane.bytes[plane.pitch * self.read..][..numbers], slot);
                self.read += 1;
            }
            let weights = down.weights_of(output_row);
            vertical::<S>(&self.ring, pitch, start, weights, &mut self.rows[pitch * row..][..pitch]);
        }
        self.columns.resize(pitch, [0; ROWS]);
        transpose(&self.rows, pitch, &mut self.columns);
        self.done.resize(plane.channels * across.starts.len(), [0; ROWS]);
        match plane.channels {
            1 => horizontal::<1, S>(&self.columns, across, &mut self.done),
            _ => horizontal::<3, S>(&self.columns, across, &mut self.done),
        }
    }
}

/// Converts bytes to 1/256 levels relative to 128.
#[inline(always)]
fn widen(bytes: &[u8], out: &mut [i16]) {
    for (out, byte) in out.iter_mut().zip(bytes) {
        *out = (i16::from(*byte) - 128) << 8;
    }
}

/// The weighted sum of the ring's rows from `start` on, in half their unit.
#[inline(always)]
fn vertical<S: Accumulator>(ring: &[i16], pitch: usize, start: usize, weights: &[i16], row: &mut [i16]) {
    let (blocks, rest) = row.as_chunks_mut::<BLOCK>();
    let done = BLOCK * blocks.len();
    for (block, out) in blocks.iter_mut().enumerate() {
        vertical_block::<4, S>(ring, pitch, BLOCK * block, start, weights, out);
    }
    for (block, out) in rest.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
        vertical_block::<1, S>(ring, pitch, done + ROWS * block, start, weights, out);
    }
}

/// As [`vertical`], for `N` registers from position `at` on.
#[inline(always)]
fn vertical_block<const N: usize, S: Accumulator>(
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

/// Transposes rows to columns.
#[inline(always)]
fn transpose(rows: &[i16], pitch: usize, columns: &mut [Lanes]) {
    let (blocks, _) = columns.as_chunks_mut::<ROWS>();
    for (block, out) in blocks.iter_mut().enumerate() {
        let mut square = [[0; ROWS]; ROWS];
        for (to, row) in square.iter_mut().zip(rows.chunks_exact(pitch)) {
            to.copy_from_slice(&row[ROWS * block..][..ROWS]);
        }
        *out = simd::transpose_words(&square);
    }
}

/// The weighted sums along the rows.
#[inline(always)]
fn horizontal<const CHANNELS: usize, S: Accumulator>(
    columns: &[Lanes],
    across: &Coefficients,
    done: &mut [Lanes],
) {
    let (pixels, _) = columns.as_chunks::<CHANNELS>();
    let (done, _) = done.as_chunks_mut::<CHANNELS>();
    let outputs = done.iter_mut().zip(&across.starts);
    // Cubic upscaling has four taps: the unrolled loop takes half the time.
    if across.count == 4 {
        for ((out, &start), weights) in outputs.zip(across.weights.as_chunks::<4>().0) {
            let taps = pixels[start..].first_chunk::<4>().unwrap_or(&[[[0; ROWS]; CHANNELS]; 4]);
            *out = sums::<CHANNELS, S>(taps, weights);
        }
        return;
    }
    for ((out, &start), weights) in outputs.zip(across.weights.chunks_exact(across.count)) {
        *out = sums::<CHANNELS, S>(&pixels[start..][..across.count], weights);
    }
}

#[inline(always)]
fn sums<const CHANNELS: usize, S: Accumulator>(
    taps: &[[Lanes; CHANNELS]],
    weights: &[i16],
) -> [Lanes; CHANNELS] {
    let mut sum = [S::zero(); CHANNELS];
    for (pixel, weight) in taps.iter().zip(weights) {
        for (sum, lanes) in sum.iter_mut().zip(pixel) {
            *sum = sum.plus(lanes, *weight);
        }
    }
    sum.map(S::lanes)
}
