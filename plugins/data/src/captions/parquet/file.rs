//! A Parquet file read by many threads at once.

use std::{
    fs::File,
    io::{BufReader, Read},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clip_lab_files::open_regular;
use parquet::{
    basic::Type,
    column::reader::ColumnReaderImpl,
    data_type::ByteArrayType,
    file::{
        metadata::ParquetMetaData,
        reader::{ChunkReader, FileReader as _, Length},
        serialized_reader::SerializedFileReader,
    },
};

use super::{
    checked::Checked,
    footer,
    pages::{PageHeader, headers},
};

const NO_PARQUET: &str = "it is not a Parquet file, or is truncated";

/// A Parquet file with a checked footer.
pub struct Reader {
    library: SerializedFileReader<SharedFile>,
    source: SharedFile,
    rows: usize,
}

/// Reads a column of bytes.
pub type Column = ColumnReaderImpl<ByteArrayType>;

impl Reader {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    /// If the file is not Parquet, is truncated, or its footer claims impossible sizes.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open_regular(path)?;
        let length = file.metadata()?.len();
        let source = SharedFile { file: Arc::new(file), length };
        footer::check(&source).context(NO_PARQUET)?;
        let library = SerializedFileReader::new(source.clone()).context(NO_PARQUET)?;
        let rows = footer::rows(library.metadata(), length)?;
        Ok(Self { library, source, rows })
    }

    /// The parsed footer.
    pub fn metadata(&self) -> &ParquetMetaData {
        self.library.metadata()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Size of the file in bytes.
    pub fn length(&self) -> u64 {
        self.source.length
    }

    /// The page headers of a column in a row group.
    ///
    /// # Errors
    /// If a header claims impossible sizes.
    pub fn pages(&self, group: usize, column: usize) -> Result<Vec<PageHeader>> {
        headers(&self.source, self.metadata().row_group(group).column(column))
    }

    /// Reads a column of a row group. Check its pages first with [`Reader::pages`].
    ///
    /// # Errors
    /// If the column does not contain bytes.
    pub fn column(&self, group: usize, column: usize) -> Result<Column> {
        let group = self.library.get_row_group(group)?;
        let descriptor = group.metadata().schema_descr().column(column);
        ensure!(descriptor.physical_type() == Type::BYTE_ARRAY, "it contains neither texts nor bytes");
        let levels = (descriptor.max_def_level(), descriptor.max_rep_level());
        let pages = Checked::new(group.get_column_page_reader(column)?, levels);
        Ok(Column::new(descriptor, Box::new(pages)))
    }
}

/// A file read at given offsets. The library's own reader shares one position among all threads.
#[derive(Clone)]
pub struct SharedFile {
    file: Arc<File>,
    length: u64,
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(512, Cursor { file: self.file.clone(), offset: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(parquet::errors::ParquetError::EOF(format!(
                "{length} bytes at {start} are beyond the end of the file"
            )));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A read position in a file.
pub struct Cursor {
    file: Arc<File>,
    offset: u64,
}

impl Read for Cursor {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read_at(into, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
