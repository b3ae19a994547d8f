//! JPEG markers, <https://www.w3.org/Graphics/JPEG/itu-t81.pdf> annex B.

use image::metadata::Orientation;
use memchr::memchr;

/// Whether the bytes start with a JPEG header.
pub fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// Whether a JPEG has its end marker. libjpeg fills missing data with grey, and does not notice it when it decodes a region
/// only.
pub fn is_whole(bytes: &[u8]) -> bool {
    // The end marker is nearly always the last two bytes: then no segment has to be parsed.
    bytes.ends_with(&[0xFF, 0xD9]) || segments(bytes).any(|segment| segment.code == 0xD9)
}

/// The EXIF orientation.
pub fn orientation(bytes: &[u8]) -> Orientation {
    let headers = segments(bytes).take_while(|segment| segment.code != 0xDA);
    let exif = headers.filter(|segment| segment.code == 0xE1).find_map(|segment| {
        let end = segment.end.min(bytes.len());
        bytes.get(segment.start..end)?.strip_prefix(b"Exif\0\0")
    });
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// A marker and its payload, without the length bytes.
struct Segment {
    code: u8,
    start: usize,
    end: usize,
}

fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let (place, code) = marker(bytes, at)?;
        let start = place + 2;
        let end = if matches!(code, 0x01 | 0xD8 | 0xD9) { start } else { start + length(bytes, start) };
        at = end;
        Some(Segment { code, start: (start + 2).min(end), end })
    })
}

/// The next marker at or after `from`; skips stuffed bytes and restart markers within a scan.
fn marker(bytes: &[u8], mut from: usize) -> Option<(usize, u8)> {
    loop {
        let place = from + memchr(0xFF, bytes.get(from..)?)?;
        let code = *bytes.get(place + 1)?;
        if !matches!(code, 0x00 | 0xD0..=0xD7 | 0xFF) {
            return Some((place, code));
        }
        from = place + 1;
    }
}

/// Length of the segment at `at`, including the two length bytes.
fn length(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).map_or(2, |two| usize::from(u16::from_be_bytes([two[0], two[1]])).max(2))
}
