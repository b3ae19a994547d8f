//! Opens images by their header and decodes crops of them, with buffers that each thread reuses.

use anyhow::{Result, ensure};
use clip_lab_files::MemoryReservation;
use image::{DynamicImage, RgbImage, metadata::Orientation};

use crate::{
    Crop, Detail, Image, Normalise,
    decode::decode_other,
    jpeg::{Header, Region, Turbo, Ycc, is_jpeg, is_whole, orientation},
    resample::{Raster, Resampler, Sink, source_region},
};

/// Buffers above this many bytes are freed after each image, so that a large image does not pin memory in every thread.
const MAX_RETAINED: usize = 32 << 20;

/// The JPEG decoder and the buffers of one thread, reused for every image.
#[derive(Debug)]
pub struct Decoder {
    turbo: Turbo,
    resampler: Resampler,
    pixels: Vec<u8>,
    planes: Ycc,
    square: Vec<u8>,
}

/// An image of known size; a JPEG is not decoded yet.
#[derive(Debug)]
pub struct OpenedImage(Inner);

#[derive(Debug)]
enum Inner {
    Jpeg(Vec<u8>, Header),
    /// Decoded pixels, with their share of the memory budget if they were decoded here.
    Pixels {
        pixels: RgbImage,
        _memory: Option<MemoryReservation>,
    },
}

impl Decoder {
    /// # Errors
    /// If libjpeg-turbo cannot allocate a decoder.
    pub fn new() -> Result<Self> {
        Ok(Self {
            turbo: Turbo::new()?,
            resampler: Resampler::default(),
            pixels: Vec::new(),
            planes: Ycc::default(),
            square: Vec::new(),
        })
    }

    /// Reads the header of a JPEG; decodes other formats, and JPEGs that EXIF rotates.
    ///
    /// # Errors
    /// If the image is corrupt, truncated, too large or in no supported format.
    pub fn open(&mut self, image: Image) -> Result<OpenedImage> {
        let bytes = match image {
            Image::Pixels(pixels) => return Ok(OpenedImage(Inner::Pixels { pixels, _memory: None })),
            Image::Encoded(bytes) => bytes,
        };
        if !is_jpeg(&bytes) {
            return decode_eagerly(&bytes);
        }
        ensure!(is_whole(&bytes), "the JPEG has no end marker: the file is truncated");
        let Some(header) = self.turbo.header(&bytes)? else {
            return decode_eagerly(&bytes);
        };
        match orientation(&bytes) {
            Orientation::NoTransforms => Ok(OpenedImage(Inner::Jpeg(bytes, header))),
            turned => {
                // Stored and rotated pixels.
                let memory = MemoryReservation::acquire(2 * header.bytes());
                let mut image = DynamicImage::ImageRgb8(self.jpeg(&bytes, header)?);
                image.apply_orientation(turned);
                Ok(OpenedImage(Inner::Pixels { pixels: image.into_rgb8(), _memory: Some(memory) }))
            }
        }
    }

    /// Takes back the buffer of a crop for reuse.
    pub fn recycle(&mut self, square: RgbImage) {
        let memory = square.into_raw();
        if memory.capacity() <= MAX_RETAINED {
            self.square = memory;
        }
    }

    /// Frees the buffers of an unusually large image.
    fn shrink(&mut self) {
        if self.pixels.capacity() > MAX_RETAINED {
            self.pixels = Vec::new();
        }
        if self.planes.capacity() > MAX_RETAINED {
            self.planes = Ycc::default();
        }
    }

    fn jpeg(&mut self, bytes: &[u8], header: Header) -> Result<RgbImage> {
        let Header { width, height, .. } = header;
        let _memory = MemoryReservation::acquire(header.bytes() + header.coefficient_bytes());
        let mut pixels = Vec::new();
        self.turbo.decode(bytes, header, 1, Region { left: 0, top: 0, width, height }, &mut pixels)?;
        RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| anyhow::anyhow!("{width}x{height} pixels are too many"))
    }
}

/// Decodes formats that libjpeg-turbo does not read.
fn decode_eagerly(bytes: &[u8]) -> Result<OpenedImage> {
    let (pixels, memory) = decode_other(bytes)?;
    Ok(OpenedImage(Inner::Pixels { pixels, _memory: Some(memory) }))
}

