//! Writes a safetensors file atomically: a crash or a full disk does not damage the previous one.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clip_lab_files::replace_no_follow;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use tch::{Device, Kind, Tensor};

use super::digest;

/// Values that are copied from a tensor at a time.
const PIECE: i64 = 1 << 20;

/// Writes tensors and metadata to `path` as safetensors. A metadata value [`super::digest::UNKNOWN`] is replaced by the
/// file's digest. The file is written under a temporary name, synced and renamed, and its folder is synced, so readers
/// see either the old or the new file.
///
/// # Errors
/// If it cannot be written, for example because the disk is full; the old file is unchanged then.
pub fn save(path: &Path, tensors: &[(String, Tensor)], metadata: &[(String, String)]) -> Result<()> {
    save_in(replace_no_follow, path, tensors, metadata)
}

/// As [`save`]; `create` opens the temporary file.
fn save_in(
    create: fn(&Path) -> io::Result<File>,
    path: &Path,
    tensors: &[(String, Tensor)],
    metadata: &[(String, String)],
) -> Result<()> {
    let temporary = temporary(path)?;
    let written = create(&temporary).map_err(Into::into).and_then(|file| write(file, tensors, metadata));
    written.and_then(|()| Ok(fs::rename(&temporary, path)?)).map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(path, &error)
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("{} was written, but its folder cannot be synced", path.display()))
}

/// `.NAME.partial` beside the file. A leftover of a killed process is replaced.
fn temporary(path: &Path) -> Result<PathBuf> {
    let Some(name) = path.file_name() else { bail!("cannot write {}: not a file name", path.display()) };
    Ok(path.with_file_name(format!(".{}.partial", name.to_string_lossy())))
}

/// Writes the header's length, the header and the tensors.
fn write(file: File, tensors: &[(String, Tensor)], metadata: &[(String, String)]) -> Result<()> {
    let tensors = ordered(tensors)?;
    let mut header = serde_json::to_vec(&header(&tensors, metadata)?)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let size = (header.len() as u64).to_le_bytes();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&size).update(&header);
    let mut file = BufWriter::with_capacity(1 << 20, file);
    file.write_all(&size)?;
    file.write_all(&header)?;
    for (_, _, tensor) in tensors {
        for_each_piece(tensor, |bytes| {
            hasher.update(bytes);
            file.write_all(bytes)
        })?;
    }
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(place) = digest::place(&header, digest::UNKNOWN) {
        file.seek(SeekFrom::Start((size.len() + place) as u64))?;
        file.write_all(hasher.finalize().to_hex().as_bytes())?;
    }
    Ok(file.sync_all()?)
}

/// Passes a tensor's values in row-major order, in pieces that are copied to the CPU one by one.
///
/// # Errors
/// If libtorch cannot copy a piece, and those of `write`.
pub fn for_each_piece(tensor: &Tensor, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> Result<()> {
    let flat = tensor.detach().f_contiguous()?.f_view([-1])?;
    let (count, mut bytes) = (flat.size1()?, Vec::new());
    for start in (0..count).step_by(PIECE as usize) {
        let piece = flat.f_narrow(0, start, PIECE.min(count - start))?.f_to_device(Device::Cpu)?;
        bytes.resize(length(&piece), 0);
        piece.f_copy_data_u8(&mut bytes, piece.numel())?;
        write(&bytes)?;
    }
    Ok(())
}

/// Sorts by descending type width, so that every tensor is aligned, then by name.
fn ordered(tensors: &[(String, Tensor)]) -> Result<Vec<(Dtype, &str, &Tensor)>> {
    let typed = tensors.iter().map(|(name, tensor)| {
        let dtype = dtype(tensor.kind()).with_context(|| format!("tensor `{name}`"))?;
        Ok((dtype, name.as_str(), tensor))
    });
    let mut tensors = typed.collect::<Result<Vec<_>>>()?;
    tensors.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    Ok(tensors)
}

fn header(tensors: &[(Dtype, &str, &Tensor)], metadata: &[(String, String)]) -> Result<Metadata> {
    let mut end = 0;
    let infos = tensors.iter().map(|(dtype, name, tensor)| {
        let start = end;
        end += length(tensor);
        let shape = tensor.size().iter().map(|size| *size as usize).collect();
        ((*name).to_owned(), TensorInfo { dtype: *dtype, shape, data_offsets: (start, end) })
    });
    Ok(Metadata::new(Some(metadata.iter().cloned().collect()), infos.collect())?)
}

/// Bytes of a tensor.
fn length(tensor: &Tensor) -> usize {
    tensor.numel() * tensor.kind().elt_size_in_bytes()
}

fn failed(path: &Path, error: &anyhow::Error) -> anyhow::Error {
    let why = match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => "the disk is full".to_owned(),
        _ => format!("{error:#}"),
    };
    let old = if path.exists() { "; the existing file is unchanged" } else { "" };
    anyhow!("cannot write {}: {why}{old}", path.display())
}

fn dtype(kind: Kind) -> Result<Dtype> {
    Ok(match kind {
        Kind::Bool => Dtype::BOOL,
        Kind::Uint8 => Dtype::U8,
        Kind::Int8 => Dtype::I8,
        Kind::Int16 => Dtype::I16,
        Kind::Int => Dtype::I32,
        Kind::Int64 => Dtype::I64,
        Kind::Half => Dtype::F16,
        Kind::BFloat16 => Dtype::BF16,
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        other => bail!("type {other:?} is not supported by safetensors"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TensorFile;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_leaves_the_old_file_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let named = |values: &[f32]| vec![("x".to_owned(), Tensor::from_slice(values))];
        save(&path, &named(&[1.0]), &[]).unwrap();
        // The temporary file is on a device that is always full.
        let full = |_: &Path| File::options().write(true).open("/dev/full");
        let error = save_in(full, &path, &named(&vec![2.0; 100_000]), &[]).unwrap_err().to_string();
        assert!(
            error.ends_with("x.safetensors: the disk is full; the existing file is unchanged"),
            "{error}"
        );
        assert_eq!(TensorFile::open(&path).unwrap().tensor("x").unwrap().double_value(&[0]), 1.0);
    }

    #[test]
    fn a_link_in_place_of_the_temporary_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("x.safetensors"), folder.path().join("victim"));
        fs::write(&victim, "kept").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(".x.safetensors.partial")).unwrap();
        save(&path, &[("x".to_owned(), Tensor::from_slice(&[1.0f32]))], &[]).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
        assert!(!path.is_symlink());
    }
}
