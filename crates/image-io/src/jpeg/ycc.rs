//! YCbCr planes as JPEG stores them, chroma possibly subsampled.

#![allow(unsafe_code)]

use std::ffi::c_int;

use anyhow::{Result, ensure};
use turbojpeg_sys as raw;

/// Planes of a decoded image, with a reused buffer.
#[derive(Debug, Default)]
pub struct Ycc {
    /// The planes, concatenated.
    bytes: Vec<u8>,
    /// Number of planes: one (grey) or three.
    count: usize,
    layout: [Layout; 3],
}

#[derive(Debug, Clone, Copy, Default)]
struct Layout {
    start: usize,
    /// Bytes of a row, possibly one more than its pixels.
    pitch: usize,
    rows: usize,
    width: u32,
    height: u32,
    stretch: (f64, f64),
}

/// One of the planes.
#[derive(Debug, Clone, Copy)]
pub struct YccPlane<'a> {
    /// Row by row.
    pub bytes: &'a [u8],
    /// Bytes from one row to the next.
    pub pitch: usize,
    /// Samples per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Image pixels per sample, across and down.
    pub stretch: (f64, f64),
}

impl Ycc {
    /// Bytes of the allocated buffer.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The planes: Y, then Cb and Cr unless the image is grey.
    pub fn planes(&self) -> impl Iterator<Item = YccPlane<'_>> {
        self.layout[..self.count].iter().map(|layout| {
            let Layout { start, pitch, rows, width, height, stretch } = *layout;
            YccPlane { bytes: &self.bytes[start..][..pitch * rows], pitch, width, height, stretch }
        })
    }

    /// Resizes the buffer for an image of this size; returns a pointer to each plane.
    pub(super) fn lay_out(
        &mut self,
        (width, height): (u32, u32),
        subsampling: c_int,
    ) -> Result<[*mut u8; 3]> {
        let grey = subsampling == raw::TJSAMP_TJSAMP_GRAY;
        self.count = if grey { 1 } else { 3 };
        let (across, down) = stretch(subsampling);
        let mut start = 0;
        for number in 0..self.count {
            // SAFETY: pure functions of integers.
            let (pitch, rows) = unsafe {
                let component = number as c_int;
                (
                    raw::tj3YUVPlaneWidth(component, width as c_int, subsampling),
                    raw::tj3YUVPlaneHeight(component, height as c_int, subsampling),
                )
            };
            ensure!(pitch > 0 && rows > 0, "an image of {width}x{height} pixels has no YCbCr planes");
            let (pitch, rows) = (pitch as usize, rows as usize);
            let (across, down) = if number == 0 { (1, 1) } else { (across, down) };
            let (width, height) = (width.div_ceil(across), height.div_ceil(down));
            let stretch = (f64::from(across), f64::from(down));
            self.layout[number] = Layout { start, pitch, rows, width, height, stretch };
            start += pitch * rows;
        }
        self.bytes.resize(start, 0);
        let base = self.bytes.as_mut_ptr();
        // For a grey image, the pointers of the missing planes are never written.
        Ok(self.layout.map(|layout| base.wrapping_add(layout.start)))
    }
}

/// Pixels per chroma sample, across and down: `tjMCUWidth / 8` and `tjMCUHeight / 8` of turbojpeg.h.
fn stretch(subsampling: c_int) -> (u32, u32) {
    match subsampling {
        raw::TJSAMP_TJSAMP_422 => (2, 1),
        raw::TJSAMP_TJSAMP_420 => (2, 2),
        raw::TJSAMP_TJSAMP_440 => (1, 2),
        raw::TJSAMP_TJSAMP_411 => (4, 1),
        raw::TJSAMP_TJSAMP_441 => (1, 4),
        _ => (1, 1),
    }
}
