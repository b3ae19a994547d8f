//! Checkpoints: one safetensors file with everything that a run needs to resume bit-exactly.
//!
//! Tensors: `model/NAME`, `optimizer/NAME`, `trick.I/NAME`. Metadata: step, best value and so on. There is no RNG
//! state: all randomness is a function of the seed, the step and the position in the data.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_checkpoint::{TensorFile, digest, save};
use clip_lab_plugin_api::{Optimizer, State, Trick};
use tch::{Tensor, nn};

use super::loss_scale::LossScale;

const FORMAT: &str = "clip-lab";
/// Since version 3 the metadata hold a digest of the file and the number of log calls before it.
const VERSION: &str = "4";
/// Versions 2 and 3 hold RNG state, which is no longer read.
const WITH_GENERATOR: &str = "3";
const WITHOUT_DIGEST: &str = "2";

/// The metadata of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Updates done.
    pub step: u64,
    /// Pairs seen.
    pub samples: u64,
    /// The best value of the goal so far, if measured: of the raw weights and of their moving average.
    pub best: [Option<f64>; 2],
    /// blake3 of the spec; only the same spec is resumed.
    pub spec: String,
    /// The model's plugins and settings in JSON, so that `from` can load the checkpoint; empty in old files.
    pub model: String,
    /// The loss scale.
    pub scale: LossScale,
    /// Number of log calls in the store when it was written, if known.
    pub logged: Option<u64>,
    /// Whether it holds RNG state, as versions before 4 do: after a resume, dropout then draws other numbers than the
    /// uninterrupted run.
    pub with_generator: bool,
}

/// Writes a checkpoint atomically (temporary file, fsync, rename): a crash or a full disk leaves the old one intact.
///
/// # Errors
/// If the file cannot be written.
pub fn write(
    path: &Path,
    vars: &nn::VarStore,
    optimizer: &dyn Optimizer,
    tricks: &[Box<dyn Trick>],
    progress: &Progress,
) -> Result<()> {
    let mut tensors = prefixed("model", sorted(vars));
    tensors.extend(prefixed("optimizer", optimizer.state()));
    for (index, trick) in tricks.iter().enumerate() {
        tensors.extend(prefixed(&format!("trick.{index}"), trick.state()));
    }
    save(path, &tensors, &metadata(progress))
}

/// Writes only the weights, in the same layout: for the best model of a run.
///
/// # Errors
/// If the file cannot be written.
pub fn write_weights(path: &Path, vars: &nn::VarStore, progress: &Progress) -> Result<()> {
    save(path, &prefixed("model", sorted(vars)), &metadata(progress))
}

/// Loads weights into `vars`.
///
/// # Errors
/// If the file is damaged or belongs to another model.
pub fn read_weights(path: &Path, vars: &nn::VarStore) -> Result<Progress> {
    let file = verified(path)?;
    load(&file, path, sorted(vars))?;
    progress(&file, path)
}

/// Loads weights, optimizer state and trick state.
///
/// # Errors
/// If the file is damaged, or belongs to another model or recipe.
pub fn read(
    path: &Path,
    vars: &nn::VarStore,
    optimizer: &mut dyn Optimizer,
    tricks: &mut [Box<dyn Trick>],
) -> Result<Progress> {
    let file = verified(path)?;
    load(&file, path, sorted(vars))?;
    optimizer.restore(state_below(&file, "optimizer/", vars.device())?)?;
    for (index, trick) in tricks.iter_mut().enumerate() {
        trick.restore(state_below(&file, &format!("trick.{index}/"), vars.device())?)?;
    }
    progress(&file, path)
}

/// Reads the metadata of a checkpoint, no tensors.
///
/// # Errors
/// If it is damaged or not a clip-lab checkpoint.
pub fn read_metadata(path: &Path) -> Result<Progress> {
    progress(&open(path)?, path)
}

/// Reads the metadata after checking the digest of the whole file.
///
/// # Errors
/// As [`read_metadata`], and when the digest does not match.
pub fn verify(path: &Path) -> Result<Progress> {
    progress(&verified(path)?, path)
}

