//! Resamples position embeddings to another number of positions: larger images, longer texts.

use anyhow::{Context as _, Result};
use tch::{Kind, Tensor};

/// The arrangement of positions, and how they are interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positions {
    /// Patches of a square image, row-major, interpolated bicubically; a class token's position before them is copied.
    Grid {
        /// Whether downsampling is antialiased, as in open_clip and timm but not in Hugging Face. The cubic differs too
        /// (a = -0.5 instead of -0.75), so larger grids also differ.
        antialias: bool,
    },
    /// Tokens of a text, interpolated linearly, as in open_clip.
    Line,
}

impl Positions {
    /// Whether the embedding of shape `from` can be resampled to shape `to`: `[N, W]`, perhaps with leading ones.
    pub fn fit(self, from: &[i64], to: &[i64]) -> bool {
        let (Some((n, width)), Some((rows, wide))) = (rows(from), rows(to)) else { return false };
        let has_class = |rows| grid(rows).map(|(_, class)| class);
        let same_kind = match self {
            Self::Grid { .. } => has_class(n).is_some() && has_class(n) == has_class(rows),
            Self::Line => n > 0 && rows > 0,
        };
        width == wide && same_kind
    }

    /// `[N, W]` (or `[1, N, W]`) to `[rows, W]`.
    pub fn resample(self, tensor: &Tensor, to: i64) -> Result<Tensor> {
        let (n, width) = rows(&tensor.size()).context("position embeddings must be a matrix")?;
        let table = tensor.f_to_kind(Kind::Float)?.f_reshape([n, width])?;
        match self {
            Self::Line => {
                let line = table.f_transpose(0, 1)?.f_unsqueeze(0)?; // [1, W, N]
                Ok(line.f_upsample_linear1d([to], false, None)?.f_squeeze_dim(0)?.f_transpose(0, 1)?)
            }
            Self::Grid { antialias } => resample_grid(&table, to, antialias),
        }
    }
}

/// `[S * S, W]` to `[to, W]`, with or without a class token's row before.
fn resample_grid(table: &Tensor, to: i64, antialias: bool) -> Result<Tensor> {
    let (n, width) = table.size2()?;
    let ((old, class), (new, _)) = grid(n).zip(grid(to)).context("positions are not a square grid")?;
    let class = i64::from(class);
    let patches = table.f_narrow(0, class, n - class)?.f_reshape([1, old, old, width])?;
    let image = patches.f_permute([0, 3, 1, 2])?; // [1, W, S, S]
    let image = match antialias {
        true => image.f_internal_upsample_bicubic2d_aa([new, new], false, None, None)?,
        false => image.f_upsample_bicubic2d([new, new], false, None, None)?,
    };
    let patches = image.f_permute([0, 2, 3, 1])?.f_reshape([new * new, width])?;
    Ok(Tensor::f_cat(&[table.f_narrow(0, 0, class)?, patches], 0)?)
}

/// The side of the square grid of `positions` positions, and whether there is one more for the class token.
pub(crate) fn grid(positions: i64) -> Option<(i64, bool)> {
    let side =
        |count: i64| Some((count as f64).sqrt() as i64).filter(|side| *side > 0 && side * side == count);
    side(positions - 1).map(|side| (side, true)).or_else(|| side(positions).map(|side| (side, false)))
}

/// Rows and width of a matrix, which may have leading dimensions of 1.
fn rows(shape: &[i64]) -> Option<(i64, i64)> {
    match *shape {
        [.., n, width] if shape[..shape.len() - 2].iter().all(|size| *size == 1) => Some((n, width)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TensorFile;

    fn golden() -> TensorFile {
        TensorFile::open(&clip_lab_testing::golden("posembed/io.safetensors")).unwrap()
    }

    #[test]
    fn grids_match_open_clip_and_hugging_face() {
        let golden = golden();
        let table = golden.tensor("pos_embed").unwrap();
        for (name, antialias) in [("antialias", true), ("plain", false)] {
            for side in [3, 6, 7, 12] {
                let want = golden.tensor(&format!("{name}.{side}")).unwrap().squeeze_dim(0);
                let got = Positions::Grid { antialias }.resample(&table, side * side + 1).unwrap();
                assert_eq!(got.size(), want.size());
                let far = (&got - &want).abs().max().double_value(&[]);
                assert!(far < 1e-5, "{name}.{side}: {far}");
                assert_eq!(got.get(0), table.get(0).get(0), "the class token's position is copied");
            }
        }
    }

    #[test]
    fn a_grid_without_a_class_token_stays_without() {
        let table = Tensor::arange(4, (Kind::Float, tch::Device::Cpu)).view([4, 1]);
        let got = Positions::Grid { antialias: true }.resample(&table, 16).unwrap();
        assert_eq!(got.size(), [16, 1]);
        assert!((got.mean(Kind::Float).double_value(&[]) - 1.5).abs() < 1e-6);
    }

    #[test]
    fn a_line_is_interpolated_between_its_tokens() {
        let table = Tensor::from_slice(&[0.0f32, 1.0, 2.0, 3.0]).view([4, 1]);
        let got = Vec::<f64>::try_from(Positions::Line.resample(&table, 2).unwrap().flatten(0, -1)).unwrap();
        assert_eq!(got, [0.5, 2.5]);
        let got = Vec::<f64>::try_from(Positions::Line.resample(&table, 8).unwrap().flatten(0, -1)).unwrap();
        assert_eq!(got, [0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]);
    }

    #[test]
    fn only_matching_embeddings_fit() {
        let grid = Positions::Grid { antialias: true };
        assert!(grid.fit(&[1, 17, 8], &[37, 8]), "4x4 to 6x6, both with a class token");
        assert!(!grid.fit(&[1, 17, 8], &[36, 8]), "the class token's position would be lost");
        assert!(!grid.fit(&[17, 8], &[37, 16]), "other widths");
        assert!(!grid.fit(&[17, 8], &[39, 8]), "not a square");
        assert!(Positions::Line.fit(&[77, 8], &[20, 8]));
    }
}
