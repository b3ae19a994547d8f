//! The values of a matrix in each mode, and their summary.

use clip_lab_store::Probe;

use crate::{app::MatrixMode, panels::heat::Ramp};

/// A matrix to draw: captions are rows, images are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// How many captions.
    pub rows: usize,
    /// How many images.
    pub columns: usize,
    /// Row-major; NaN where a value is missing.
    pub values: Vec<f64>,
    /// The ends of the colour scale.
    pub range: (f64, f64),
    /// The colour map.
    pub ramp: Ramp,
}

impl Matrix {
    /// The matrix of a probe.
    ///
    /// # Errors
    /// A message, if the mode needs data that is missing.
    pub fn of(probe: &Probe, mode: MatrixMode, pinned: Option<&Probe>) -> Result<Matrix, &'static str> {
        let (rows, columns) = (probe.texts.len(), probe.images.len());
        let cosines = cosines(probe);
        let (values, ramp) = match mode {
            MatrixMode::Cosine => (cosines, Ramp::Sequential),
            MatrixMode::Softmax => {
                (softmax(&cosines, columns, probe.logit_scale.unwrap_or(1.0)), Ramp::Sequential)
            }
            MatrixMode::Difference => {
                let pinned = pinned.ok_or("No run is pinned, or the pinned run has no matrix.")?;
                if (&pinned.texts, &pinned.images) != (&probe.texts, &probe.images) {
                    return Err(
                        "The pinned run was evaluated on other pairs, so there is no difference to show.",
                    );
                }
                let other = self::cosines(pinned);
                (cosines.iter().zip(other).map(|(a, b)| a - b).collect(), Ramp::Diverging)
            }
        };
        let range = range(&values, mode);
        Ok(Matrix { rows, columns, values, range, ramp })
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The position of the block's maximum on the colour scale; not finite if a value is missing.
    pub fn place(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> f64 {
        let cells = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        let value = cells.filter_map(|(row, column)| self.values.get(row * self.columns + column)).fold(
            f64::NEG_INFINITY,
            |most, value| {
                if value.is_nan() || most.is_nan() { f64::NAN } else { most.max(*value) }
            },
        );
        let (low, high) = self.range;
        match high > low {
            true => (value - low) / (high - low),
            // All values are the same.
            false if value.is_finite() => 0.5,
            false => f64::NAN,
        }
    }
}

/// One cosine per text and image, NaN for missing ones.
fn cosines(probe: &Probe) -> Vec<f64> {
    let cells = probe.texts.len() * probe.images.len();
    let known = probe.similarity.iter().map(|value| f64::from(*value)).chain(std::iter::repeat(f64::NAN));
    known.take(cells).collect()
}

fn softmax(cosines: &[f64], columns: usize, scale: f64) -> Vec<f64> {
    let row = |row: &[f64]| {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = row.iter().map(|cosine| ((cosine - most) * scale).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(move |weight| weight / sum)
    };
    cosines.chunks(columns.max(1)).flat_map(row).collect()
}

fn range(values: &[f64], mode: MatrixMode) -> (f64, f64) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    match mode {
        MatrixMode::Softmax => (0.0, 1.0),
        MatrixMode::Difference if high >= low => (-low.abs().max(high.abs()), low.abs().max(high.abs())),
        MatrixMode::Cosine if high >= low => (low, high),
        _ => (0.0, 0.0),
    }
}

/// A summary of the cosines.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Mean of the matching pairs.
    pub diagonal: f64,
    /// Mean of all others.
    pub others: f64,
    /// The hardest negative: the smallest margin of the right over a wrong image.
    pub hardest: Option<HardNegative>,
}

/// A caption and its hardest negative image.
#[derive(Debug, Clone, PartialEq)]
pub struct HardNegative {
    /// The caption.
    pub caption: String,
    /// The wrong image: one of its captions, else its name.
    pub image: String,
    /// The cosine with the wrong image.
    pub wrong: f64,
    /// The cosine with the right image.
    pub right: f64,
}

