//! Columns of texts.

use anyhow::{Context, Result, ensure};
use parquet::data_type::ByteArray;

use super::{file::Reader, pages::grown};

/// Rows that are read at once.
const ROWS: usize = 8192;

/// Reads columns of texts, and no more of them than a file of its size can hold: a dictionary of a long text and many
/// rows that name it would fill any memory.
pub struct Texts<'a> {
    reader: &'a Reader,
    /// Bytes that may still be read.
    left: u64,
}

impl<'a> Texts<'a> {
    /// Nothing is read yet.
    pub fn new(reader: &'a Reader) -> Self {
        Self { reader, left: grown(reader.length()) }
    }

    /// The texts of a column: of every row none where it is null, one, or those of its list. Bytes that are not UTF-8
    /// are taken for Latin-1, as in lists that are text.
    ///
    /// # Errors
    /// When it cannot be read, or holds no texts, or too much of them.
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
        let (rows, described) = (usize::try_from(about.num_rows())?, about.schema_descr().column(column));
        let deepest = (described.max_def_level(), described.max_rep_level());
        let shared = self.reader.pages(group, column)?.iter().any(|page| page.shares);
        let most = if shared { 1 } else { ROWS };
        let mut reader = self.reader.column(group, column)?;
        let mut there = 0;
        while there < rows {
            let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::<ByteArray>::new());
            let (defs, reps) = (Some(&mut defined), Some(&mut repeated));
            let (read, _, levels) = reader.read_records(most.min(rows - there), defs, reps, &mut values)?;
            ensure!(read > 0, "{there} of {rows} rows are there");
            there += read;
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
            if levels.is_there(level) {
                let value = values.next().context("a value is missing")?;
                let bytes = value.data();
                let left = self.left.checked_sub(bytes.len() as u64);
                self.left = left.context("its texts are far larger than the file: it is broken")?;
                all.last_mut().context("it begins within a row")?.push(text(bytes));
            }
        }
        Ok(())
    }
}

/// Which values begin a row, and which are null.
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

    fn is_there(&self, level: usize) -> bool {
        self.deepest.0 == 0 || self.defined[level] == self.deepest.0
    }
}

fn text(bytes: &[u8]) -> String {
    crate::captions::format::text(bytes).0.into_owned()
}
