//! Counts the tokens of captions.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result, anyhow};
use clip_lab_plugin_api::{Catalog, Dataset, Section, Tokenizer, parse};
use serde_json::Value;

use super::spread::{Spread, Tokens};
use crate::{input::cores, plan::Plan};

/// Captions are counted up to this many tokens.
const MAX_COUNT: usize = 10_000;
/// Images per unit of work of a thread.
const CHUNK: usize = 256;

/// A tokenizer that counts tokens.
pub(super) struct TokenCounter {
    tokenizer: Box<dyn Tokenizer>,
    /// Name of the tokenizer.
    pub name: String,
    /// Captions are truncated to this many tokens.
    pub max_tokens: usize,
}

impl TokenCounter {
    /// The tokenizer of a spec, else CLIP's.
    ///
    /// # Errors
    /// If it cannot be built.
    pub(super) fn new(plan: Option<&Plan>, catalog: &Catalog) -> Result<Self> {
        let (name, mut settings, max_tokens) = match plan.and_then(|plan| plan.text.as_ref()) {
            Some(text) => (text.tokenizer.name, text.tokenizer.settings.clone(), text.max_tokens),
            None => ("clip_bpe", Value::Object(serde_json::Map::new()), 77),
        };
        // Without its own limit, to count the full length.
        if let (Some(table), "clip_bpe" | "huggingface") = (settings.as_object_mut(), name) {
            table.retain(|_, value| !value.is_null());
            table.insert("max_tokens".to_owned(), MAX_COUNT.into());
            table.insert("plugin".to_owned(), name.into());
        } else if let Some(table) = settings.as_object_mut() {
            table.retain(|_, value| !value.is_null());
            table.insert("plugin".to_owned(), name.into());
        }
        let table = parse(toml::to_string(&settings)?).context("invalid tokenizer settings")?;
        let planned = catalog.tokenizer.plan(Section::new("tokenizer", 0..0, table));
        let planned = planned.map_err(|problems| {
            anyhow!(
                "{}",
                problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
            )
        })?;
        Ok(Self { tokenizer: planned.build(())?, name: name.to_owned(), max_tokens })
    }

    /// Counts the tokens of every caption, special tokens included, on all cores; none without captions.
    ///
    /// # Errors
    /// If the tokenizer fails.
    pub(super) fn count(&self, data: &dyn Dataset) -> Result<Option<Tokens>> {
        let (next, lengths) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            let work = || -> Result<()> {
                loop {
                    let first = next.fetch_add(CHUNK, Ordering::Relaxed);
                    if first >= data.len() {
                        return Ok(());
                    }
                    let mut found = Vec::new();
                    for index in first..(first + CHUNK).min(data.len()) {
                        for caption in data.captions(index) {
                            found.push(self.tokenizer.encode(caption, MAX_COUNT)?.len() as u64);
                        }
                    }
                    lengths.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            };
            let workers: Vec<_> = (0..cores()).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker thread panicked"))?)
        })?;
        let lengths = lengths.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cut = lengths.iter().filter(|length| **length > self.max_tokens as u64).count();
        let share = cut as f64 / lengths.len().max(1) as f64;
        Ok(Spread::of(lengths).map(|lengths| Tokens { lengths, cut, cut_share: share }))
    }
}
