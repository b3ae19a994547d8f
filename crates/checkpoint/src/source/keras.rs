//! ResNet-50 in the browser format of Keras: `model.json` and float32 shards. Exposes timm's names and libtorch's
//! layout, so that the rest of the crate handles it as an ordinary ResNet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clip_lab_files::{Root, open_regular};
use memmap2::Mmap;
use serde::Deserialize;
use tch::{Kind, Tensor};

use super::Tensors;
use crate::json;

/// Blocks in each stage: the letters of the layers `res2a` to `res5c`.
const STAGES: [(usize, &str); 4] = [(1, "abc"), (2, "abcd"), (3, "abcdef"), (4, "abc")];

/// How a tensor is computed from the stored ones.
#[derive(Debug, Clone)]
enum Recipe {
    /// Unchanged.
    Plain(String),
    /// A kernel, HWIO to OIHW.
    Kernel(String),
    /// The first kernel: its channels are blue, green, red.
    FirstKernel(String),
    /// A dense layer's matrix, `[in, out]` to `[out, in]`.
    Dense(String),
    /// A running mean minus the bias of the preceding convolution, because our convolutions have no bias.
    Mean(String, String),
}

/// The byte range of a weight in the concatenated shards.
struct Span {
    start: usize,
    end: usize,
    shape: Vec<i64>,
}

/// The folder, with memory-mapped shards.
pub(crate) struct KerasResnet {
    folder: PathBuf,
    shards: Vec<Mmap>,
    spans: BTreeMap<String, Span>,
    recipes: BTreeMap<String, Recipe>,
}

#[derive(Deserialize)]
struct Group {
    paths: Vec<String>,
    weights: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    shape: Vec<i64>,
    dtype: String,
}

impl KerasResnet {
    /// Reads `model.json` and maps the shards.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("model.json");
        let config = json::read(&path)?;
        let groups: Vec<Group> =
            json::take(&config["weightsManifest"], &format!("{}: weightsManifest", path.display()))?;
        let mut keras = Self {
            folder: folder.to_owned(),
            shards: Vec::new(),
            spans: BTreeMap::new(),
            recipes: recipes(),
        };
        groups.into_iter().try_for_each(|group| keras.add(group))?;
        for recipe in keras.recipes.values() {
            recipe.sources().into_iter().try_for_each(|name| keras.span(name).map(drop))?;
        }
        Ok(keras)
    }

    fn add(&mut self, group: Group) -> Result<()> {
        let mut end = self.length();
        for weight in group.weights {
            ensure!(
                weight.dtype == "float32",
                "{}: `{}` is {}, not float32",
                self.folder.display(),
                weight.name,
                weight.dtype
            );
            let size = bytes(&weight.shape).and_then(|bytes| end.checked_add(bytes));
            let place = || format!("{}: `{}` has an invalid size", self.folder.display(), weight.name);
            let last = size.with_context(place)?;
            self.spans.insert(weight.name, Span { start: end, end: last, shape: weight.shape });
            end = last;
        }
        let root = Root::new(&self.folder).with_context(|| self.folder.display().to_string())?;
        for path in group.paths {
            let place = root.below(Path::new(&path)).with_context(|| format!("weights {path}"))?;
            self.shards.push(map(&place)?);
        }
        let actual = self.length();
        ensure!(
            actual == end,
            "{}: the shards hold {actual} bytes, but model.json expects {end}: download the weights again",
            self.folder.display()
        );
        Ok(())
    }

    fn length(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    fn span(&self, name: &str) -> Result<&Span> {
        self.spans
            .get(name)
            .with_context(|| format!("{}: model.json lists no weight `{name}`", self.folder.display()))
    }

    /// The bytes of a weight, which may span several shards.
    fn bytes(&self, span: &Span) -> Vec<u8> {
        let end = span.end;
        let mut bytes = Vec::with_capacity(end - span.start);
        let mut first = 0;
        for shard in &self.shards {
            let last = first + shard.len();
            let (from, to) = (span.start.clamp(first, last), end.clamp(first, last));
            bytes.extend_from_slice(&shard[from - first..to - first]);
            first = last;
        }
        bytes
    }

    fn raw(&self, name: &str) -> Result<Tensor> {
        let span = self.span(name)?;
        Ok(Tensor::f_from_data_size(&self.bytes(span), &span.shape, Kind::Float)?)
    }

    fn recipe(&self, name: &str) -> Result<&Recipe> {
        self.recipes
            .get(name)
            .with_context(|| format!("{} holds no tensor called `{name}`", self.folder.display()))
    }
}