/// Summarises the cosines of a probe; `None` if no caption has its image among the columns.
pub fn summarise(probe: &Probe) -> Option<Summary> {
    let (cosines, columns) = (cosines(probe), probe.images.len());
    let mut sums = [(0.0, 0usize); 2];
    let mut hardest: Option<(f64, usize, usize)> = None;
    for (i, cosine) in cosines.iter().enumerate().filter(|(_, cosine)| cosine.is_finite()) {
        let (text, image) = (i / columns, i % columns);
        let Some(owner) = probe.owner.get(text).map(|owner| *owner as usize).filter(|o| *o < columns) else {
            continue;
        };
        let sum = &mut sums[usize::from(image != owner)];
        *sum = (sum.0 + cosine, sum.1 + 1);
        let gap = cosine - cosines[text * columns + owner];
        if image != owner && hardest.is_none_or(|(most, ..)| gap > most) && gap.is_finite() {
            hardest = Some((gap, text, image));
        }
    }
    let mean = |(sum, n): (f64, usize)| sum / n as f64;
    let hardest = hardest.map(|(gap, text, image)| {
        let right = cosines[text * columns + probe.owner[text] as usize];
        let caption_of = probe.owner.iter().position(|owner| *owner as usize == image);
        let named = caption_of.and_then(|text| probe.texts.get(text)).unwrap_or(&probe.images[image].name);
        HardNegative { caption: probe.texts[text].clone(), image: named.clone(), wrong: right + gap, right }
    });
    (sums[0].1 > 0).then(|| Summary { diagonal: mean(sums[0]), others: mean(sums[1]), hardest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_lab_store::Shown;

    fn probe(similarity: &[f32]) -> Probe {
        Probe {
            texts: ["a dog", "a cat"].map(String::from).to_vec(),
            images: ["1.jpg", "2.jpg"].map(|name| Shown { name: name.to_string(), digest: None }).to_vec(),
            owner: vec![0, 1],
            similarity: similarity.to_vec(),
            logit_scale: Some(10.0),
            ..Probe::default()
        }
    }

    #[test]
    fn modes_give_the_numbers_they_name() {
        let now = probe(&[0.5, 0.25, 0.0, 0.75]);
        let cosine = Matrix::of(&now, MatrixMode::Cosine, None).expect("a matrix");
        assert_eq!((cosine.range, cosine.place(0..1, 0..1)), ((0.0, 0.75), 0.5 / 0.75));
        let softmax = Matrix::of(&now, MatrixMode::Softmax, None).expect("a matrix");
        assert!((softmax.values[0] - 1.0 / (1.0 + (-2.5f64).exp())).abs() < 1e-12);
        let before = probe(&[0.25, 0.25, 0.25, 0.25]);
        let apart = Matrix::of(&now, MatrixMode::Difference, Some(&before)).expect("a matrix");
        assert_eq!((apart.values, apart.range), (vec![0.25, 0.0, -0.25, 0.5], (-0.5, 0.5)));
        assert!(Matrix::of(&now, MatrixMode::Difference, None).is_err());
        let other = Probe { texts: vec!["else".to_string()], ..before };
        assert!(Matrix::of(&now, MatrixMode::Difference, Some(&other)).is_err());
    }

    #[test]
    fn the_hardest_negative_is_the_one_nearest_to_or_past_the_right_image() {
        let summary = summarise(&probe(&[0.5, 0.25, 0.75, 0.5])).expect("right pairs");
        assert_eq!((summary.diagonal, summary.others), (0.5, 0.5));
        let worst = summary.hardest.expect("a negative");
        assert_eq!((worst.caption.as_str(), worst.image.as_str()), ("a cat", "a dog"));
        assert_eq!((worst.wrong, worst.right), (0.75, 0.5));
        assert_eq!(summarise(&probe(&[f32::NAN; 4])), None);
        assert_eq!(summarise(&Probe::default()), None);
    }
}
