//! A picture whose size is known, and what a thread needs to make a square of it.

use anyhow::{Result, ensure};
use image::{DynamicImage, RgbImage, metadata::Orientation};

use crate::{
    Crop, Picture,
    decode::other,
    jpeg::{Header, Region, Turbo, is_jpeg, is_whole, orientation},
    resample::{Raster, Rows, needed},
};

/// What one thread needs to turn pictures into squares: a decoder and memory, used again for every picture.
#[derive(Debug)]
pub struct Scratch {
    turbo: Turbo,
    rows: Rows,
    pixels: Vec<u8>,
    square: Vec<u8>,
}

/// A picture whose size is known; a JPEG is not decoded yet.
#[derive(Debug)]
pub struct Opened(Inner);

#[derive(Debug)]
enum Inner {
    Jpeg(Vec<u8>, Header),
    Pixels(RgbImage),
}

impl Scratch {
    /// # Errors
    /// When there is no memory for a decoder.
    pub fn new() -> Result<Self> {
        Ok(Self { turbo: Turbo::new()?, rows: Rows::default(), pixels: Vec::new(), square: Vec::new() })
    }

    /// Reads the header of a JPEG; decodes what is no JPEG, or has to be turned upright.
    ///
    /// # Errors
    /// When it is broken, cut short, too large or no picture.
    pub fn open(&mut self, picture: Picture) -> Result<Opened> {
        let bytes = match picture {
            Picture::Pixels(pixels) => return Ok(Opened(Inner::Pixels(pixels))),
            Picture::Encoded(bytes) => bytes,
        };
        if !is_jpeg(&bytes) {
            return Ok(Opened(Inner::Pixels(other(&bytes)?)));
        }
        ensure!(is_whole(&bytes), "the JPEG ends early: the file is cut short");
        let Some(header) = self.turbo.header(&bytes)? else {
            return Ok(Opened(Inner::Pixels(other(&bytes)?)));
        };
        match orientation(&bytes) {
            Orientation::NoTransforms => Ok(Opened(Inner::Jpeg(bytes, header))),
            turned => {
                let mut picture = DynamicImage::ImageRgb8(self.jpeg(&bytes, header)?);
                picture.apply_orientation(turned);
                Ok(Opened(Inner::Pixels(picture.into_rgb8())))
            }
        }
    }

    /// Gives back the memory of a square that is no longer needed.
    pub fn recycle(&mut self, square: RgbImage) {
        self.square = square.into_raw();
    }

    fn jpeg(&mut self, bytes: &[u8], header: Header) -> Result<RgbImage> {
        let Header { width, height, .. } = header;
        let mut pixels = Vec::new();
        self.turbo.decode(bytes, header, 1, Region { left: 0, top: 0, width, height }, &mut pixels)?;
        RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| anyhow::anyhow!("{width}x{height} pixels are too many"))
    }
}

impl Opened {
    /// Width and height in pixels, upright.
    pub fn size(&self) -> (u32, u32) {
        match &self.0 {
            Inner::Jpeg(_, header) => (header.width, header.height),
            Inner::Pixels(pixels) => pixels.dimensions(),
        }
    }

    /// All its pixels.
    ///
    /// # Errors
    /// When its data is broken.
    pub fn whole(self, scratch: &mut Scratch) -> Result<RgbImage> {
        match self.0 {
            Inner::Jpeg(bytes, header) => scratch.jpeg(&bytes, header),
            Inner::Pixels(pixels) => Ok(pixels),
        }
    }

    /// The square that `crop` makes of it. Only the pixels that it needs are decoded.
    ///
    /// # Errors
    /// When its data is broken, or it has no pixels.
    pub fn square(&self, crop: &Crop, scratch: &mut Scratch) -> Result<RgbImage> {
        let square = std::mem::take(&mut scratch.square);
        match &self.0 {
            Inner::Jpeg(bytes, header) => {
                let reduce = crop.reduction();
                let window = crop.window.reduced(reduce);
                let (width, height) = (header.width.div_ceil(reduce), header.height.div_ceil(reduce));
                let wanted = needed(crop, window, width, height);
                let region = scratch.turbo.decode(bytes, *header, reduce, wanted, &mut scratch.pixels)?;
                let raster = Raster { pixels: &scratch.pixels, region };
                raster.square(crop, window, &mut scratch.rows, square)
            }
            Inner::Pixels(pixels) => {
                let (width, height) = pixels.dimensions();
                let region = Region { left: 0, top: 0, width, height };
                let raster = Raster { pixels: pixels.as_raw(), region };
                raster.square(crop, crop.window, &mut scratch.rows, square)
            }
        }
    }
}
