//! Points as TensorBoard event files, one per run.
//!
//! A file is a sequence of records (length, its checksum, payload, its checksum; masked CRC-32C), each a protobuf message `Event { 1: wall_time, 2: step, 3: file_version, 5: Summary { 1: Value { 1: tag, 2: value } } }`.
//! Values are float32.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use crc::{CRC_32_ISCSI, Crc};

use super::Line;

const SUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Writes one subfolder of `folder` per run; returns their number.
///
/// # Errors
/// If a file cannot be written.
pub fn write(lines: &[Line], folder: &Path) -> Result<usize> {
    let mut runs: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        runs.entry(&line.run).or_default().push(line);
    }
    let mut taken = Vec::new();
    for (uid, lines) in &runs {
        let mut name = safe(&lines[0].name);
        if taken.contains(&name) {
            // TensorBoard would merge two runs in one folder into one curve.
            name = name.join(safe(uid));
        }
        let folder = folder.join(&name);
        taken.push(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let started = lines[0].point.wall_ms as f64 / 1000.0 - lines[0].wall_s;
        let file = folder.join(format!("events.out.tfevents.{:010}.{uid}", started.max(0.0) as u64));
        fs::write(&file, events(lines)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(runs.len())
}

/// The run's name as a relative path without `..`.
fn safe(name: &str) -> PathBuf {
    let allowed = |c: char| if c.is_alphanumeric() || "-_.@=+ ".contains(c) { c } else { '_' };
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let path: PathBuf = parts.map(|part| part.chars().map(allowed).collect::<String>()).collect();
    if path.as_os_str().is_empty() { PathBuf::from("run") } else { path }
}

/// The event file of one run.
fn events(lines: &[&Line]) -> Vec<u8> {
    let mut sorted = lines.to_vec();
    sorted.sort_by(|a, b| {
        (a.point.wall_ms, a.point.step, &a.metric).cmp(&(b.point.wall_ms, b.point.step, &b.metric))
    });
    let start = sorted.first().map_or(0.0, |line| line.point.wall_ms as f64 / 1000.0);
    let mut version = field(1, 1).to_vec();
    version.extend(start.to_le_bytes());
    put(&mut version, 3, b"brain.Event:2");
    let mut out = record(&version);
    sorted.into_iter().for_each(|line| out.extend(record(&event(line))));
    out
}

fn event(line: &Line) -> Vec<u8> {
    let mut value = Vec::new();
    put(&mut value, 1, line.metric.as_bytes());
    value.extend(field(2, 5));
    value.extend((line.point.value as f32).to_le_bytes());
    let mut summary = Vec::new();
    put(&mut summary, 1, &value);
    let mut event = field(1, 1).to_vec();
    event.extend((line.point.wall_ms as f64 / 1000.0).to_le_bytes());
    event.extend(field(2, 0));
    varint(&mut event, line.point.step);
    put(&mut event, 5, &summary);
    event
}

/// A protobuf field tag: field number and wire type.
fn field(number: u8, wire: u8) -> [u8; 1] {
    [number << 3 | wire]
}

/// Writes a length-delimited field.
fn put(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.extend(field(number, 2));
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

/// Writes a varint: 7 bits per byte, lowest first.
fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), bytes, &masked(bytes)].concat()
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    SUM.checksum(bytes).rotate_right(15).wrapping_add(0xA282_EAD8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_format() {
        // The check value of CRC-32C, and the masked checksum of a length written by TensorBoard itself.
        assert_eq!(SUM.checksum(b"123456789"), 0xE306_9283);
        assert_eq!(masked(&24_u64.to_le_bytes()), [0xA3, 0x7F, 0x4B, 0x22]);
    }

    #[test]
    fn names_stay_inside_the_folder() {
        let shown = |name: &str| safe(name).display().to_string();
        assert_eq!(shown("tricks/all/2"), "tricks/all/2");
        assert_eq!(shown("/../../etc/pass:wd"), "etc/pass_wd");
        assert_eq!(shown("../.."), "run");
    }
}