fn verified(path: &Path) -> Result<TensorFile> {
    let file = open(path)?;
    file.verify()?;
    Ok(file)
}

fn open(path: &Path) -> Result<TensorFile> {
    let file = TensorFile::open(path)?;
    let format = file.metadata().get("format").map(String::as_str);
    ensure!(format == Some(FORMAT), "{}: not a checkpoint of a clip-lab run", path.display());
    let version = file.metadata().get("version").map_or("none", String::as_str);
    ensure!(
        [VERSION, WITH_GENERATOR, WITHOUT_DIGEST].contains(&version),
        "{}: checkpoint version {version}, this clip-lab reads versions {WITHOUT_DIGEST} to {VERSION}",
        path.display()
    );
    let digest = version == WITHOUT_DIGEST || file.metadata().contains_key(digest::KEY);
    ensure!(digest, "{}: damaged: its metadata lacks `{}`", path.display(), digest::KEY);
    Ok(file)
}

fn load(file: &TensorFile, path: &Path, variables: State) -> Result<()> {
    for (name, mut variable) in variables {
        let stored = file.tensor(&format!("model/{name}")).with_context(|| path.display().to_string())?;
        if stored.size() != variable.size() {
            let (a, b) = (stored.size(), variable.size());
            bail!("{}: `{name}` has shape {a:?}, the spec's model has {b:?}", path.display());
        }
        tch::no_grad(|| variable.f_copy_(&stored))?;
    }
    Ok(())
}

fn state_below(file: &TensorFile, prefix: &str, device: tch::Device) -> Result<State> {
    let mut names: Vec<String> = file.names().into_iter().map(|name| name.to_string()).collect();
    names.sort();
    let matching = names.iter().filter_map(|name| Some((name.strip_prefix(prefix)?, name)));
    matching.map(|(short, name)| Ok((short.to_owned(), file.tensor(name)?.to_device(device)))).collect()
}

fn sorted(vars: &nn::VarStore) -> State {
    let mut all: State = vars.variables().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn prefixed(prefix: &str, state: State) -> Vec<(String, Tensor)> {
    state.into_iter().map(|(name, tensor)| (format!("{prefix}/{name}"), tensor.detach())).collect()
}

fn metadata(progress: &Progress) -> Vec<(String, String)> {
    let bits = |best: Option<f64>| best.map_or(String::new(), |best| format!("{:016x}", best.to_bits()));
    let [best, best_ema] = progress.best.map(bits);
    [
        ("format", FORMAT.to_owned()),
        ("version", VERSION.to_owned()),
        ("step", progress.step.to_string()),
        ("samples", progress.samples.to_string()),
        ("best", best),
        ("best_ema", best_ema),
        ("spec", progress.spec.clone()),
        ("model", progress.model.clone()),
        ("loss_scale", progress.scale.to_metadata()),
        ("logged", progress.logged.map_or(String::new(), |logged| logged.to_string())),
        (digest::KEY, digest::UNKNOWN.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

fn progress(file: &TensorFile, path: &Path) -> Result<Progress> {
    let entry = |key: &str| {
        let value = file.metadata().get(key).cloned();
        value.with_context(|| format!("{}: its metadata lacks `{key}`", path.display()))
    };
    let best = |key: &str| match entry(key)? {
        bits if bits.is_empty() => Ok(None),
        bits => anyhow::Ok(Some(f64::from_bits(u64::from_str_radix(&bits, 16)?))),
    };
    Ok(Progress {
        step: entry("step")?.parse()?,
        samples: entry("samples")?.parse()?,
        best: [best("best")?, best("best_ema")?],
        spec: entry("spec")?,
        model: file.metadata().get("model").cloned().unwrap_or_default(),
        scale: LossScale::from_metadata(&entry("loss_scale")?)
            .with_context(|| format!("{}: `loss_scale` must be a factor and a count", path.display()))?,
        logged: file.metadata().get("logged").and_then(|logged| logged.parse().ok()),
        with_generator: entry("version")? != VERSION,
    })
}
