//! Writing a safetensors file so that a crash or a full disk never harms the one before it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use safetensors::View;
use safetensors::tensor::{Dtype, SafeTensorError, serialize_to_file};
use tch::{Device, Kind, Tensor};

/// Writes tensors and metadata to `path` as safetensors. The file is written aside, synced and renamed, and its
/// folder synced: whoever looks finds the old file or the new one, whole.
///
/// # Errors
/// When it cannot be written, most likely for a full disk; the old file is then as it was.
pub fn save(path: &Path, tensors: &[(String, Tensor)], metadata: &[(String, String)]) -> Result<()> {
    let aside = aside(path)?;
    write(&aside, tensors, metadata).and_then(|()| Ok(fs::rename(&aside, path)?)).map_err(|error| {
        let _ = fs::remove_file(&aside);
        failed(path, error)
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(path, error.into()))
}

/// `.NAME.partial` beside the file. What a killed process leaves there is overwritten the next time.
fn aside(path: &Path) -> Result<PathBuf> {
    let Some(name) = path.file_name() else { bail!("cannot write {}: it names no file", path.display()) };
    Ok(path.with_file_name(format!(".{}.partial", name.to_string_lossy())))
}

fn write(aside: &Path, tensors: &[(String, Tensor)], metadata: &[(String, String)]) -> Result<()> {
    let views = tensors
        .iter()
        .map(|(name, tensor)| Ok((name, Bytes::new(tensor).with_context(|| format!("tensor `{name}`"))?)))
        .collect::<Result<Vec<_>>>()?;
    let metadata: HashMap<String, String> = metadata.iter().cloned().collect();
    serialize_to_file(views, Some(metadata), aside)?;
    Ok(File::open(aside)?.sync_all()?)
}

fn failed(path: &Path, error: anyhow::Error) -> anyhow::Error {
    let io = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(SafeTensorError::IoError(io)) => Some(io.kind()),
        _ => cause.downcast_ref::<io::Error>().map(io::Error::kind),
    });
    let why = match io {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => "the disk is full".to_owned(),
        _ => format!("{error:#}"),
    };
    let old = if path.exists() { "; the file that was there is unharmed" } else { "" };
    anyhow!("cannot write {}: {why}{old}", path.display())
}

/// A tensor as safetensors wants to see it; copied to the CPU when its turn comes.
struct Bytes {
    tensor: Tensor,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl Bytes {
    fn new(tensor: &Tensor) -> Result<Self> {
        let shape = tensor.size().iter().map(|size| *size as usize).collect();
        Ok(Self { tensor: tensor.detach(), dtype: dtype(tensor.kind())?, shape })
    }
}

impl View for Bytes {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let tensor = self.tensor.to_device(Device::Cpu).contiguous();
        let mut bytes = vec![0; self.data_len()];
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        bytes.into()
    }

    fn data_len(&self) -> usize {
        self.tensor.numel() * self.tensor.kind().elt_size_in_bytes()
    }
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
        other => bail!("is of type {other:?}, which a safetensors file cannot hold"),
    })
}
