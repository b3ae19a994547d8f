//! The two passes: down the columns first, which reads whole rows, then along the few rows that are left.

use std::array;

use super::taps::Taps;

/// Numbers that are added up together: four registers of eight.
const BLOCK: usize = 32;

/// Rows of numbers between the passes, used again for every picture.
#[derive(Debug, Default)]
pub struct Rows {
    /// As many of the source's rows as make one of the square, the newest over the oldest.
    ring: Vec<f32>,
    /// One row after the first pass.
    mixed: Vec<f32>,
    /// One row after the second.
    wide: Vec<[f32; 4]>,
    bytes: Vec<[u8; 4]>,
}

impl Rows {
    /// Fills `square` from `pixels`, RGB rows of `width` pixels.
    pub fn resample(&mut self, pixels: &[u8], width: usize, across: &Taps, down: &Taps, square: &mut [u8]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has these instructions.
            #[allow(unsafe_code)]
            return unsafe { self.resample_avx2(pixels, width, across, down, square) };
        }
        self.both_passes::<false>(pixels, width, across, down, square);
    }

    /// The same loops, compiled for wider registers: three times as fast.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn resample_avx2(&mut self, pixels: &[u8], width: usize, across: &Taps, down: &Taps, square: &mut [u8]) {
        self.both_passes::<true>(pixels, width, across, down, square);
    }

    #[inline(always)]
    fn both_passes<const FUSED: bool>(
        &mut self,
        pixels: &[u8],
        width: usize,
        across: &Taps,
        down: &Taps,
        square: &mut [u8],
    ) {
        // Whole blocks, and one number more since pixels are read four numbers at a time.
        let pitch = (3 * width + 1).next_multiple_of(BLOCK);
        self.ring.resize(pitch * down.count, 0.0);
        self.mixed.resize(pitch, 0.0);
        self.wide.resize(across.starts.len(), [0.0; 4]);
        self.bytes.resize(across.starts.len(), [0; 4]);
        let mut read = down.starts.first().copied().unwrap_or(0);
        let rows = square.chunks_exact_mut(3 * across.starts.len().max(1));
        for ((out, &start), weights) in rows.zip(&down.starts).zip(down.weights.chunks_exact(down.count)) {
            while read < start + down.count {
                let slot = &mut self.ring[pitch * (read % down.count)..][..3 * width];
                for (number, byte) in slot.iter_mut().zip(&pixels[3 * width * read..][..3 * width]) {
                    *number = f32::from(*byte);
                }
                read += 1;
            }
            mix::<FUSED>(&self.ring, pitch, start, weights, &mut self.mixed[..pitch]);
            squeeze::<FUSED>(&self.mixed, across, &mut self.wide);
            pack(&self.wide, &mut self.bytes, out);
        }
    }
}

/// The weighted sum of the rows from `start` on.
#[inline(always)]
fn mix<const FUSED: bool>(ring: &[f32], pitch: usize, start: usize, weights: &[f32], mixed: &mut [f32]) {
    let (blocks, _) = mixed.as_chunks_mut::<BLOCK>();
    for (block, out) in blocks.iter_mut().enumerate() {
        let mut sum = [0.0; BLOCK];
        let mut slot = start % weights.len();
        for weight in weights {
            let row = &ring[pitch * slot + BLOCK * block..][..BLOCK];
            for (sum, number) in sum.iter_mut().zip(row) {
                *sum = add::<FUSED>(*weight, *number, *sum);
            }
            slot = if slot + 1 == weights.len() { 0 } else { slot + 1 };
        }
        *out = sum;
    }
}

/// The pixels of one row of the square: red, green, blue and the next red, which nobody asks for, are one register.
#[inline(always)]
fn squeeze<const FUSED: bool>(row: &[f32], across: &Taps, wide: &mut [[f32; 4]]) {
    let weights = across.weights.chunks_exact(across.count);
    for ((pixel, &start), weights) in wide.iter_mut().zip(&across.starts).zip(weights) {
        let taps = &row[3 * start..][..3 * across.count + 1];
        let mut sum = [0.0; 4];
        for (weight, four) in weights.iter().zip(taps.windows(4).step_by(3)) {
            let four = four.first_chunk::<4>().unwrap_or(&[0.0; 4]);
            sum = array::from_fn(|channel| add::<FUSED>(*weight, four[channel], sum[channel]));
        }
        *pixel = sum;
    }
}

/// To bytes. Adding 2^23 rounds to the nearest whole number, which is then the lowest byte: a cast would be done one by
/// one, and take longer than all the rest.
#[inline(always)]
fn pack(wide: &[[f32; 4]], bytes: &mut [[u8; 4]], out: &mut [u8]) {
    for (bytes, wide) in bytes.iter_mut().zip(wide) {
        *bytes = wide.map(|value| {
            let value = if value > 0.0 { value } else { 0.0 };
            let value = if value < 255.0 { value } else { 255.0 };
            (value + 8_388_608.0).to_bits() as u8
        });
    }
    let (out, _) = out.as_chunks_mut::<3>();
    for (out, bytes) in out.iter_mut().zip(bytes.iter()) {
        *out = [bytes[0], bytes[1], bytes[2]];
    }
}

/// `a * b + c`, in one instruction where there is one.
#[inline(always)]
fn add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}
