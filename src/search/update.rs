//! Updates an index: embeds only new or changed items, and saves finished work when stopped.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clip_lab_cli::{note, shown};
use clip_lab_vector_index::{EmbedResult, Index, Stamp, Update};

use super::{index_file::IndexFile, progress::Progress};

/// Minimum time between saves, which take at most a twentieth of the time.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);
const SAVE_SHARE: u32 = 20;
/// Unreadable items that are listed.
const MAX_LISTED: usize = 10;

/// Receives embedded items with their indices; returns false to stop.
pub type Sink<'a> = dyn FnMut(Vec<(usize, EmbedResult)>) -> Result<bool> + 'a;

/// Embeds items by their indices.
pub trait Embed {
    /// Plural noun of the items, such as `images`.
    fn what(&self) -> &'static str;
    /// Embeds `items` in chunks, which are passed to `sink`; stops when `sink` returns false.
    ///
    /// # Errors
    /// If the model or `sink` fails.
    fn embed(&self, items: &[usize], sink: &mut Sink<'_>) -> Result<()>;
}

/// Updates the index `file` to the items with the stamps `now`; `fresh` rebuilds it. None when `stop` returned true: what
/// was embedded until then is saved.
///
/// # Errors
/// If the model fails, the index cannot be written, or no item can be embedded.
pub fn update_index(
    embed: &dyn Embed,
    now: &[Stamp],
    file: &IndexFile,
    fresh: bool,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Index>> {
    let old = if fresh { None } else { existing(file) };
    let update = Update::between(old.as_ref(), now.to_vec());
    log_update(&update, now.len(), embed.what());
    let mut writer = Writer {
        now,
        file,
        index: old,
        update,
        fresh: HashMap::new(),
        saved: Instant::now(),
        interval: SAVE_INTERVAL,
    };
    let items = writer.update.to_embed.clone();
    let (mut done, mut stopped) = (0, false);
    if !items.is_empty() {
        let mut progress = Progress::new("embedded", embed.what(), items.len());
        embed.embed(&items, &mut |chunk| {
            done += chunk.len();
            writer.add(chunk)?;
            progress.done(done);
            stopped = stop();
            Ok(!stopped)
        })?;
        progress.finish(done);
    }
    let index = writer.finish()?;
    if stopped && done < items.len() {
        note!(
            "stopped: {} of {} {} are in {}",
            index.entries().len(),
            now.len(),
            embed.what(),
            file.path.display()
        );
        note!("run the same command without --fresh to resume");
        return Ok(None);
    }
    report_unreadable(&index, embed.what())?;
    Ok(Some(index))
}

/// The existing index, if it is valid and of this model.
fn existing(file: &IndexFile) -> Option<Index> {
    if !file.path.exists() {
        return None;
    }
    let read = Index::read(&file.path, &file.model);
    read.inspect_err(|error| note!("{error:#}: rebuilding the index")).ok()
}

fn log_update(update: &Update, all: usize, what: &str) {
    let (missing, changed) = (update.to_embed.len(), update.changed);
    if missing == 0 && update.removed == 0 {
        return;
    }
    let new = missing - changed;
    note!(
        "index: {} of {all} {what} cached, {new} new, {changed} changed, {} removed",
        all - missing,
        update.removed
    );
}

/// Lists unreadable items. Fails if there are no others.
fn report_unreadable(index: &Index, what: &str) -> Result<()> {
    let unreadable: Vec<(&str, &str)> = index.unreadable().collect();
    if let (true, Some((name, why))) = (index.is_empty(), unreadable.first()) {
        bail!("none of {} {what} can be read; the first: {name}: {why}", unreadable.len());
    }
    let listed = unreadable.iter().take(MAX_LISTED);
    listed.for_each(|(name, why)| note!("skipped: {}: {}", shown(name), shown(why)));
    if unreadable.len() > MAX_LISTED {
        note!("skipped: {} more, {} in total", unreadable.len() - MAX_LISTED, unreadable.len());
    }
    Ok(())
}

/// Collects embeddings and saves them at intervals.
struct Writer<'a> {
    now: &'a [Stamp],
    file: &'a IndexFile,
    index: Option<Index>,
    update: Update,
    fresh: HashMap<usize, EmbedResult>,
    saved: Instant,
    interval: Duration,
}

impl Writer<'_> {
    fn add(&mut self, chunk: Vec<(usize, EmbedResult)>) -> Result<()> {
        self.fresh.extend(chunk);
        if self.saved.elapsed() > self.interval {
            let started = Instant::now();
            self.write()?;
            self.update = Update::between(self.index.as_ref(), self.now.to_vec());
            (self.saved, self.interval) = (Instant::now(), SAVE_INTERVAL.max(started.elapsed() * SAVE_SHARE));
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let IndexFile { path, model, dim } = self.file;
        let index = self.update.apply(self.index.as_ref(), &self.fresh, (path, model, *dim))?;
        self.index = Some(index);
        self.fresh.clear();
        Ok(())
    }

    /// The updated index, saved if it has changed.
    fn finish(mut self) -> Result<Index> {
        match self.index.take() {
            Some(index) if self.fresh.is_empty() && self.update.is_up_to_date(Some(&index)) => Ok(index),
            index => {
                self.index = index;
                self.write()?;
                self.index.ok_or_else(|| anyhow::anyhow!("the index was not written"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records the requested items.
    struct Letters(std::cell::RefCell<Vec<usize>>);

    impl Embed for Letters {
        fn what(&self) -> &'static str {
            "letters"
        }
        fn embed(&self, items: &[usize], sink: &mut Sink<'_>) -> Result<()> {
            for &item in items {
                self.0.borrow_mut().push(item);
                if !sink(vec![(item, EmbedResult::Row(vec![item as f32, 1.0]))])? {
                    break;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn a_stop_loses_nothing_and_another_model_has_another_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = IndexFile::new(Some(&folder.path().join("index")), "a".to_owned(), 2).unwrap();
        let now: Vec<Stamp> =
            ('a'..='e').map(|name| Stamp { name: name.to_string(), mark: [1, 1] }).collect();
        let letters = Letters(Default::default());
        let embedded = || std::mem::take(&mut *letters.0.borrow_mut());
        let stop = || letters.0.borrow().len() == 2;
        assert!(update_index(&letters, &now, &file, false, &stop).unwrap().is_none());
        assert_eq!(embedded(), [0, 1]);
        let index = update_index(&letters, &now, &file, false, &|| false).unwrap().unwrap();
        assert_eq!((embedded(), index.len()), (vec![2, 3, 4], 5));
        update_index(&letters, &now, &file, false, &|| false).unwrap().unwrap();
        assert_eq!(embedded(), [0; 0]);
        update_index(&letters, &now, &file, true, &|| false).unwrap().unwrap();
        assert_eq!(embedded(), [0, 1, 2, 3, 4], "--fresh");
        let other = IndexFile { model: "b".to_owned(), ..file };
        update_index(&letters, &now, &other, false, &|| false).unwrap().unwrap();
        assert_eq!(embedded(), [0, 1, 2, 3, 4]);
    }
}
