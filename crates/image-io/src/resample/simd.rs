//! Fixed-point SIMD: sixteen output rows interleaved, one per lane.
//!
//! Values are 16-bit fixed point, exact to 1/64 of a level: half as wide as floats, so each instruction processes twice
//! as many. Weights have 14 fractional bits.

/// Output rows computed together.
pub const ROWS: usize = 16;
/// One value of each of those rows: one register.
pub type Lanes = [i16; ROWS];

/// The weight 1.
pub const ONE: f32 = 16384.0;

/// `value * weight` in half the unit of `value`, rounded.
#[inline(always)]
pub fn scaled(value: i16, weight: i16) -> i16 {
    ((i32::from(value) * i32::from(weight) + (1 << 14)) >> 15) as i16
}

/// Sixteen accumulators. Explicit, because the compiler vectorises the plain loop only in some surroundings.
pub trait Accumulator: Copy {
    /// All zero.
    fn zero() -> Self;
    /// Adds `values * weight`, see [`scaled`].
    fn plus(self, values: &Lanes, weight: i16) -> Self;
    /// The sums.
    fn lanes(self) -> Lanes;
}

impl Accumulator for Lanes {
    #[inline(always)]
    fn zero() -> Self {
        [0; ROWS]
    }

    #[inline(always)]
    fn plus(self, values: &Lanes, weight: i16) -> Self {
        std::array::from_fn(|lane| self[lane].wrapping_add(scaled(values[lane], weight)))
    }

    #[inline(always)]
    fn lanes(self) -> Lanes {
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub use avx2::Register;

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi16, _mm256_loadu_si256, _mm256_mulhrs_epi16, _mm256_set1_epi16,
        _mm256_setzero_si256, _mm256_storeu_si256,
    };

    use super::{Accumulator, Lanes, ROWS};

    /// Sixteen accumulators in an AVX2 register. For functions compiled for AVX2 only.
    #[derive(Debug, Clone, Copy)]
    pub struct Register(__m256i);

    impl Accumulator for Register {
        #[inline(always)]
        fn zero() -> Self {
            // SAFETY: only functions compiled for AVX2 use this type.
            Self(unsafe { _mm256_setzero_si256() })
        }

        #[inline(always)]
        fn plus(self, values: &Lanes, weight: i16) -> Self {
            // SAFETY: as in `zero`; the lanes have 32 bytes, and the load is unaligned.
            Self(unsafe {
                let values = _mm256_loadu_si256(std::ptr::from_ref(values).cast());
                _mm256_add_epi16(self.0, _mm256_mulhrs_epi16(values, _mm256_set1_epi16(weight)))
            })
        }

        #[inline(always)]
        fn lanes(self) -> Lanes {
            let mut lanes = [0; ROWS];
            // SAFETY: as in `plus`.
            unsafe { _mm256_storeu_si256(std::ptr::from_mut(&mut lanes).cast(), self.0) };
            lanes
        }
    }
}

pub use transpose::{transpose_bytes, transpose_words};

/// Transposes 16x16 blocks.
#[cfg(not(target_arch = "x86_64"))]
mod transpose {
    use super::{Lanes, ROWS};

    /// Transposes bytes.
    pub fn transpose_bytes(rows: &[[u8; ROWS]; ROWS]) -> [[u8; ROWS]; ROWS] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }

    /// Transposes 16-bit values.
    pub fn transpose_words(rows: &[Lanes; ROWS]) -> [Lanes; ROWS] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }
}

