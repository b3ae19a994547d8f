//! A picture whose size is known, and what a thread needs to make a square of it.

use anyhow::{Result, ensure};
use clip_lab_files::Room;
use image::{DynamicImage, RgbImage, metadata::Orientation};

use crate::{
    Crop, Detail, Normalise, Picture,
    decode::other,
    jpeg::{Header, Region, Turbo, Ycc, is_jpeg, is_whole, orientation},
    resample::{Raster, Resampler, Sink, needed},
};

/// Memory beyond this many bytes is given back after every image, so that one large image does not stay with each thread.
const KEPT: usize = 32 << 20;

/// What one thread needs to turn pictures into squares: a decoder and memory, used again for every picture.
#[derive(Debug)]
pub struct Scratch {
    turbo: Turbo,
    resampler: Resampler,
    pixels: Vec<u8>,
    planes: Ycc,
    square: Vec<u8>,
}

/// A picture whose size is known; a JPEG is not decoded yet.
#[derive(Debug)]
pub struct Opened(Inner);

#[derive(Debug)]
enum Inner {
    Jpeg(Vec<u8>, Header),
    /// With the memory that they take, where they were decoded here.
    Pixels {
        pixels: RgbImage,
        _room: Option<Room>,
    },
}

impl Scratch {
    /// # Errors
    /// When there is no memory for a decoder.
    pub fn new() -> Result<Self> {
        Ok(Self {
            turbo: Turbo::new()?,
            resampler: Resampler::default(),
            pixels: Vec::new(),
            planes: Ycc::default(),
            square: Vec::new(),
        })
    }

    /// Reads the header of a JPEG; decodes what is no JPEG, or has to be turned upright.
    ///
    /// # Errors
    /// When it is broken, cut short, too large or no picture.
    pub fn open(&mut self, picture: Picture) -> Result<Opened> {
        let bytes = match picture {
            Picture::Pixels(pixels) => return Ok(Opened(Inner::Pixels { pixels, _room: None })),
            Picture::Encoded(bytes) => bytes,
        };
        if !is_jpeg(&bytes) {
            return elsewhere(&bytes);
        }
        ensure!(is_whole(&bytes), "the JPEG ends early: the file is cut short");
        let Some(header) = self.turbo.header(&bytes)? else {
            return elsewhere(&bytes);
        };
        match orientation(&bytes) {
            Orientation::NoTransforms => Ok(Opened(Inner::Jpeg(bytes, header))),
            turned => {
                // As it is stored, and turned.
                let room = Room::take(2 * header.bytes());
                let mut picture = DynamicImage::ImageRgb8(self.jpeg(&bytes, header)?);
                picture.apply_orientation(turned);
                Ok(Opened(Inner::Pixels { pixels: picture.into_rgb8(), _room: Some(room) }))
            }
        }
    }

    /// Gives back the memory of a square that is no longer needed.
    pub fn recycle(&mut self, square: RgbImage) {
        let memory = square.into_raw();
        if memory.capacity() <= KEPT {
            self.square = memory;
        }
    }

    /// Gives back what an unusually large image took.
    fn shrink(&mut self) {
        if self.pixels.capacity() > KEPT {
            self.pixels = Vec::new();
        }
        if self.planes.capacity() > KEPT {
            self.planes = Ycc::default();
        }
    }

    fn jpeg(&mut self, bytes: &[u8], header: Header) -> Result<RgbImage> {
        let Header { width, height, .. } = header;
        let _room = Room::take(header.bytes() + header.unpacked());
        let mut pixels = Vec::new();
        self.turbo.decode(bytes, header, 1, Region { left: 0, top: 0, width, height }, &mut pixels)?;
        RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| anyhow::anyhow!("{width}x{height} pixels are too many"))
    }
}

/// What libjpeg-turbo does not read.
fn elsewhere(bytes: &[u8]) -> Result<Opened> {
    let (pixels, room) = other(bytes)?;
    Ok(Opened(Inner::Pixels { pixels, _room: Some(room) }))
}

impl Opened {
    /// Takes room for all its pixels, for whoever holds them longer than this, see [`Opened::whole`].
    pub fn room(&self) -> Room {
        let (width, height) = self.size();
        Room::take(3 * u64::from(width) * u64::from(height))
    }

    /// Width and height in pixels, upright.
    pub fn size(&self) -> (u32, u32) {
        match &self.0 {
            Inner::Jpeg(_, header) => (header.width, header.height),
            Inner::Pixels { pixels, .. } => pixels.dimensions(),
        }
    }

    /// All its pixels.
    ///
    /// # Errors
    /// When its data is broken.
    pub fn whole(self, scratch: &mut Scratch) -> Result<RgbImage> {
        match self.0 {
            Inner::Jpeg(bytes, header) => scratch.jpeg(&bytes, header),
            Inner::Pixels { pixels, .. } => Ok(pixels),
        }
    }

    /// The square that `crop` makes of it. Only the pixels that it needs are decoded.
    ///
    /// # Errors
    /// When its data is broken, or it has no pixels.
    pub fn square(&self, crop: &Crop, scratch: &mut Scratch) -> Result<RgbImage> {
        let mut square = std::mem::take(&mut scratch.square);
        square.resize(3 * crop.side as usize * crop.side as usize, 0);
        self.make(crop, scratch, &mut Sink::Bytes(&mut square))?;
        RgbImage::from_raw(crop.side, crop.side, square)
            .ok_or_else(|| anyhow::anyhow!("a square of {} pixels is too large", crop.side))
    }

    /// As [`Opened::square`], normalised: `3 * side * side` numbers, channel by channel, written straight to `out`.
    ///
    /// # Errors
    /// As those of [`Opened::square`], and when `out` has another length.
    pub fn numbers(
        &self,
        crop: &Crop,
        normalise: &Normalise,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) -> Result<()> {
        let wanted = 3 * crop.side as usize * crop.side as usize;
        ensure!(out.len() == wanted, "{wanted} numbers do not fit into {}", out.len());
        self.make(crop, scratch, &mut Sink::Numbers(normalise, out))
    }

    fn make(&self, crop: &Crop, scratch: &mut Scratch, sink: &mut Sink<'_>) -> Result<()> {
        let made = self.make_within(crop, scratch, sink);
        scratch.shrink();
        made
    }

    fn make_within(&self, crop: &Crop, scratch: &mut Scratch, sink: &mut Sink<'_>) -> Result<()> {
        let Scratch { turbo, resampler, pixels, planes, .. } = scratch;
        match &self.0 {
            Inner::Jpeg(bytes, header) => {
                let reduce = crop.reduction();
                let window = crop.window.reduced(reduce);
                let (width, height) = (header.width.div_ceil(reduce), header.height.div_ceil(reduce));
                let wanted = needed(crop, window, width, height);
                let _room = Room::take(wanted.bytes() + header.unpacked());
                if crop.detail == Detail::Enough
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