impl Tensors for KerasResnet {
    fn names(&self) -> Vec<String> {
        self.recipes.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<i64>> {
        let recipe = self.recipes.get(name)?;
        let shape = &self.spans.get(recipe.sources()[0])?.shape;
        Some(match (recipe, shape.as_slice()) {
            (Recipe::Kernel(_) | Recipe::FirstKernel(_), [h, w, i, o]) => vec![*o, *i, *h, *w],
            (Recipe::Dense(_), [i, o]) => vec![*o, *i],
            (_, shape) => shape.to_vec(),
        })
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        Ok(match self.recipe(name)? {
            Recipe::Plain(source) => self.raw(source)?,
            Recipe::Kernel(source) => self.raw(source)?.f_permute([3, 2, 0, 1])?,
            Recipe::FirstKernel(source) => self.raw(source)?.f_permute([3, 2, 0, 1])?.f_flip([1])?,
            Recipe::Dense(source) => self.raw(source)?.f_transpose(0, 1)?,
            Recipe::Mean(mean, bias) => self.raw(mean)?.f_sub(&self.raw(bias)?)?,
        })
    }

    fn hash(&self, name: &str, hasher: &mut blake3::Hasher) -> Result<()> {
        for source in self.recipe(name)?.sources() {
            hasher.update(format!("{name} {source}\n").as_bytes());
            hasher.update(&self.bytes(self.span(source)?));
        }
        Ok(())
    }

    fn place(&self) -> &Path {
        &self.folder
    }
}

impl Recipe {
    fn sources(&self) -> Vec<&str> {
        match self {
            Self::Plain(a) | Self::Kernel(a) | Self::FirstKernel(a) | Self::Dense(a) => vec![a],
            Self::Mean(a, b) => vec![a, b],
        }
    }
}

/// Size of a weight in bytes; none on overflow.
fn bytes(shape: &[i64]) -> Option<usize> {
    let sizes = shape.iter().map(|size| usize::try_from(*size).ok());
    sizes.chain([Some(4)]).try_fold(1_usize, |product, size| product.checked_mul(size?))
}

fn map(path: &Path) -> Result<Mmap> {
    let file = open_regular(path).with_context(|| format!("cannot open {}", path.display()))?;
    // SAFETY: the mapping is only read, and the cache replaces files by renaming, never by writing in place.
    #[allow(unsafe_code)]
    let map = unsafe { Mmap::map(&file) };
    map.with_context(|| format!("cannot map {}", path.display()))
}

/// The recipes of all tensors, by timm's names.
fn recipes() -> BTreeMap<String, Recipe> {
    let mut all = BTreeMap::new();
    norm(&mut all, "bn1", "bn_conv1", "conv1");
    all.insert("conv1.weight".into(), Recipe::FirstKernel("conv1/kernel".into()));
    all.insert("fc.weight".into(), Recipe::Dense("fc1000/kernel".into()));
    all.insert("fc.bias".into(), Recipe::Plain("fc1000/bias".into()));
    for (stage, letters) in STAGES {
        for (block, letter) in letters.chars().enumerate() {
            let (ours, theirs) = (format!("layer{stage}.{block}"), format!("{}{letter}_branch", stage + 1));
            for (part, branch) in [(1, "2a"), (2, "2b"), (3, "2c")] {
                let names = (format!("{ours}.conv{part}"), format!("{ours}.bn{part}"));
                pair(&mut all, names, &format!("{theirs}{branch}"));
            }
            if block == 0 {
                let names = (format!("{ours}.downsample.0"), format!("{ours}.downsample.1"));
                pair(&mut all, names, &format!("{theirs}1"));
            }
        }
    }
    all
}

/// Adds a convolution and its norm.
fn pair(all: &mut BTreeMap<String, Recipe>, (conv, bn): (String, String), theirs: &str) {
    all.insert(format!("{conv}.weight"), Recipe::Kernel(format!("res{theirs}/kernel")));
    norm(all, &bn, &format!("bn{theirs}"), &format!("res{theirs}"));
}

fn norm(all: &mut BTreeMap<String, Recipe>, ours: &str, theirs: &str, conv: &str) {
    for (part, name) in [("weight", "gamma"), ("bias", "beta"), ("running_var", "moving_variance")] {
        all.insert(format!("{ours}.{part}"), Recipe::Plain(format!("{theirs}/{name}")));
    }
    let mean = Recipe::Mean(format!("{theirs}/moving_mean"), format!("{conv}/bias"));
    all.insert(format!("{ours}.running_mean"), mean);
}
