//! Writing shards.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clip_lab_files::open_regular;
use serde_json::{Map, Value, json};
use tar::{Builder, EntryType, Header};

use crate::{Location, scan};

/// A sample to write.
#[derive(Debug, Clone, Default)]
pub struct NewSample {
    /// Base name of its files; must not contain a dot.
    pub key: String,
    /// File extension of the image, such as `jpg`.
    pub ending: String,
    /// The encoded image.
    pub image: Vec<u8>,
    /// The captions; the first is also written as `.txt`, for tools that read one caption.
    pub captions: Vec<String>,
    /// The class, written as `.cls`.
    pub class: Option<usize>,
    /// Original file name of the image.
    pub file: String,
}

/// Writes samples into shards `PREFIX-000000.tar`, `PREFIX-000001.tar`, ... A shard is
/// renamed once it is complete: after a power cut, a file with such a name is intact.
pub struct Writer {
    folder: PathBuf,
    prefix: String,
    limit: u64,
    /// Number of the current shard.
    number: usize,
    open: Option<(Builder<BufWriter<File>>, u64)>,
}

impl Writer {
    /// Writes into `folder` after the existing shards, a new shard about every `limit` bytes. Returns the key of the last
    /// existing sample.
    ///
    /// # Errors
    /// If the folder cannot be created, or the last shard is incomplete.
    pub fn resume(folder: &Path, prefix: &str, limit: u64) -> Result<(Self, Option<String>)> {
        fs::create_dir_all(folder).with_context(|| format!("folder {}", folder.display()))?;
        let (folder, prefix) = (folder.to_owned(), prefix.to_owned());
        let mut writer = Self { folder, prefix, limit, number: 0, open: None };
        while writer.path().exists() {
            writer.number += 1;
        }
        let last = writer.number.checked_sub(1).map(|number| writer.last_key(number)).transpose()?;
        Ok((writer, last))
    }

    fn last_key(&self, number: usize) -> Result<String> {
        let path = self.shard(number);
        let context = || format!("shard {}", path.display());
        let file = open_regular(&path).with_context(context)?;
        let index = scan(&file, file.metadata().with_context(context)?.len(), "caption");
        if let Some(cut) = index.cut {
            anyhow::bail!("shard {} {cut}: remove it and start again", path.display());
        }
        Ok(index.samples.last().with_context(|| format!("shard {} is empty", path.display()))?.key.clone())
    }

    /// Writes a sample; starts a new shard if the current one is full.
    ///
    /// # Errors
    /// On an I/O error, or if the key contains a dot.
    pub fn write(&mut self, sample: &NewSample) -> Result<()> {
        ensure!(!sample.key.contains('.'), "key `{}` contains a dot", sample.key);
        let files = files(sample)?;
        // A header for each file, and padding of its last block.
        let size: u64 = files.iter().map(|(_, bytes)| 512 + (bytes.len() as u64).next_multiple_of(512)).sum();
        if self.open.as_ref().is_some_and(|(_, written)| written + size > self.limit) {
            self.close()?;
        }
        let context = format!("writing {}", self.unfinished().display());
        if self.open.is_none() {
            let file = File::create(self.unfinished()).with_context(|| context.clone())?;
            self.open = Some((Builder::new(BufWriter::with_capacity(1 << 20, file)), 0));
        }
        if let Some((builder, written)) = &mut self.open {
            for (name, bytes) in &files {
                append(builder, name, bytes).with_context(|| context.clone())?;
            }
            *written += size;
        }
        Ok(())
    }

    /// Finishes the last shard. Returns all shards of this prefix, in order, including earlier ones.
    pub fn finish(mut self) -> Result<Vec<Location>> {
        self.close()?;
        Ok((0..self.number).map(|number| Location::Local(self.shard(number))).collect())
    }

    /// Number of finished shards.
    pub fn finished(&self) -> usize {
        self.number
    }

    fn close(&mut self) -> Result<()> {
        let Some((builder, _)) = self.open.take() else { return Ok(()) };
        let context = || format!("writing {}", self.unfinished().display());
        let mut file = builder.into_inner().with_context(context)?;
        file.flush().with_context(context)?;
        file.get_ref().sync_all().with_context(context)?;
        fs::rename(self.unfinished(), self.path()).with_context(context)?;
        self.number += 1;
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.shard(self.number)
    }

    fn shard(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{}-{number:06}.tar", self.prefix))
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join(format!(".{}-{:06}.tar.part", self.prefix, self.number))
    }
}

/// The files of a sample: name and content.
fn files(sample: &NewSample) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = vec![(format!("{}.{}", sample.key, sample.ending), sample.image.clone())];
    if let Some(first) = sample.captions.first() {
        files.push((format!("{}.txt", sample.key), first.clone().into_bytes()));
    }
    if let Some(class) = sample.class {
        files.push((format!("{}.cls", sample.key), class.to_string().into_bytes()));
    }
    let mut about = Map::new();
    about.insert("file".to_owned(), json!(sample.file));
    match sample.captions.as_slice() {
        [] => {}
        [one] => drop(about.insert("caption".to_owned(), json!(one))),
        several => drop(about.insert("caption".to_owned(), json!(several))),
    }
    files.push((format!("{}.json", sample.key), serde_json::to_vec(&Value::Object(about))?));
    Ok(files)
}

fn append(builder: &mut Builder<BufWriter<File>>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    // No time stamp or user, so that the same images give identical shards.
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    builder.append_data(&mut header, name, bytes)
}
