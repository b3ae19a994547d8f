//! Writers of the formats, independent of the readers.

use std::path::{Path, PathBuf};

use clip_lab_import::{Columns, ImportError, ImportedRun, find, read};
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, Crc};

const CASTAGNOLI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
const IEEE: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A golden file.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name)
}

/// The runs of a path.
pub fn import(path: &Path) -> Result<Vec<ImportedRun>, ImportError> {
    import_with(path, &Columns::default())
}

/// The runs of a path, with the columns of a CSV file.
pub fn import_with(path: &Path, columns: &Columns) -> Result<Vec<ImportedRun>, ImportError> {
    let found = find(path)?;
    let runs: Vec<Vec<ImportedRun>> = found.iter().map(|one| read(one, columns)).collect::<Result<_, _>>()?;
    Ok(runs.into_iter().flatten().collect())
}

/// The points of a run as `step ms metric=value ...`, one row a line.
pub fn rows(run: &ImportedRun) -> Vec<String> {
    let mut rows = Vec::new();
    let each = |row: clip_lab_import::Row<'_>| {
        let values: Vec<String> = row.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        rows.push(format!("{} {} {}", row.step, row.ms, values.join(" ")));
        Ok::<(), ()>(())
    };
    run.points.rows(|_| None, 0.0, each).unwrap();
    rows
}

/// The settings as `key=value`.
pub fn settings(run: &ImportedRun) -> Vec<String> {
    run.settings.iter().map(|setting| format!("{}={}", setting.key, setting.value)).collect()
}

/// A protobuf varint.
pub fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A protobuf field with an integer.
pub fn integer(field: u64, number: u64) -> Vec<u8> {
    [varint(field << 3), varint(number)].concat()
}

/// A protobuf field with bytes.
pub fn bytes(field: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// A protobuf field with a double.
pub fn double(field: u64, number: f64) -> Vec<u8> {
    [varint(field << 3 | 1), number.to_le_bytes().to_vec()].concat()
}

/// A protobuf field with a float.
pub fn float(field: u64, number: f32) -> Vec<u8> {
    [varint(field << 3 | 5), number.to_le_bytes().to_vec()].concat()
}

/// A record of an event file.
pub fn tf_record(data: &[u8]) -> Vec<u8> {
    let masked =
        |bytes: &[u8]| CASTAGNOLI.checksum(bytes).rotate_right(15).wrapping_add(0xA282_EAD8).to_le_bytes();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// An event with one value of a summary.
pub fn event(seconds: f64, step: u64, value: &[u8]) -> Vec<u8> {
    tf_record(&[double(1, seconds), integer(2, step), bytes(5, &bytes(1, value))].concat())
}

/// A value of a summary.
pub fn scalar(tag: &str, value: f32) -> Vec<u8> {
    [bytes(1, tag.as_bytes()), float(2, value)].concat()
}

/// The first record of an event file.
pub fn version(seconds: f64) -> Vec<u8> {
    tf_record(&[double(1, seconds), bytes(3, b"brain.Event:2")].concat())
}

/// A W&B log of records; a chunk has at most the rest of its block of 32 KiB.
pub fn wandb_log(records: &[Vec<u8>]) -> Vec<u8> {
    let mut log = b":W&B\xe1\xbe\0".to_vec();
    for record in records {
        let mut rest = &record[..];
        let mut first = true;
        loop {
            let room = 32768 - log.len() % 32768;
            if room < 7 {
                log.extend(vec![0; room]);
                continue;
            }
            let (data, later) = rest.split_at(rest.len().min(room - 7));
            let kind = match (first, later.is_empty()) {
                (true, true) => 1_u8,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let sum = IEEE.checksum(&[&[kind][..], data].concat());
            log.extend(sum.to_le_bytes());
            log.extend((data.len() as u16).to_le_bytes());
            log.push(kind);
            log.extend(data);
            (rest, first) = (later, false);
            if rest.is_empty() {
                break;
            }
        }
    }
    log
}

/// An item of a W&B record: key and JSON.
pub fn item(key: &str, json: &str) -> Vec<u8> {
    [bytes(1, key.as_bytes()), bytes(16, json.as_bytes())].concat()
}

/// A W&B record of a run that started at `seconds`.
pub fn run_record(id: &str, seconds: u64, config: &[(&str, &str)]) -> Vec<u8> {
    let config: Vec<u8> = config.iter().flat_map(|(key, json)| bytes(1, &item(key, json))).collect();
    let start = integer(1, seconds);
    bytes(17, &[bytes(1, id.as_bytes()), bytes(3, b"towers"), bytes(4, &config), bytes(17, &start)].concat())
}

/// A W&B record of history.
pub fn history(step: u64, items: &[(&str, &str)]) -> Vec<u8> {
    let items: Vec<u8> = items.iter().flat_map(|(key, json)| bytes(1, &item(key, json))).collect();
    bytes(2, &[items, bytes(2, &integer(1, step))].concat())
}
