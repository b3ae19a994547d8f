//! CSV files: a header, a column of steps, and metrics in the other columns.

use std::collections::BTreeMap;

use clip_lab_files::open_regular;
use csv::{ByteRecord, ReaderBuilder};

use crate::{
    Columns, Found, Identity, ImportError, ImportedRun, Kind,
    run::{base_name, milliseconds, modified_ms},
};

/// Columns that are recognised as the step, the first that is there.
const STEPS: [&str; 6] = ["step", "global_step", "_step", "iteration", "trainer/global_step", "epoch"];
const TIMES: [&str; 6] = ["time", "wall_time", "timestamp", "_timestamp", "wall time", "datetime"];
const RUNS: [&str; 3] = ["run", "run_name", "name"];
/// The largest header, bytes.
const LARGEST_HEADER: usize = 1 << 20;

/// Reads the runs of a file: one, or one for each value of its run column, ordered by name.
pub fn read(found: &Found, columns: &Columns) -> Result<Vec<ImportedRun>, ImportError> {
    let path = &found.path;
    let file = open_regular(path).map_err(ImportError::read(path))?;
    let tabs = path.extension().is_some_and(|extension| extension == "tsv");
    let delimiter = if tabs { b'\t' } else { b',' };
    let mut reader = ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(file);
    let header = reader.headers().map_err(|error| invalid(found, &error))?.clone();
    if header.as_slice().len() > LARGEST_HEADER {
        return Err(ImportError::invalid(path, "has a header of more than 1 MiB"));
    }
    let names: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    let mut table = Table::new(found, columns, names)?;
    let mut row = ByteRecord::new();
    let mut line = 1_u64;
    while reader.read_byte_record(&mut row).map_err(|error| invalid(found, &error))? {
        line += 1;
        table.row(&row);
    }
    if line == 1 {
        return Err(ImportError::invalid(path, "has a header and no rows"));
    }
    Ok(table.finish())
}

fn invalid(found: &Found, error: &csv::Error) -> ImportError {
    ImportError::invalid(&found.path, format!("not a CSV file: {error}"))
}

struct Table<'a> {
    found: &'a Found,
    names: Vec<String>,
    step: usize,
    time: Option<usize>,
    run: Option<usize>,
    modified_ms: i64,
    runs: BTreeMap<String, ImportedRun>,
}

impl<'a> Table<'a> {
    fn new(found: &'a Found, columns: &Columns, names: Vec<String>) -> Result<Self, ImportError> {
        let step = column(found, &names, "--step", columns.step.as_deref(), &STEPS)?;
        let step = step.ok_or_else(|| {
            let columns = names.join(", ");
            let why = format!(
                "has no column of steps ({}): name it with --step; it has {columns}",
                STEPS.join(", ")
            );
            ImportError::invalid(&found.path, why)
        })?;
        let time = column(found, &names, "--time", columns.time.as_deref(), &TIMES)?;
        let run = column(found, &names, "--run", columns.run.as_deref(), &RUNS)?;
        let modified_ms = modified_ms(&found.path);
        Ok(Table { found, names, step, time, run, modified_ms, runs: BTreeMap::new() })
    }

    fn row(&mut self, row: &ByteRecord) {
        let own = |at: usize| row.get(at).map(|cell| String::from_utf8_lossy(cell).trim().to_owned());
        let name = self.run.and_then(own).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| self.found.name.clone());
        let time = self.time.and_then(|at| time(row.get(at)?));
        let modified_ms = self.modified_ms;
        let run = self.runs.entry(name).or_insert_with_key(|name| {
            let mut run = ImportedRun::new(Kind::Csv, name);
            run.identity = identity(self.found, name, &self.names, row, time);
            run.started_ms = time.unwrap_or(modified_ms);
            run
        });
        // Pandas writes integers of a column with gaps as `3.0`.
        let Some(step) = row.get(self.step).and_then(number).filter(|step| step.is_finite()) else {
            return run.left_out.add("incomplete row");
        };
        let ms = time.unwrap_or(run.started_ms);
        for (at, cell) in row.iter().enumerate() {
            let is_metric = at != self.step && Some(at) != self.time && Some(at) != self.run;
            match (self.names.get(at), number(cell)) {
                _ if !is_metric || cell.trim_ascii().is_empty() => {}
                (Some(name), Some(value)) if !name.is_empty() => run.points.add(name, step as i64, ms, value),
                _ => run.left_out.add("cell"),
            }
        }
    }

    fn finish(self) -> Vec<ImportedRun> {
        let mut runs: Vec<ImportedRun> = self.runs.into_values().collect();
        for ImportedRun { points, left_out, .. } in &mut runs {
            points.finish(left_out);
        }
        runs
    }
}

/// The column that the user named, or the first of `known`, in any case.
fn column(
    found: &Found,
    names: &[String],
    flag: &str,
    given: Option<&str>,
    known: &[&str],
) -> Result<Option<usize>, ImportError> {
    if let Some(given) = given {
        let at = names.iter().position(|name| name == given);
        let why = || format!("has no column `{given}` ({flag}); it has {}", names.join(", "));
        return at.map(Some).ok_or_else(|| ImportError::invalid(&found.path, why()));
    }
    let position = |known: &&str| names.iter().position(|name| name.eq_ignore_ascii_case(known));
    Ok(known.iter().find_map(position))
}

/// The identity of a run: its file and folder, its name, and the cells of its first row. Columns that are added later are
/// empty there.
fn identity(found: &Found, run: &str, names: &[String], row: &ByteRecord, ms: Option<i64>) -> Identity {
    let folder = found.path.parent().map(base_name).unwrap_or_default();
    let file = base_name(&found.path);
    let mut parts: Vec<&[u8]> = vec![folder.as_bytes(), file.as_bytes(), run.as_bytes()];
    let mut cells: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(row.iter()).collect();
    cells.retain(|(_, cell)| !cell.trim_ascii().is_empty());
    cells.sort_unstable();
    parts.extend(cells.iter().flat_map(|(name, cell)| [name.as_bytes(), *cell]));
    Identity::new(Kind::Csv, ms.unwrap_or(0), &parts)
}

/// A number, `nan` and `inf` included.
fn number(cell: &[u8]) -> Option<f64> {
    std::str::from_utf8(cell.trim_ascii()).ok()?.parse().ok()
}

/// A wall time in milliseconds since 1970: a number of seconds, or of milliseconds where that is in the year 5000 or later.
fn time(cell: &[u8]) -> Option<i64> {
    let seconds = number(cell)?;
    milliseconds(if seconds > 1e11 { seconds / 1000.0 } else { seconds })
}
