//! Bindings to libjpeg-turbo. The safe wrapper `turbojpeg` cannot decode a region, and treats every decoder warning as an
//! error.

#![allow(unsafe_code)]

use std::{
    ffi::{CStr, c_int, c_void},
    ptr::NonNull,
};

use anyhow::{Result, anyhow, bail, ensure};
use turbojpeg_sys as raw;

use super::Ycc;
use crate::decode::{MAX_PIXELS, ensure_size};

/// The most scans of a progressive image. Real ones have about ten; crafted ones keep a decoder busy for minutes.
const MAX_SCANS: c_int = 200;

/// The header of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Pixels across, as stored.
    pub width: u32,
    /// Pixels down, as stored.
    pub height: u32,
    /// Chroma subsampling, a `TJSAMP` constant of turbojpeg.h.
    subsampling: c_int,
    /// Width of an MCU in pixels; a region starts at a multiple of it.
    block: u32,
    /// Whether the colour space is YCbCr or grey.
    ycc: bool,
    /// Whether the JPEG is progressive: libjpeg then buffers all coefficients before it decodes a pixel.
    progressive: bool,
}

impl Header {
    /// Bytes of all pixels as RGB.
    pub fn bytes(&self) -> u64 {
        3 * u64::from(self.width) * u64::from(self.height)
    }

    /// Bytes that the decoder allocates besides the output: for a progressive JPEG, three 16-bit coefficients per pixel.
    pub fn coefficient_bytes(&self) -> u64 {
        if self.progressive { 2 * self.bytes() } else { 0 }
    }
}

/// A region of a decoded image, which may be smaller than the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// From the left edge.
    pub left: u32,
    /// From the upper edge.
    pub top: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Region {
    /// Bytes of its pixels as RGB.
    pub fn bytes(&self) -> u64 {
        3 * u64::from(self.width) * u64::from(self.height)
    }

    /// Whether the region covers at least half of a `width` x `height` image. Measured on photographs, decoding whole planes
    /// is then no slower than decoding the region.
    pub fn covers_most_of(&self, width: u32, height: u32) -> bool {
        2 * u64::from(self.width) * u64::from(self.height) >= u64::from(width) * u64::from(height)
    }
}

/// A libjpeg-turbo decoder, reused by one thread.
#[derive(Debug)]
pub struct Turbo(NonNull<c_void>);

// SAFETY: a libjpeg-turbo handle is not bound to a thread; it must not be used concurrently, and every method takes
// `&mut self`.
unsafe impl Send for Turbo {}

impl Turbo {
    /// # Errors
    /// If libjpeg-turbo cannot allocate it.
    pub fn new() -> Result<Self> {
        // SAFETY: takes an integer, returns a handle or null.
        let handle = unsafe { raw::tj3Init(raw::TJINIT_TJINIT_DECOMPRESS as c_int) };
        let mut turbo =
            Self(NonNull::new(handle).ok_or_else(|| anyhow!("libjpeg-turbo cannot be initialised"))?);
        turbo.set(raw::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS)?;
        turbo.set(raw::TJPARAM_TJPARAM_MAXPIXELS, MAX_PIXELS as c_int)?;
        Ok(turbo)
    }

    /// Reads the header. None if another decoder is needed: more than 8 bits, CMYK, lossless, unusual subsampling.
    ///
    /// # Errors
    /// If it is corrupt, or declares too many pixels.
    pub fn header(&mut self, bytes: &[u8]) -> Result<Option<Header>> {
        // Resets the region of the last image, which may not fit this one.
        self.region(raw::tjregion { x: 0, y: 0, w: 0, h: 0 })?;
        // SAFETY: the handle is valid; pointer and length come from a slice.
        let code = unsafe { raw::tj3DecompressHeader(self.0.as_ptr(), bytes.as_ptr(), bytes.len() as _) };
        self.check(code).map_err(|error| error.context("its Jpeg header is corrupt"))?;
        let (width, height) =
            (self.get(raw::TJPARAM_TJPARAM_JPEGWIDTH), self.get(raw::TJPARAM_TJPARAM_JPEGHEIGHT));
        let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
        ensure_size(width, height)?;
        let colours = u32::try_from(self.get(raw::TJPARAM_TJPARAM_COLORSPACE)).unwrap_or(u32::MAX);
        let ycc = [raw::TJCS_TJCS_YCbCr, raw::TJCS_TJCS_GRAY].contains(&colours);
        let plain = self.get(raw::TJPARAM_TJPARAM_PRECISION) == 8
            && self.get(raw::TJPARAM_TJPARAM_LOSSLESS) == 0
            && (ycc || colours == raw::TJCS_TJCS_RGB);
        let subsampling = self.get(raw::TJPARAM_TJPARAM_SUBSAMP);
        let block = usize::try_from(subsampling).ok().and_then(block_width);
        let block = block.filter(|_| plain && width > 0 && height > 0);
        let progressive = self.get(raw::TJPARAM_TJPARAM_PROGRESSIVE) != 0;
        Ok(block.map(|block| Header { width, height, subsampling, block, ycc, progressive }))
    }