/// Transposes 16x16 blocks with SSE2 shuffles: the plain loops compile to single moves, which would dominate the runtime.
/// Each step is a perfect shuffle: it interleaves the rows of the first half with those of the second.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod transpose {
    use std::arch::x86_64::{
        __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi16, _mm_unpacklo_epi8,
        _mm_unpacklo_epi16,
    };

    use super::{Lanes, ROWS};

    /// Transposes bytes.
    #[inline(always)]
    pub fn transpose_bytes(rows: &[[u8; ROWS]; ROWS]) -> [[u8; ROWS]; ROWS] {
        let mut deck = [load(&[0u8; ROWS]); ROWS];
        for (card, row) in deck.iter_mut().zip(rows) {
            *card = load(row);
        }
        for _ in 0..4 {
            let mut next = deck;
            for at in 0..ROWS / 2 {
                let (a, b) = (deck[at], deck[at + ROWS / 2]);
                // SAFETY: SSE2 is part of x86-64; pure functions of values.
                [next[2 * at], next[2 * at + 1]] =
                    unsafe { [_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)] };
            }
            deck = next;
        }
        let mut out = [[0; ROWS]; ROWS];
        for (out, card) in out.iter_mut().zip(deck) {
            store(card, out);
        }
        out
    }

    /// Transposes 16-bit values, in 8x8 blocks.
    #[inline(always)]
    pub fn transpose_words(rows: &[Lanes; ROWS]) -> [Lanes; ROWS] {
        const HALF: usize = ROWS / 2;
        let mut out = [[0; ROWS]; ROWS];
        for (across, down) in [(0, 0), (0, HALF), (HALF, 0), (HALF, HALF)] {
            let mut deck = [load(&[0u8; ROWS]); HALF];
            for (card, row) in deck.iter_mut().zip(&rows[down..]) {
                *card = row[across..].first_chunk::<HALF>().map_or(*card, load);
            }
            for _ in 0..3 {
                let mut next = deck;
                for at in 0..HALF / 2 {
                    let (a, b) = (deck[at], deck[at + HALF / 2]);
                    // SAFETY: as in `transpose_bytes`.
                    [next[2 * at], next[2 * at + 1]] =
                        unsafe { [_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)] };
                }
                deck = next;
            }
            for (out, card) in out[across..].iter_mut().zip(deck) {
                if let Some(half) = out[down..].first_chunk_mut::<HALF>() {
                    store(card, half);
                }
            }
        }
        out
    }

    /// Loads sixteen bytes.
    #[inline(always)]
    fn load<T: Copy, const N: usize>(numbers: &[T; N]) -> __m128i {
        const { assert!(N * size_of::<T>() == 16) };
        // SAFETY: 16 bytes, and the load is unaligned.
        unsafe { _mm_loadu_si128(std::ptr::from_ref(numbers).cast()) }
    }

    #[inline(always)]
    fn store<T: Copy, const N: usize>(card: __m128i, numbers: &mut [T; N]) {
        const { assert!(N * size_of::<T>() == 16) };
        // SAFETY: as in `load`; every bit pattern is valid for these types.
        unsafe { _mm_storeu_si128(std::ptr::from_mut(numbers).cast(), card) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let rows: [Lanes; ROWS] =
            std::array::from_fn(|row| std::array::from_fn(|column| (ROWS * row + column) as i16));
        let levels = rows.map(|row| row.map(|number| number as u8));
        let (words, bytes) = (transpose_words(&rows), transpose_bytes(&levels));
        for (row, column) in (0..ROWS).flat_map(|row| (0..ROWS).map(move |column| (row, column))) {
            assert_eq!(words[column][row], rows[row][column]);
            assert_eq!(bytes[column][row], levels[row][column]);
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn registers_add_up_what_the_plain_loop_does() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for (value, weight) in [(20_000, 16_384), (-20_000, 18_000), (1, 1), (-1, 16_384), (i16::MIN, -1311)]
        {
            let values: Lanes = std::array::from_fn(|lane| value - (value.signum() * lane as i16));
            let plain = Lanes::zero().plus(&values, weight).plus(&values, weight);
            let wide = Register::zero().plus(&values, weight).plus(&values, weight);
            assert_eq!(plain, wide.lanes(), "{value} * {weight}");
        }
    }
}
