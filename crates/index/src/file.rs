//! The file of an index.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufWriter, IntoInnerError, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clip_lab_files::open_regular;
use memmap2::Mmap;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};

use crate::Entry;

/// What the metadata calls this form of file.
pub const FORMAT: &str = "clip-lab index 1";

/// Bytes of a number.
pub(crate) const WIDE: usize = 4;

/// An index whose file was checked; rows are read from the disk when they are needed.
#[derive(Debug)]
pub struct Index {
    map: Mmap,
    /// Where the rows begin and end in the map.
    rows: (usize, usize),
    dim: usize,
    entries: Vec<Entry>,
    good: Vec<usize>,
    digest: String,
}

/// What stands for a picture in a new file.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// Its embedding, of unit length.
    Numbers(&'a [f32]),
    /// The same as another file has it.
    Bytes(&'a [u8]),
    /// There is none.
    None,
}

impl Index {
    /// Maps the file and checks that it is whole and of `model`.
    ///
    /// # Errors
    /// When it is not there, was cut short, or is of another model or form.
    pub fn read(path: &Path, model: &str) -> Result<Self> {
        let file = open_regular(path).with_context(|| format!("cannot open {}", path.display()))?;
        // SAFETY: the mapping is only read, and an index is replaced by renaming, never written in place.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.with_context(|| format!("cannot map {}", path.display()))?;
        Self::of(map, model).with_context(|| format!("{} is no sound index", path.display()))
    }

    fn of(map: Mmap, model: &str) -> Result<Self> {
        let (length, header) = SafeTensors::read_metadata(&map)?;
        let start = 8 + length;
        let none = HashMap::new();
        let facts = header.metadata().as_ref().unwrap_or(&none);
        let fact = |name: &str| facts.get(name).map(String::as_str);
        ensure!(fact("format") == Some(FORMAT), "it is not of the form `{FORMAT}`");
        ensure!(fact("model") == Some(model), "it is of another model");
        let rows = header.info("embeddings").context("it has no embeddings")?;
        let files = header.info("files").context("it has no list of files")?;
        let part = |info: &TensorInfo| (start + info.data_offsets.0, start + info.data_offsets.1);
        let (from, to) = part(files);
        let list = &map[from..to];
        let digest = blake3::hash(list);
        ensure!(fact("files_blake3") == Some(digest.to_hex().as_str()), "its list of files is damaged");
        let digest = blake3::keyed_hash(digest.as_bytes(), model.as_bytes()).to_hex().to_string();
        let entries = std::str::from_utf8(list)?.lines().map(Entry::read);
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let good: Vec<usize> = (0..entries.len()).filter(|&entry| entries[entry].broken.is_none()).collect();
        let ([count, dim], Dtype::F32) = (&rows.shape[..], rows.dtype) else {
            return Err(anyhow!("its embeddings are {:?} of shape {:?}", rows.dtype, rows.shape));
        };
        ensure!(*count == good.len(), "it has {count} rows for {} pictures", good.len());
        let (rows, dim) = (part(rows), *dim);
        Ok(Self { map, rows, dim, entries, good, digest })
    }

    /// Rows: pictures that can be found.
    pub fn len(&self) -> usize {
        self.good.len()
    }

    /// Whether nothing can be found.
    pub fn is_empty(&self) -> bool {
        self.good.is_empty()
    }

    /// Numbers of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Every picture, those without a row too, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Which entry a row is of.
    pub fn entry(&self, row: usize) -> usize {
        self.good[row]
    }

    /// What a row's picture is called.
    pub fn name(&self, row: usize) -> &str {
        &self.entries[self.good[row]].stamp.name
    }

    /// Pictures that have no row, with the reason.
    pub fn broken(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().filter_map(|entry| Some((entry.stamp.name.as_str(), entry.broken.as_deref()?)))
    }

    /// Changes when the model or a picture does.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// All rows, one after another, as little-endian numbers.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map[self.rows.0..self.rows.1]
    }

    /// A row as it is written.
    pub(crate) fn row_bytes(&self, row: usize) -> &[u8] {
        let wide = WIDE * self.dim;
        &self.bytes()[row * wide..(row + 1) * wide]
    }

    /// The embedding of a row.
    pub fn row(&self, row: usize) -> Vec<f32> {
        self.row_bytes(row).as_chunks::<WIDE>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }
}

/// Writes an index aside, syncs it and renames it: whoever looks finds the old file or the new one, whole.
///
/// # Errors
/// When the disk does not take it; the old file is then as it was.
pub fn write(path: &Path, model: &str, dim: usize, entries: &[(&Entry, Row<'_>)]) -> Result<()> {
    replace(path, |aside| put(aside, model, dim, entries))
        .with_context(|| format!("the index {} cannot be written", path.display()))
}

/// Has `put` write a file aside and sync it, and gives it its name; what failed leaves nothing there.
pub(crate) fn replace(path: &Path, put: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = path.file_name().with_context(|| format!("{} names no file", path.display()))?;
    let aside = path.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let written = put(&aside).and_then(|()| Ok(fs::rename(&aside, path)?));
    written.inspect_err(|_| drop(fs::remove_file(&aside)))?;
    // After a crash of the machine the old name may come back without this; nothing is lost then but time.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn put(aside: &Path, model: &str, dim: usize, entries: &[(&Entry, Row<'_>)]) -> Result<()> {
    let files = entries.iter().map(|(entry, _)| entry.line()).collect::<Result<String, _>>()?;
    let rows = entries.iter().filter(|(entry, _)| entry.broken.is_none()).count();
    let header = serde_json::to_vec(&header(model, (rows, dim), &files)?)?;
    let mut file = BufWriter::with_capacity(1 << 20, File::create(aside)?);
    // Rows begin at a multiple of 8, as the form asks for.
    let padded = header.len().next_multiple_of(8);
    file.write_all(&(padded as u64).to_le_bytes())?;
    file.write_all(&header)?;
    file.write_all(&vec![b' '; padded - header.len()])?;
    for (entry, row) in entries {
        let wide = match row {
            Row::Numbers(row) => {
                row.iter().try_for_each(|number| file.write_all(&number.to_le_bytes()))?;
                row.len()
            }
            Row::Bytes(bytes) => {
                file.write_all(bytes)?;
                bytes.len() / WIDE
            }
            Row::None => 0,
        };
        let wanted = if entry.broken.is_none() { dim } else { 0 };
        ensure!(wide == wanted, "`{}` has {wide} numbers and not {wanted}", entry.stamp.name);
    }
    file.write_all(files.as_bytes())?;
    Ok(file.into_inner().map_err(IntoInnerError::into_error)?.sync_all()?)
}

fn header(model: &str, (rows, dim): (usize, usize), files: &str) -> Result<Metadata> {
    let end = rows * dim * WIDE;
    let embeddings = TensorInfo { dtype: Dtype::F32, shape: vec![rows, dim], data_offsets: (0, end) };
    let list =
        TensorInfo { dtype: Dtype::U8, shape: vec![files.len()], data_offsets: (end, end + files.len()) };
    let facts = [
        ("format", FORMAT.to_owned()),
        ("model", model.to_owned()),
        ("files_blake3", blake3::hash(files.as_bytes()).to_hex().to_string()),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value)).into();
    Ok(Metadata::new(Some(facts), vec![("embeddings".to_owned(), embeddings), ("files".to_owned(), list)])?)
}
