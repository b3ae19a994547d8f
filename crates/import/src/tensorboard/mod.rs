//! TensorBoard event files.
//!
//! Sources of the format: tensorflow's `record_writer.h`, `event.proto`, `summary.proto`, `tensor.proto`, and
//! tensorboard's `plugins/hparams/plugin_data.proto`.

mod event;
mod hparams;
mod records;
mod value;

use std::{
    collections::HashMap,
    io::BufReader,
    path::{Path, PathBuf},
};

use clip_lab_files::open_regular;

use crate::{
    Found, Identity, ImportError, ImportedRun, Kind,
    run::{base_name, milliseconds},
};
use event::Event;
use records::{End, Records};

pub use records::is_event_file;

/// Reads the event files of a run.
pub fn read(found: &Found) -> Result<ImportedRun, ImportError> {
    let mut run = ImportedRun::new(Kind::TensorBoard, &found.name);
    let folder = found.path.parent().map(base_name).unwrap_or_default();
    let first = read_files(&found.files, &mut run)?;
    let first = first.ok_or_else(|| ImportError::invalid(&found.path, "has no complete record yet"))?;
    let file = base_name(&found.path);
    let parts = [folder.as_bytes(), file.as_bytes(), &first.bytes[..]];
    run.identity = Identity::new(Kind::TensorBoard, first.ms, &parts);
    run.started_ms = first.ms;
    let ImportedRun { points, left_out, .. } = &mut run;
    points.finish(left_out);
    Ok(run)
}

/// The first record of a run.
pub struct First {
    pub bytes: Vec<u8>,
    pub ms: i64,
}

/// Adds the events of files in order; returns the first record of the first file that has one.
pub fn read_files(files: &[PathBuf], run: &mut ImportedRun) -> Result<Option<First>, ImportError> {
    let mut reader = Reader { run, plugins: HashMap::new(), first: None, ms: 0 };
    for file in files {
        reader.file(file)?;
    }
    Ok(reader.first)
}

struct Reader<'a> {
    run: &'a mut ImportedRun,
    /// The plugin of each tag: only its first event names it.
    plugins: HashMap<String, String>,
    first: Option<First>,
    /// The last time, for an event without a plausible one.
    ms: i64,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path) -> Result<(), ImportError> {
        let file = open_regular(path).map_err(ImportError::read(path))?;
        let mut records = Records::new(BufReader::with_capacity(1 << 18, file));
        let end = loop {
            match records.read_next().map_err(ImportError::read(path))? {
                Ok(record) => self.record(record),
                Err(end) => break end,
            }
        };
        self.run.left_out.add_many("corrupt record", records.corrupt);
        if let Some(problem) = match end {
            End::Complete => None,
            End::Truncated => {
                Some("ends in the middle of a record (a run that still writes, or was stopped)")
            }
            End::Corrupt => Some("is corrupt from here on"),
        } {
            self.run.warnings.push(format!("{}, byte {}: {problem}", path.display(), records.offset));
        }
        Ok(())
    }

    fn record(&mut self, record: &[u8]) {
        let Some(event) = Event::read(record) else {
            return self.run.left_out.add("corrupt record");
        };
        self.ms = milliseconds(event.wall_time).unwrap_or(self.ms);
        self.first.get_or_insert_with(|| First { bytes: record.to_vec(), ms: self.ms });
        if event.restarts {
            let dropped = self.run.points.drop_from(event.step);
            self.run.left_out.add_many("voided point", dropped);
        }
        for summary in event.values {
            self.value(event.step, summary);
        }
    }

    fn value(&mut self, step: i64, message: &[u8]) {
        let Some(value) = value::SummaryValue::read(message) else {
            return self.run.left_out.add("corrupt record");
        };
        if !value.plugin.is_empty() {
            self.plugins.insert(value.tag.clone(), value.plugin.clone());
        }
        let plugin = self.plugins.get(&value.tag).map_or("", String::as_str);
        if plugin == "hparams" {
            return self.run.settings.extend(hparams::settings(&value.plugin_content));
        }
        match value.content(plugin) {
            Ok(number) => self.run.points.add(&value.tag, step, self.ms, number),
            Err(what) => self.run.left_out.add(what),
        }
    }
}
