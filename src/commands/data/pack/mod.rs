//! `clip-lab data pack`: packs a data set into tar shards.

mod encode;
mod manifest;

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use clip_lab_cli::{PackArgs, json_document, note, print, shown};
use clip_lab_image_io::Decoder;
use clip_lab_plugin_api::{Catalog, Dataset, tolerated};
use clip_lab_shards::{Location, NewSample, Writer};
use serde_json::json;

use self::encode::encode_image;
use crate::{
    commands::sources::{self, OpenOptions, Unsplit},
    input::cores,
};

/// Images that are read and resized in parallel, and held in memory.
const CHUNK: usize = 64;
/// Interval of progress messages.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// The shards of a split.
struct Packed {
    split: &'static str,
    shards: Vec<Location>,
    classes: Vec<String>,
}

/// Packs a data set and prints the spec tables that read the shards.
///
/// # Errors
/// If the data set cannot be opened, too many images are unreadable, or the shards cannot be written.
pub fn pack(args: &PackArgs, catalog: &Catalog) -> Result<()> {
    let options = OpenOptions { unsplit: Unsplit::Hashed, tolerate: args.tolerate };
    let (sources, _) = sources::open(&args.data, &args.set, options, catalog)?;
    manifest::check(args, &sources)?;
    let mut packed = Vec::new();
    for (split, data) in &sources {
        let shards = pack_split(args, split, data.as_ref())?;
        packed.push(Packed { split, shards, classes: data.classes().to_vec() });
    }
    if args.json {
        print(json(&packed, args));
        return Ok(());
    }
    note!("packed; add to a spec:\n");
    print(tables(&packed, &args.out));
    Ok(())
}

fn pack_split(args: &PackArgs, split: &str, data: &dyn Dataset) -> Result<Vec<Location>> {
    data.skipped().iter().for_each(|message| note!("{split}: {}", shown(message)));
    let (mut writer, last) = Writer::resume(&args.out, split, args.shard_size)?;
    let start = match last {
        None => 0,
        Some(key) => {
            key.parse::<usize>().with_context(|| format!("`{key}` is not a key of clip-lab's shards"))? + 1
        }
    };
    if start > 0 {
        note!("{split}: {} shards exist; resuming at image {start} of {}", writer.finished(), data.len());
    }
    let share = args.tolerate.unwrap_or_else(|| data.tolerate());
    let (mut unreadable, mut last_progress) = (Vec::new(), Instant::now());
    for first in (start..data.len()).step_by(CHUNK) {
        for sample in samples(data, first..(first + CHUNK).min(data.len()), args) {
            match sample {
                Ok(sample) => writer.write(&sample)?,
                Err(error) => unreadable.push(format!("{error:#}")),
            }
        }
        tolerated(share, &unreadable, data.len(), "images")?;
        if last_progress.elapsed() > PROGRESS_INTERVAL {
            last_progress = Instant::now();
            note!("{split}: {first} of {} images, {} shards", data.len(), writer.finished());
        }
    }
    unreadable.iter().for_each(|error| note!("{split}: skipped: {}", shown(error)));
    let shards = writer.finish()?;
    let word = if shards.len() == 1 { "shard" } else { "shards" };
    note!("{split}: {} images in {} {word}", data.len() - unreadable.len(), shards.len());
    Ok(shards)
}

/// Reads images on all cores and returns them in order.
fn samples(data: &dyn Dataset, range: std::ops::Range<usize>, args: &PackArgs) -> Vec<Result<NewSample>> {
    let next = AtomicUsize::new(range.start);
    let done = Mutex::new(Vec::with_capacity(range.len()));
    thread::scope(|scope| {
        for _ in 0..cores().min(range.len()) {
            scope.spawn(|| {
                let mut decoder = Decoder::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= range.end {
                        return;
                    }
                    let decoder = decoder.as_mut().map_err(|error| anyhow!("{error:#}"));
                    let sample = decoder.and_then(|decoder| sample(data, index, args, decoder));
                    let sample = sample.with_context(|| data.name(index));
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, sample));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, sample)| sample).collect()
}

fn sample(data: &dyn Dataset, index: usize, args: &PackArgs, decoder: &mut Decoder) -> Result<NewSample> {
    let (image, ending) = encode_image(data.image(index)?, args, decoder)?;
    Ok(NewSample {
        key: format!("{index:09}"),
        ending,
        image,
        captions: data.captions(index).to_vec(),
        class: data.class(index),
        file: data.name(index),
    })
}

fn json(packed: &[Packed], args: &PackArgs) -> String {
    let one = |one: &Packed| {
        let shards: Vec<String> = one.shards.iter().map(Location::to_string).collect();
        json!({ "split": one.split, "shards": shards, "classes": one.classes })
    };
    let splits: Vec<_> = packed.iter().map(one).collect();
    json_document(json!({ "out": args.out, "splits": splits, "tables": tables(packed, &args.out) }))
}

/// The spec tables that read the shards.
fn tables(packed: &[Packed], out: &Path) -> String {
    let first = packed.first().map(|one| one.split);
    let table = |one: &Packed| {
        let last = one.shards.len().saturating_sub(1);
        let number = if last == 0 { "000000".to_owned() } else { format!("{{000000..{last:06}}}") };
        let path = out.join(format!("{}-{number}.tar", one.split));
        let plugin = if first == Some(one.split) { "plugin = \"webdataset\"\n" } else { "" };
        let names = toml::Value::from(one.classes.clone());
        let classes = match one.classes.is_empty() || plugin.is_empty() {
            true => String::new(),
            false => format!("classes = {names}\n"),
        };
        let shards = toml::Value::from(path.display().to_string());
        format!("[data.{}]\n{plugin}shards = {shards}\n{classes}", one.split)
    };
    packed.iter().map(table).collect::<Vec<_>>().join("\n")
}
