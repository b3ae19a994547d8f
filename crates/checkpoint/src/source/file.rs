//! One safetensors file, memory-mapped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, bail};
use clip_lab_files::open_regular;
use memmap2::Mmap;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use tch::{Kind, Tensor};

use super::{Tensors, digest, header};

/// A safetensors file with a validated header. Tensors are read on demand.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    map: Mmap,
    header: Metadata,
    start: usize,
    no_metadata: HashMap<String, String>,
    verified: OnceLock<Result<(), String>>,
}

impl TensorFile {
    /// Maps the file and checks its header: length, offsets, shapes and types.
    ///
    /// # Errors
    /// If the file cannot be opened, is not a regular file, is not a safetensors file, or is truncated.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open_regular(path).with_context(|| format!("cannot open {}", path.display()))?;
        // SAFETY: the mapping is only read, and weights are replaced by renaming, never written in place.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.with_context(|| format!("cannot map {}", path.display()))?;
        let (start, header) =
            header::read(&map).map_err(|message| anyhow!("{}: {message}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            map,
            header,
            start,
            no_metadata: HashMap::new(),
            verified: OnceLock::new(),
        })
    }

    /// Names of the tensors, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.header.offset_keys();
        names.sort();
        names
    }

    /// Shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.header.info(name).map(|info| info.shape.iter().map(|size| *size as i64).collect())
    }

    /// Reads a tensor in its stored type, on the CPU.
    ///
    /// # Errors
    /// If the file has no such tensor or its type is not supported.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        let info = self.info(name)?;
        let kind = kind(info.dtype)
            .with_context(|| format!("{}: tensor `{name}` has type {:?}", self.path.display(), info.dtype))?;
        let shape: Vec<i64> = info.shape.iter().map(|size| *size as i64).collect();
        Ok(Tensor::f_from_data_size(self.slice(info), &shape, kind)?)
    }

    /// Metadata of the file.
    pub fn metadata(&self) -> &HashMap<String, String> {
        self.header.metadata().as_ref().unwrap_or(&self.no_metadata)
    }

    /// Checks the whole file against its digest, if it has one. The result is cached.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn verify(&self) -> Result<()> {
        let verified = self.verified.get_or_init(|| digest::verify(&self.map, self.start, self.metadata()));
        verified.clone().map_err(|message| anyhow!("{}: {message}", self.path.display()))
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        self.header
            .info(name)
            .ok_or_else(|| anyhow!("{} holds no tensor called `{name}`", self.path.display()))
    }

    fn slice(&self, info: &TensorInfo) -> &[u8] {
        let (from, to) = info.data_offsets;
        &self.map[self.start + from..self.start + to]
    }
}

impl Tensors for TensorFile {
    fn names(&self) -> Vec<String> {
        self.names()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.shape(name)
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        self.tensor(name)
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        kind(self.header.info(name)?.dtype).ok()
    }

    fn hash(&self, name: &str, hasher: &mut blake3::Hasher) -> Result<()> {
        let info = self.info(name)?;
        hasher.update(format!("{name} {:?} {:?}\n", info.dtype, info.shape).as_bytes());
        hasher.update(self.slice(info));
        Ok(())
    }

    fn place(&self) -> &Path {
        &self.path
    }

    fn verify(&self) -> Result<()> {
        self.verify()
    }
}

/// Converts a data type to libtorch's.
fn kind(dtype: Dtype) -> Result<Kind> {
    Ok(match dtype {
        Dtype::BOOL => Kind::Bool,
        Dtype::U8 => Kind::Uint8,
        Dtype::I8 => Kind::Int8,
        Dtype::I16 => Kind::Int16,
        Dtype::I32 => Kind::Int,
        Dtype::I64 => Kind::Int64,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        _ => bail!("not supported; save the file as float32, float16 or bfloat16"),
    })
}
