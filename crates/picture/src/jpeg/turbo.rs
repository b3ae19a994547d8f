//! libjpeg-turbo. All `unsafe` of this crate is here: the safe wrapper of others decodes no part of a picture and takes
//! every remark of the decoder for an error.

#![allow(unsafe_code)]

use std::{
    ffi::{CStr, c_int, c_void},
    ptr::NonNull,
};

use anyhow::{Result, anyhow, bail, ensure};
use turbojpeg_sys as raw;

use super::Ycc;
use crate::decode::{MOST_PIXELS, ensure_size};

/// Refinements of a progressive picture. Real ones have about ten; made-up ones keep a decoder busy for minutes.
const MOST_SCANS: c_int = 200;

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Pixels across, as stored.
    pub width: u32,
    /// Pixels down, as stored.
    pub height: u32,
    /// Number of how its colours are stored, the names of turbojpeg.h.
    subsampling: c_int,
    /// Pixels across that are decoded together; a part begins at a multiple of it.
    block: u32,
    /// Whether it is stored as brightness and at most two colour differences.
    ycc: bool,
    /// Whether all of it is unpacked before any pixel is computed.
    progressive: bool,
}

impl Header {
    /// Bytes of all its pixels.
    pub fn bytes(&self) -> u64 {
        3 * u64::from(self.width) * u64::from(self.height)
    }

    /// Bytes that the decoder takes beside the pixels that are wanted: of a progressive one, three numbers of 16 bits for
    /// every pixel.
    pub fn unpacked(&self) -> u64 {
        if self.progressive { 2 * self.bytes() } else { 0 }
    }
}

/// Pixels of a decoded picture, which may be smaller than the stored one.
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
    /// Bytes of its pixels.
    pub fn bytes(&self) -> u64 {
        3 * u64::from(self.width) * u64::from(self.height)
    }

    /// Whether it is so much of a picture of `width` x `height` pixels that the rest may as well be decoded with it, which
    /// planes have to be: measured on photographs, from about half on that takes no longer.
    pub fn covers_most_of(&self, width: u32, height: u32) -> bool {
        2 * u64::from(self.width) * u64::from(self.height) >= u64::from(width) * u64::from(height)
    }
}

/// A decoder, used again and again by one thread.
#[derive(Debug)]
pub struct Turbo(NonNull<c_void>);

// SAFETY: a handle of libjpeg-turbo belongs to no thread; it must only not be used by two at once, and every method
// that uses it takes `&mut self`.
unsafe impl Send for Turbo {}

impl Turbo {
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> Result<Self> {
        // SAFETY: takes a number and gives a handle or null.
        let handle = unsafe { raw::tj3Init(raw::TJINIT_TJINIT_DECOMPRESS as c_int) };
        let mut turbo = Self(NonNull::new(handle).ok_or_else(|| anyhow!("libjpeg-turbo does not start"))?);
        turbo.set(raw::TJPARAM_TJPARAM_SCANLIMIT, MOST_SCANS)?;
        turbo.set(raw::TJPARAM_TJPARAM_MAXPIXELS, MOST_PIXELS as c_int)?;
        Ok(turbo)
    }

