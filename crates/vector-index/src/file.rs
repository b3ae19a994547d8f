//! The index file.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufWriter, IntoInnerError, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clip_lab_files::{open_regular, replace_no_follow};
use memmap2::Mmap;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};

use crate::Entry;

/// The value of `format` in the metadata.
pub const FORMAT: &str = "clip-lab index 1";

/// Bytes per value.
pub(crate) const VALUE_BYTES: usize = 4;

/// A validated, memory-mapped index.
#[derive(Debug)]
pub struct Index {
    map: Mmap,
    /// Byte range of the rows in the map.
    rows: (usize, usize),
    dim: usize,
    entries: Vec<Entry>,
    /// The entry of each row.
    row_entries: Vec<usize>,
    digest: String,
}

/// The row of an image in a new index.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// Its L2-normalised embedding.
    Floats(&'a [f32]),
    /// The same, as bytes of another index.
    Bytes(&'a [u8]),
    /// None: the image is unreadable.
    None,
}

impl Index {
    /// Maps the file, and checks that it is complete and belongs to `model`.
    ///
    /// # Errors
    /// If it is missing, truncated, damaged, or of another model or format version.
    pub fn read(path: &Path, model: &str) -> Result<Self> {
        let file = open_regular(path).with_context(|| format!("cannot open {}", path.display()))?;
        // SAFETY: the mapping is only read, and an index is replaced by renaming, never written in place.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.with_context(|| format!("cannot map {}", path.display()))?;
        Self::of(map, model).with_context(|| format!("{} is not a valid index", path.display()))
    }

    fn of(map: Mmap, model: &str) -> Result<Self> {
        let (length, header) = SafeTensors::read_metadata(&map)?;
        let start = 8 + length;
        let none = HashMap::new();
        let metadata = header.metadata().as_ref().unwrap_or(&none);
        let value = |name: &str| metadata.get(name).map(String::as_str);
        ensure!(value("format") == Some(FORMAT), "its format is not `{FORMAT}`");
        ensure!(value("model") == Some(model), "it belongs to another model");
        let rows = header.info("embeddings").context("it has no embeddings")?;
        let files = header.info("files").context("it has no list of files")?;
        let part = |info: &TensorInfo| (start + info.data_offsets.0, start + info.data_offsets.1);
        let (from, to) = part(files);
        let list = &map[from..to];
        let digest = blake3::hash(list);
        ensure!(value("files_blake3") == Some(digest.to_hex().as_str()), "its list of files is damaged");
        let digest = blake3::keyed_hash(digest.as_bytes(), model.as_bytes()).to_hex().to_string();
        let entries = std::str::from_utf8(list)?.lines().map(Entry::read);
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let row_entries: Vec<usize> =
            (0..entries.len()).filter(|&entry| entries[entry].unreadable.is_none()).collect();
        let ([count, dim], Dtype::F32) = (&rows.shape[..], rows.dtype) else {
            return Err(anyhow!("its embeddings are {:?} of shape {:?}", rows.dtype, rows.shape));
        };
        ensure!(*count == row_entries.len(), "it has {count} rows for {} images", row_entries.len());
        let (rows, dim) = (part(rows), *dim);
        Ok(Self { map, rows, dim, entries, row_entries, digest })
    }

    /// Number of rows: the readable images.
    pub fn len(&self) -> usize {
        self.row_entries.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.row_entries.is_empty()
    }

    /// Dimension of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All images in order, including unreadable ones.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a row.
    pub fn entry(&self, row: usize) -> usize {
        self.row_entries[row]
    }

    /// The name of a row's image.
    pub fn name(&self, row: usize) -> &str {
        &self.entries[self.row_entries[row]].stamp.name
    }

    /// Unreadable images, with the reason.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.stamp.name.as_str(), entry.unreadable.as_deref()?)))
    }

    /// Digest over the model key and the list of images.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// All rows as contiguous little-endian floats.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map[self.rows.0..self.rows.1]
    }

    /// The bytes of a row.
    pub(crate) fn row_bytes(&self, row: usize) -> &[u8] {
        let wide = VALUE_BYTES * self.dim;
        &self.bytes()[row * wide..(row + 1) * wide]
    }

    /// The embedding of a row.
    pub fn row(&self, row: usize) -> Vec<f32> {
        self.row_bytes(row)
            .as_chunks::<VALUE_BYTES>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    }
}

/// Writes an index atomically: to a temporary file, synced and renamed.
///
/// # Errors
/// If it cannot be written; the old file is then unchanged.
pub fn write(path: &Path, model: &str, dim: usize, entries: &[(&Entry, Row<'_>)]) -> Result<()> {
    replace(path, |temporary| write_rows(temporary, model, dim, entries))
        .with_context(|| format!("the index {} cannot be written", path.display()))
}

/// Calls `write` to write and sync a temporary file, then renames it to `path`; removes it on failure.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = path.file_name().with_context(|| format!("{} names no file", path.display()))?;
    let temporary =
        path.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let written = write(&temporary).and_then(|()| Ok(fs::rename(&temporary, path)?));
    written.inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    // Without this, the old file may reappear after a system crash, which costs only time.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn write_rows(temporary: &Path, model: &str, dim: usize, entries: &[(&Entry, Row<'_>)]) -> Result<()> {
    let files = entries.iter().map(|(entry, _)| entry.line()).collect::<Result<String, _>>()?;
    let rows = entries.iter().filter(|(entry, _)| entry.unreadable.is_none()).count();
    let header = serde_json::to_vec(&header(model, (rows, dim), &files)?)?;
    let mut file = BufWriter::with_capacity(1 << 20, replace_no_follow(temporary)?);
    // safetensors aligns the header to 8 bytes.
    let padded = header.len().next_multiple_of(8);
    file.write_all(&(padded as u64).to_le_bytes())?;
    file.write_all(&header)?;
    file.write_all(&vec![b' '; padded - header.len()])?;
    for (entry, row) in entries {
        let wide = match row {
            Row::Floats(row) => {
                row.iter().try_for_each(|number| file.write_all(&number.to_le_bytes()))?;
                row.len()
            }
            Row::Bytes(bytes) => {
                file.write_all(bytes)?;
                bytes.len() / VALUE_BYTES
            }
            Row::None => 0,
        };
        let wanted = if entry.unreadable.is_none() { dim } else { 0 };
        ensure!(wide == wanted, "`{}` has {wide} dimensions, expected {wanted}", entry.stamp.name);
    }
    file.write_all(files.as_bytes())?;
    Ok(file.into_inner().map_err(IntoInnerError::into_error)?.sync_all()?)
}

fn header(model: &str, (rows, dim): (usize, usize), files: &str) -> Result<Metadata> {
    let end = rows * dim * VALUE_BYTES;
    let embeddings = TensorInfo { dtype: Dtype::F32, shape: vec![rows, dim], data_offsets: (0, end) };
    let list =
        TensorInfo { dtype: Dtype::U8, shape: vec![files.len()], data_offsets: (end, end + files.len()) };
    let metadata = [
        ("format", FORMAT.to_owned()),
        ("model", model.to_owned()),
        ("files_blake3", blake3::hash(files.as_bytes()).to_hex().to_string()),
    ];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value)).into();
    Ok(Metadata::new(
        Some(metadata),
        vec![("embeddings".to_owned(), embeddings), ("files".to_owned(), list)],
    )?)
}
