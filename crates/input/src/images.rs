//! The images of a batch: in host memory, written by several threads, and on the device.

use anyhow::Result;
use clip_lab_image_io::{Normalise, Sink};
use clip_lab_torch_ext::{Row, Rows};
use tch::{Device, Kind, Tensor};

/// The form in which images are copied to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pixels {
    /// Normalised f32, `[B, 3, S, S]`.
    Floats,
    /// 8-bit RGB, `[B, S, S, 3]`: a quarter of the bytes. The device normalises them.
    Bytes,
}

/// The images of a batch while threads write them.
pub(super) enum Images {
    Floats(Rows<f32>),
    Bytes(Rows<u8>),
}

/// One image of a batch, to be written.
pub(super) enum ImageRow {
    Floats(Row<f32>),
    Bytes(Row<u8>),
}

impl Images {
    /// `rows` images of `side` x `side` pixels, uninitialised; for a GPU in pinned memory.
    pub(super) fn new(
        pixels: Pixels,
        rows: usize,
        side: i64,
        device: Device,
    ) -> Result<(Self, Vec<ImageRow>)> {
        match pixels {
            Pixels::Floats => {
                let (whole, rows) = Rows::new(rows, &[3, side, side], device)?;
                Ok((Self::Floats(whole), rows.into_iter().map(ImageRow::Floats).collect()))
            }
            Pixels::Bytes => {
                let (whole, rows) = Rows::new(rows, &[side, side, 3], device)?;
                Ok((Self::Bytes(whole), rows.into_iter().map(ImageRow::Bytes).collect()))
            }
        }
    }

    /// The tensor, once every row has been dropped.
    pub(super) fn join(self) -> Result<Tensor> {
        match self {
            Self::Floats(rows) => rows.join(),
            Self::Bytes(rows) => rows.join(),
        }
    }
}

impl ImageRow {
    /// The destination of the image.
    pub(super) fn sink<'a>(&'a mut self, normalise: &'a Normalise) -> Sink<'a> {
        match self {
            Self::Floats(row) => Sink::Floats(normalise, row.as_mut_slice()),
            Self::Bytes(row) => Sink::Bytes(row.as_mut_slice()),
        }
    }
}

/// Normalises images on a device.
pub(super) struct Normaliser {
    scale: Tensor, // [3, 1, 1]
    shift: Tensor, // [3, 1, 1]
}

impl Normaliser {
    pub(super) fn new(normalise: &Normalise, device: Device) -> Result<Self> {
        let constants =
            |values: [f32; 3]| Tensor::f_from_slice(&values)?.f_reshape([3, 1, 1])?.f_to_device(device);
        Ok(Self { scale: constants(normalise.scale())?, shift: constants(normalise.shift())? })
    }

    /// `[B, S, S, 3]` bytes to normalised `[B, 3, S, S]` f32. Equal bit by bit to the values of [`Normalise::write`]: product
    /// and sum are operations of their own, as a kernel that computes both would round once.
    pub(super) fn apply(&self, bytes: &Tensor) -> Result<Tensor> {
        let planes = bytes.f_permute([0, 3, 1, 2])?.f_contiguous()?;
        let mut floats = planes.f_to_kind(Kind::Float)?;
        let _ = floats.f_mul_(&self.scale)?;
        let _ = floats.f_add_(&self.shift)?;
        Ok(floats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    #[test]
    fn bytes_normalised_by_libtorch_equal_floats_bit_by_bit() {
        // Every level in every channel.
        let side = 16;
        let image = RgbImage::from_fn(side, side, |x, y| {
            let level = (16 * y + x) as u8;
            image::Rgb([level, level.wrapping_mul(7), 255 - level])
        });
        for (mean, std) in [
            ([0.481_454_66, 0.457_827_5, 0.408_210_73], [0.268_629_54, 0.261_302_58, 0.275_777_11]),
            ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            ([0.5; 3], [0.5; 3]),
            ([0.0; 3], [1.0; 3]),
        ] {
            let normalise = Normalise::new(mean, std);
            let written = |pixels| {
                let (images, mut rows) = Images::new(pixels, 2, i64::from(side), Device::Cpu).unwrap();
                rows.iter_mut().for_each(|row| row.sink(&normalise).write(&image));
                drop(rows);
                images.join().unwrap()
            };
            let normalised = Normaliser::new(&normalise, Device::Cpu).unwrap();
            let normalised = normalised.apply(&written(Pixels::Bytes)).unwrap();
            let floats = written(Pixels::Floats);
            assert_eq!((normalised.size(), normalised.kind()), (floats.size(), floats.kind()));
            assert!(normalised.is_contiguous());
            let bits = |tensor: &Tensor| {
                let values = Vec::<f32>::try_from(tensor.reshape([-1])).unwrap();
                values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            assert_eq!(bits(&normalised), bits(&floats), "{mean:?}");
        }
    }
}
