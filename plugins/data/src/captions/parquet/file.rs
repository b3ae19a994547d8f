//! A Parquet file that many threads read at once.

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
    pages::{Head, heads},
};

const NO_PARQUET: &str = "it is no Parquet file, or was cut short";

/// A file whose footer was read, and which claims nothing that cannot be.
pub struct Reader {
    library: SerializedFileReader<Places>,
    places: Places,
    rows: usize,
}

/// What reads a column of bytes.
pub type Column = ColumnReaderImpl<ByteArrayType>;

impl Reader {
    /// Opens a file and reads its footer: where its row groups and columns are.
    ///
    /// # Errors
    /// When it is no Parquet file, was cut short, or claims what cannot be.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open_regular(path)?;
        let length = file.metadata()?.len();
        let places = Places { file: Arc::new(file), length };
        footer::check(&places).context(NO_PARQUET)?;
        let library = SerializedFileReader::new(places.clone()).context(NO_PARQUET)?;
        let rows = footer::rows(library.metadata(), length)?;
        Ok(Self { library, places, rows })
    }

    /// What the footer says.
    pub fn metadata(&self) -> &ParquetMetaData {
        self.library.metadata()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many bytes the file has.
    pub fn length(&self) -> u64 {
        self.places.length
    }

    /// What the pages of a column in a row group claim.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn pages(&self, group: usize, column: usize) -> Result<Vec<Head>> {
        heads(&self.places, self.metadata().row_group(group).column(column))
    }

    /// Reads a column of a row group, whose pages were looked at before, see [`Reader::pages`].
    ///
    /// # Errors
    /// When it holds no bytes.
    pub fn column(&self, group: usize, column: usize) -> Result<Column> {
        let group = self.library.get_row_group(group)?;
        let about = group.metadata().schema_descr().column(column);
        ensure!(about.physical_type() == Type::BYTE_ARRAY, "it holds no texts and no bytes");
        let levels = (about.max_def_level(), about.max_rep_level());
        let pages = Checked::new(group.get_column_page_reader(column)?, levels);
        Ok(Column::new(about, Box::new(pages)))
    }
}

/// A file that is read at places. The library's own way for files shares one position among all threads.
#[derive(Clone)]
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
