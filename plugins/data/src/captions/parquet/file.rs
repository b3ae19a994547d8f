//! A Parquet file that many threads read at once.

use std::{
    fs::File,
    io::{BufReader, Read},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use bytes::Bytes;
use parquet::file::{
    reader::{ChunkReader, Length},
    serialized_reader::SerializedFileReader,
};

/// What reads a file.
pub type Reader = SerializedFileReader<Places>;

/// Opens a file and reads its footer: where its row groups and columns are.
///
/// # Errors
/// When it is no Parquet file, or was cut short.
pub fn open(path: &Path) -> Result<Reader> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let places = Places { file: Arc::new(file), length };
    SerializedFileReader::new(places).context("it is no Parquet file, or was cut short")
}

/// A file that is read at places. The library's own way for files shares one position among all threads.
pub struct Places {
    file: Arc<File>,
    length: u64,
}

impl Length for Places {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Places {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(512, At { file: self.file.clone(), place: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(parquet::errors::ParquetError::EOF(format!(
                "{length} bytes at {start} are not in the file"
            )));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A place in a file, from which reading goes on.
pub struct At {
    file: Arc<File>,
    place: u64,
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read_at(into, self.place)?;
        self.place += count as u64;
        Ok(count)
    }
}