    /// Reads the header. None where another decoder is needed: more than 8 bits, CMYK, lossless, odd subsampling.
    ///
    /// # Errors
    /// When it is broken, or claims too many pixels.
    pub fn header(&mut self, bytes: &[u8]) -> Result<Option<Header>> {
        // What was set for the last picture may not fit this one.
        self.region(raw::tjregion { x: 0, y: 0, w: 0, h: 0 })?;
        // SAFETY: the handle is alive, the pointer and the length are those of a slice.
        let code = unsafe { raw::tj3DecompressHeader(self.0.as_ptr(), bytes.as_ptr(), bytes.len() as _) };
        self.judge(code).map_err(|error| error.context("its Jpeg header is broken"))?;
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

    /// Decodes at one `reduce`-th (1, 2, 4 or 8) of the size the whole picture into `planes`, and does not compute colours.
    /// False where it is stored in no such planes.
    ///
    /// # Errors
    /// When the data is broken.
    pub fn planes(&mut self, bytes: &[u8], header: Header, reduce: u32, planes: &mut Ycc) -> Result<bool> {
        if !header.ycc {
            return Ok(false);
        }
        ensure!(self.header(bytes)? == Some(header), "the header is that of another picture");
        self.scale(reduce)?;
        let size = (header.width.div_ceil(reduce), header.height.div_ceil(reduce));
        let mut starts = planes.lay_out(size, header.subsampling)?;
        let mut pitches = [0; 3];
        // SAFETY: the handle is alive; the bytes are a slice, whose header was read just now by the same handle. There are as
        // many planes as the subsampling has, each with as many bytes as the library itself says that it needs for a picture of
        // this size at the scale that was set.
        let code = unsafe {
            raw::tj3DecompressToYUVPlanes8(
                self.0.as_ptr(),
                bytes.as_ptr(),
                bytes.len() as _,
                starts.as_mut_ptr(),
                pitches.as_mut_ptr(),
            )
        };
        self.judge(code).map_err(|error| error.context("its Jpeg data is broken or cut short"))?;
        Ok(true)
    }

    /// Decodes at one `reduce`-th (1, 2, 4 or 8) of the size those pixels that `wanted` asks for, and as many more to the
    /// left as the format needs, into `pixels`: RGB, row by row. Says which region they are.
    ///
    /// # Errors
    /// When the data is broken.
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
            "{part:?} is no part of {width}x{height} pixels"
        );
        ensure!(self.header(bytes)? == Some(header), "the header is that of another picture");
        self.scale(reduce)?;
        if part.width < width || part.height < height {
            let [x, y, w, h] = [part.left, part.top, part.width, part.height].map(|side| side as c_int);
            self.region(raw::tjregion { x, y, w, h })?;
        }
        let pitch = 3 * part.width as usize;
        pixels.resize(pitch * part.height as usize, 0);
        // SAFETY: the handle is alive; the bytes are a slice, whose header was read just now by the same handle, so the
        // decoder writes `part.height` rows of `part.width` RGB pixels, and `pixels` has just that many.
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
        self.judge(code).map_err(|error| error.context("its Jpeg data is broken or cut short"))?;
        Ok(part)
    }

    fn scale(&mut self, reduce: u32) -> Result<()> {
        let factor = raw::tjscalingfactor { num: 1, denom: reduce as c_int };
        // SAFETY: the handle is alive, the factor a plain value.
        let code = unsafe { raw::tj3SetScalingFactor(self.0.as_ptr(), factor) };
        self.judge(code)
    }

    fn region(&mut self, region: raw::tjregion) -> Result<()> {
        // SAFETY: the handle is alive, the region a plain value.
        let code = unsafe { raw::tj3SetCroppingRegion(self.0.as_ptr(), region) };
        self.judge(code)
    }

    fn get(&mut self, param: raw::TJPARAM) -> c_int {
        // SAFETY: the handle is alive, the parameter a number that is checked.
        unsafe { raw::tj3Get(self.0.as_ptr(), param as c_int) }
    }

    fn set(&mut self, param: raw::TJPARAM, value: c_int) -> Result<()> {
        // SAFETY: as in `get`.
        let code = unsafe { raw::tj3Set(self.0.as_ptr(), param as c_int, value) };
        self.judge(code)
    }

    /// An error for what failed. Remarks on small flaws pass, as they do in Pillow; that the file ended does not.
    fn judge(&mut self, code: c_int) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: the handle is alive; the text belongs to it, ends in zero and is copied before the next call.
        let (kind, text) = unsafe {
            let text = CStr::from_ptr(raw::tj3GetErrorStr(self.0.as_ptr()));
            (raw::tj3GetErrorCode(self.0.as_ptr()), text.to_string_lossy().into_owned())
        };
        if kind == raw::TJERR_TJERR_WARNING as c_int && !text.contains("Premature end") {
            return Ok(());
        }
        bail!("libjpeg-turbo says: {text}")
    }
}

impl Drop for Turbo {
    fn drop(&mut self) {
        // SAFETY: the handle is alive and never used again.
        unsafe { raw::tj3Destroy(self.0.as_ptr()) }
    }
}

/// Pixels across that are stored together: the table `tjMCUWidth` of turbojpeg.h, by the number of the subsampling.
fn block_width(subsampling: usize) -> Option<u32> {
    [8, 16, 16, 8, 8, 32, 8].get(subsampling).copied()
}
