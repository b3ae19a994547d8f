//! A Parquet file read by many threads at once.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use parquet::{
    basic::Type,
    column::reader::ColumnReaderImpl,
    data_type::ByteArrayType,
    file::{
        metadata::ParquetMetaData,
        reader::{FileReader as _, Length as _},
        serialized_reader::SerializedFileReader,
    },
};

use super::{
    checked::Checked,
    footer,
    pages::{PageHeader, headers},
    shared_file::SharedFile,
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
        let source = SharedFile::open(path)?;
        footer::check(&source).context(NO_PARQUET)?;
        let library = SerializedFileReader::new(source.clone()).context(NO_PARQUET)?;
        let rows = footer::rows(library.metadata(), source.len())?;
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
        self.source.len()
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
