//! Text columns.

use anyhow::{Context, Result, ensure};
use parquet::data_type::ByteArray;

use super::{file::Reader, pages::max_decompressed};

/// Rows read at once.
const ROWS: usize = 8192;

/// Reads text columns, up to a limit derived from the file size: a dictionary with one long text that many rows refer
/// to would fill any memory.
pub struct Texts<'a> {
    reader: &'a Reader,
    /// Bytes that may still be read.
    left: u64,
}

impl<'a> Texts<'a> {
    /// With nothing read yet.
    pub fn new(reader: &'a Reader) -> Self {
        Self { reader, left: max_decompressed(reader.length()) }
    }

    /// The texts of a column by row: none for null, one text, or those of its list. Bytes that are not UTF-8 are
    /// decoded as Latin-1, as in text lists.
    ///
    /// # Errors
    /// If it cannot be read, is not a text column, or its texts exceed the limit.
    pub fn read(&mut self, column: usize) -> Result<Vec<Vec<String>>> {
        let about = self.reader.metadata();
        let path = about.file_metadata().schema_descr().column(column).path().string();
        let mut all = Vec::new();
        for group in 0..about.num_row_groups() {
            self.group(group, column, &mut all)
                .with_context(|| format!("column `{path}` of row group {group}"))?;
        }
        Ok(all)
    }

    fn group(&mut self, group: usize, column: usize, all: &mut Vec<Vec<String>>) -> Result<()> {
        let about = self.reader.metadata().row_group(group);
        let (rows, descriptor) = (usize::try_from(about.num_rows())?, about.schema_descr().column(column));
        let deepest = (descriptor.max_def_level(), descriptor.max_rep_level());
        let shared = self.reader.pages(group, column)?.iter().any(|page| page.shares);
        let most = if shared { 1 } else { ROWS };
        let mut reader = self.reader.column(group, column)?;
        let mut read_rows = 0;
        while read_rows < rows {
            let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::<ByteArray>::new());
            let (defs, reps) = (Some(&mut defined), Some(&mut repeated));
            let (read, _, levels) =
                reader.read_records(most.min(rows - read_rows), defs, reps, &mut values)?;
            ensure!(read > 0, "only {read_rows} of {rows} rows can be read");
            read_rows += read;
            let levels = Levels { deepest, defined, repeated, count: levels };
            self.take(&levels, values, all)?;
        }
        Ok(())
    }

    fn take(&mut self, levels: &Levels, values: Vec<ByteArray>, all: &mut Vec<Vec<String>>) -> Result<()> {
        let mut values = values.into_iter();
        for level in 0..levels.count {
            if levels.begins_a_row(level) {
                all.push(Vec::new());
            }
            if levels.is_present(level) {
                let value = values.next().context("a value is missing")?;
                let bytes = value.data();
                let left = self.left.checked_sub(bytes.len() as u64);
                self.left = left.context("its texts are far larger than the file: it is corrupt")?;
                all.last_mut().context("it starts within a row")?.push(text(bytes));
            }
        }
        Ok(())
    }
}

/// Definition and repetition levels: which values start a row, and which are null.
struct Levels {
    deepest: (i16, i16),
    defined: Vec<i16>,
    repeated: Vec<i16>,
    count: usize,
}

impl Levels {
    fn begins_a_row(&self, level: usize) -> bool {
        self.deepest.1 == 0 || self.repeated[level] == 0
    }

    fn is_present(&self, level: usize) -> bool {
        self.deepest.0 == 0 || self.defined[level] == self.deepest.0
    }
}

fn text(bytes: &[u8]) -> String {
    crate::captions::format::text(bytes).0.into_owned()
}