impl OpenedImage {
    /// Reserves memory budget for all pixels, for a caller that keeps the result of [`OpenedImage::decode`].
    pub fn reserve(&self) -> MemoryReservation {
        let (width, height) = self.size();
        MemoryReservation::acquire(3 * u64::from(width) * u64::from(height))
    }

    /// Width and height in pixels, upright.
    pub fn size(&self) -> (u32, u32) {
        match &self.0 {
            Inner::Jpeg(_, header) => (header.width, header.height),
            Inner::Pixels { pixels, .. } => pixels.dimensions(),
        }
    }

    /// Decodes the whole image.
    ///
    /// # Errors
    /// If the data is corrupt.
    pub fn decode(self, decoder: &mut Decoder) -> Result<RgbImage> {
        match self.0 {
            Inner::Jpeg(bytes, header) => decoder.jpeg(&bytes, header),
            Inner::Pixels { pixels, .. } => Ok(pixels),
        }
    }

    /// Crops and resizes the image as RGB; decodes only the pixels that `crop` needs.
    ///
    /// # Errors
    /// If the data is corrupt, or the image has no pixels.
    pub fn crop(&self, crop: &Crop, decoder: &mut Decoder) -> Result<RgbImage> {
        let mut square = std::mem::take(&mut decoder.square);
        square.resize(3 * crop.side as usize * crop.side as usize, 0);
        self.resample_and_shrink(crop, decoder, &mut Sink::Bytes(&mut square))?;
        RgbImage::from_raw(crop.side, crop.side, square)
            .ok_or_else(|| anyhow::anyhow!("a square of {} pixels is too large", crop.side))
    }

    /// As [`OpenedImage::crop`], normalised: writes `[3, side, side]` floats straight to `out`.
    ///
    /// # Errors
    /// As [`OpenedImage::crop`], and if `out` has another length.
    pub fn crop_normalised(
        &self,
        crop: &Crop,
        normalise: &Normalise,
        decoder: &mut Decoder,
        out: &mut [f32],
    ) -> Result<()> {
        self.crop_to(crop, decoder, &mut Sink::Floats(normalise, out))
    }

    /// As [`OpenedImage::crop`], written straight to `sink`.
    ///
    /// # Errors
    /// As [`OpenedImage::crop`], and if `sink` has another length.
    pub fn crop_to(&self, crop: &Crop, decoder: &mut Decoder, sink: &mut Sink<'_>) -> Result<()> {
        let (wanted, found) = (3 * crop.side as usize * crop.side as usize, sink.values());
        ensure!(found == wanted, "the output holds {found} numbers, expected {wanted}");
        self.resample_and_shrink(crop, decoder, sink)
    }

    fn resample_and_shrink(&self, crop: &Crop, decoder: &mut Decoder, sink: &mut Sink<'_>) -> Result<()> {
        let result = self.resample(crop, decoder, sink);
        decoder.shrink();
        result
    }

    fn resample(&self, crop: &Crop, decoder: &mut Decoder, sink: &mut Sink<'_>) -> Result<()> {
        let Decoder { turbo, resampler, pixels, planes, .. } = decoder;
        match &self.0 {
            Inner::Jpeg(bytes, header) => {
                let reduce = crop.reduction();
                let window = crop.window.reduced(reduce);
                let (width, height) = (header.width.div_ceil(reduce), header.height.div_ceil(reduce));
                let wanted = source_region(crop, window, width, height);
                let _memory = MemoryReservation::acquire(wanted.bytes() + header.coefficient_bytes());
                if crop.detail == Detail::Reduced
                    && wanted.covers_most_of(width, height)
                    && turbo.planes(bytes, *header, reduce, planes)?
                {
                    resampler.ycc(planes, crop, window, sink);
                    return Ok(());
                }
                let region = turbo.decode(bytes, *header, reduce, wanted, pixels)?;
                resampler.rgb(Raster { pixels, region }, crop, window, sink)
            }
            Inner::Pixels { pixels, .. } => {
                let (width, height) = pixels.dimensions();
                let region = Region { left: 0, top: 0, width, height };
                resampler.rgb(Raster { pixels: pixels.as_raw(), region }, crop, crop.window, sink)
            }
        }
    }
}
