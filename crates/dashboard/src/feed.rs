//! Reads the store on a separate thread, so that a slow or locked store does not block input.

mod caches;
mod charts;
mod colours;
mod intervals;
mod log;
mod panels;
mod properties;
mod rows;
mod runs;
mod series;
mod thread;
mod trends;
mod zoomed;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::{Duration, Instant},
};

use clip_lab_store::{Reader, RunId, StoreError};

use crate::data::{Details, Event, FeedRequest, Snapshot};
use caches::Caches;
use clip_lab_chart::{
    filter::Filter,
    layout::{Kind, Layout},
};
use colours::CurveColours;

pub use thread::{THREAD, start};

/// The most events in memory.
const MAX_EVENTS: usize = 200;
/// How often the store is read even without changes: a crash shows only as a missing heartbeat.
const FORCED_READ: Duration = Duration::from_secs(2);

/// Reads the store and caches what it has read.
pub struct Feed {
    path: PathBuf,
    layout: Layout,
    run_filter: Filter,
    reader: Option<Reader>,
    read_at: Option<Instant>,
    caches: Caches,
    colours: CurveColours,
    /// The last valid filter: some run has each of its names.
    filter: Filter,
    last: Snapshot,
}

impl Feed {
    /// A feed of the store at `path`, restricted to the runs that match `run_filter`.
    pub fn new(path: PathBuf, layout: Layout, run_filter: Filter) -> Feed {
        Feed {
            path,
            layout,
            run_filter,
            reader: None,
            read_at: None,
            caches: Caches::default(),
            colours: CurveColours::default(),
            filter: Filter::default(),
            last: Snapshot::default(),
        }
    }

    /// A new snapshot; `None` if nothing changed and `requested` is false.
    pub fn poll(&mut self, request: &FeedRequest, requested: bool) -> Option<Snapshot> {
        let due = self.read_at.is_none_or(|at| at.elapsed() >= FORCED_READ);
        match self.read(request, requested || due) {
            Ok(false) => return None,
            Ok(true) => (self.last.error, self.last.missing) = (None, false),
            Err(error) => {
                self.reader = None;
                self.last.missing = matches!(error, StoreError::Missing(_));
                if !requested && self.last.error.as_deref() == Some(&error.to_string()) {
                    return None;
                }
                self.last.error = Some(error.to_string());
            }
        }
        Some(self.last.clone())
    }

    /// As [`Feed::poll`], but reports a panic as an error, so that a corrupt store does not close the screen.
    fn poll_safely(&mut self, request: &FeedRequest, requested: bool) -> Option<Snapshot> {
        catch_unwind(AssertUnwindSafe(|| self.poll(request, requested))).unwrap_or_else(|_| {
            self.reader = None;
            let error = "reading the store panicked, which is a bug in clip-lab; runs are not affected. \
                           Please report it with the store; retrying";
            self.last.error = Some(error.to_string());
            Some(self.last.clone())
        })
    }

    fn read(&mut self, request: &FeedRequest, force: bool) -> Result<bool, StoreError> {
        if !self.path.exists() {
            return Err(StoreError::Missing(self.path.clone()));
        }
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&self.path)?,
        };
        let changed =
            reader.changed()? || force || self.caches.intervals.unfinished || self.last.error.is_some();
        if changed {
            self.read_at = Some(Instant::now());
            self.apply_layout(request);
            self.runs(&reader, request)?;
            self.charts(&reader, request)?;
            self.events(&reader)?;
            self.last.details = request.details.map(|run| details(&reader, run)).transpose()?;
            self.panels(&reader, request)?;
        }
        self.reader = Some(reader);
        Ok(changed)
    }

    /// Applies a layout changed by keys. Charts are indexed through the layout, so the old ones are dropped.
    fn apply_layout(&mut self, request: &FeedRequest) {
        if let Some(layout) = request.layout.as_ref().filter(|layout| ***layout != self.layout) {
            self.layout = Layout::clone(layout);
            self.last.charts.clear();
        }
    }

    fn panels(&mut self, reader: &Reader, request: &FeedRequest) -> Result<(), StoreError> {
        let view = self.layout.views.get(request.view).into_iter();
        let kinds: Vec<Kind> = view.flat_map(|view| view.panels()).map(|panel| panel.kind).collect();
        let newest = self.last.runs.first().map(|run| run.row.id);
        let evaluated: Vec<RunId> = request.selected.or(newest).into_iter().chain(request.pinned).collect();
        self.last.panels =
            self.caches.panels.read((&self.path, reader), &self.last.runs, &kinds, &evaluated)?;
        Ok(())
    }

    fn events(&mut self, reader: &Reader) -> Result<(), StoreError> {
        for run in &self.last.runs {
            let after = self.caches.last_events.get(&run.row.id).copied().unwrap_or(0);
            for row in reader.events(run.row.id, after)? {
                self.caches.last_events.insert(run.row.id, row.id.max(after));
                self.last.events.push(Event { run: run.name.clone(), row });
            }
        }
        self.last.events.sort_by_key(|event| (event.row.at_ms, event.row.id));
        let old = self.last.events.len().saturating_sub(MAX_EVENTS);
        self.last.events.drain(..old);
        Ok(())
    }
}

fn details(reader: &Reader, run: RunId) -> Result<Details, StoreError> {
    Ok(Details {
        run,
        environment: reader.environment(run)?,
        artifacts: reader.artifacts(run)?,
        evaluations: reader.evaluations(run)?,
    })
}

#[cfg(test)]
mod tests {
    use clip_lab_store::Store;
    use clip_lab_testing::runs::fixture;

    use super::*;

    #[test]
    fn nothing_stays_cached_of_a_deleted_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, _live) = fixture(folder.path());
        let mut feed = Feed::new(path.clone(), Layout::live(), Filter::default());
        let request = FeedRequest::default();
        feed.poll(&request, true).expect("a snapshot");
        let store = Store::open(&path).expect("the store");
        let run = store.reader().and_then(|reader| reader.run("lit-mean")).expect("a run").id;
        let cached = |feed: &Feed| {
            let caches = &feed.caches;
            let charts = caches.rows.0.keys().filter(|key| key.0 == run).count();
            [caches.series.0.contains_key(&run), caches.last_events.contains_key(&run), charts > 0]
        };
        assert_eq!(cached(&feed), [true; 3]);
        store.delete(run).expect("deleted");
        feed.poll(&request, true).expect("a snapshot");
        assert_eq!((cached(&feed), feed.last.error.as_deref()), ([false; 3], None));
    }
}