    /// Decodes the whole image at 1/`reduce` (1, 2, 4 or 8) of its size into YCbCr planes, without colour conversion.
    /// False if the image is stored in another colour space.
    ///
    /// # Errors
    /// If the data is corrupt.
    pub fn planes(&mut self, bytes: &[u8], header: Header, reduce: u32, planes: &mut Ycc) -> Result<bool> {
        if !header.ycc {
            return Ok(false);
        }
        ensure!(self.header(bytes)? == Some(header), "the header belongs to another image");
        self.scale(reduce)?;
        let size = (header.width.div_ceil(reduce), header.height.div_ceil(reduce));
        let mut starts = planes.lay_out(size, header.subsampling)?;
        let mut pitches = [0; 3];
        // SAFETY: the handle is valid; the same handle just read the header of this slice. There is one plane per component,
        // each with the size that the library reports for this image size, scale and subsampling.
        let code = unsafe {
            raw::tj3DecompressToYUVPlanes8(
                self.0.as_ptr(),
                bytes.as_ptr(),
                bytes.len() as _,
                starts.as_mut_ptr(),
                pitches.as_mut_ptr(),
            )
        };
        self.check(code).map_err(|error| error.context("its Jpeg data is corrupt or truncated"))?;
        Ok(true)
    }

    /// Decodes the region `wanted` at 1/`reduce` (1, 2, 4 or 8) of the size into `pixels`: RGB, row by row. Extends it to the
    /// left up to an MCU boundary, and returns the decoded region.
    ///
    /// # Errors
    /// If the data is corrupt.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        header: Header,
        reduce: u32,
        wanted: Region,
        pixels: &mut Vec<u8>,
    ) -> Result<Region> {
        let (width, height) = (header.width.div_ceil(reduce), header.height.div_ceil(reduce));
        let left = wanted.left - wanted.left % header.block.div_ceil(reduce);
        let part = Region { left, width: wanted.width + (wanted.left - left), ..wanted };
        let within = part.left + part.width <= width && part.top + part.height <= height;
        ensure!(
            within && part.width > 0 && part.height > 0,
            "{part:?} is not within an image of {width}x{height} pixels"
        );
        ensure!(self.header(bytes)? == Some(header), "the header belongs to another image");
        self.scale(reduce)?;
        if part.width < width || part.height < height {
            let [x, y, w, h] = [part.left, part.top, part.width, part.height].map(|side| side as c_int);
            self.region(raw::tjregion { x, y, w, h })?;
        }
        let pitch = 3 * part.width as usize;
        pixels.resize(pitch * part.height as usize, 0);
        // SAFETY: the handle is valid; the same handle just read the header of this slice, so the decoder writes
        // `part.height` rows of `part.width` RGB pixels, which is the size of `pixels`.
        let code = unsafe {
            raw::tj3Decompress8(
                self.0.as_ptr(),
                bytes.as_ptr(),
                bytes.len() as _,
                pixels.as_mut_ptr(),
                pitch as c_int,
                raw::TJPF_TJPF_RGB as c_int,
            )
        };
        self.check(code).map_err(|error| error.context("its Jpeg data is corrupt or truncated"))?;
        Ok(part)
    }

    fn scale(&mut self, reduce: u32) -> Result<()> {
        let factor = raw::tjscalingfactor { num: 1, denom: reduce as c_int };
        // SAFETY: the handle is valid, the factor is passed by value.
        let code = unsafe { raw::tj3SetScalingFactor(self.0.as_ptr(), factor) };
        self.check(code)
    }

    fn region(&mut self, region: raw::tjregion) -> Result<()> {
        // SAFETY: the handle is valid, the region is passed by value.
        let code = unsafe { raw::tj3SetCroppingRegion(self.0.as_ptr(), region) };
        self.check(code)
    }

    fn get(&mut self, param: raw::TJPARAM) -> c_int {
        // SAFETY: the handle is valid; the library checks the parameter.
        unsafe { raw::tj3Get(self.0.as_ptr(), param as c_int) }
    }

    fn set(&mut self, param: raw::TJPARAM, value: c_int) -> Result<()> {
        // SAFETY: as in `get`.
        let code = unsafe { raw::tj3Set(self.0.as_ptr(), param as c_int, value) };
        self.check(code)
    }

    /// Turns a return code into a result. Ignores warnings, as Pillow does, except for a premature end of the file.
    fn check(&mut self, code: c_int) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: the handle is valid and owns the NUL-terminated message, which is copied before the next call.
        let (kind, text) = unsafe {
            let text = CStr::from_ptr(raw::tj3GetErrorStr(self.0.as_ptr()));
            (raw::tj3GetErrorCode(self.0.as_ptr()), text.to_string_lossy().into_owned())
        };
        if kind == raw::TJERR_TJERR_WARNING as c_int && !text.contains("Premature end") {
            return Ok(());
        }
        bail!("libjpeg-turbo: {text}")
    }
}

impl Drop for Turbo {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and not used again.
        unsafe { raw::tj3Destroy(self.0.as_ptr()) }
    }
}

/// Width of an MCU in pixels by subsampling: the table `tjMCUWidth` of turbojpeg.h.
fn block_width(subsampling: usize) -> Option<u32> {
    [8, 16, 16, 8, 8, 32, 8].get(subsampling).copied()
}
