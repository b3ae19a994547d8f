//! The environment of a run: machine, code and data.

use std::{collections::BTreeMap, fs, process::Command};

use clip_lab_model::{ChosenDevice, nvidia_driver};
use clip_lab_spec::secret;
use clip_lab_store::Environment;
use clip_lab_torch_ext::{LIBTORCH, cuda_version, gpu_model};
use serde_json::Value;
use tch::Device;

use super::inputs::Inputs;
use clip_lab_input::identity;

/// Digest of the code that affects results, computed when this program was built.
pub const CODE: &str = env!("CLIP_LAB_CODE");

/// A longer diff is truncated: it may contain a data set that is missing in `.gitignore`.
const MAX_DIFF_BYTES: usize = 1 << 20;

/// The entry of the environment with the number of processes, if there are several.
pub const PROCESSES: &str = "processes";

/// Describes this machine, the working tree and the data, for a run of several `processes`. Unknown fields stay empty.
pub fn capture(chosen: &ChosenDevice, inputs: &Inputs, processes: usize) -> Environment {
    // Specs and command lines may contain passwords.
    let git_diff = git(&["diff", "HEAD"]).map(|diff| secret::text(&truncated(diff, MAX_DIFF_BYTES)));
    let fault = chosen.fault.as_deref().map(|fault| ("cuda_fault".to_owned(), Value::from(fault)));
    let processes = (processes > 1).then(|| (PROCESSES.to_owned(), processes.into()));
    Environment {
        git_commit: git(&["rev-parse", "HEAD"]),
        git_branch: git(&["rev-parse", "--abbrev-ref", "HEAD"]),
        git_dirty: git_diff.as_ref().map(|diff| !diff.is_empty()),
        git_diff,
        versions: versions(chosen.device),
        device: Some(described(chosen.device)),
        cpu: processor(),
        threads: u32::try_from(tch::get_num_threads()).ok(),
        memory_bytes: bytes("/proc/meminfo", "MemTotal"),
        host: fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned()),
        os: fs::read_to_string("/proc/version").ok().map(|text| text.trim().to_owned()),
        argv: std::env::args_os().map(|argument| secret::text(&argument.to_string_lossy())).collect(),
        cwd: std::env::current_dir().ok().map(|folder| folder.display().to_string()),
        extra: digests(inputs)
            .into_iter()
            .chain(image_counts(inputs))
            .chain(fault)
            .chain(processes)
            .collect(),
    }
}

/// The number of images of each split: `images.train`, `images.val`, `images.test`.
fn image_counts(inputs: &Inputs) -> impl Iterator<Item = (String, Value)> {
    let others = inputs.splits.iter().map(|(split, data)| (split.as_str(), data.len()));
    let all = std::iter::once(("train", inputs.train.len())).chain(others);
    all.map(|(split, images)| (format!("images.{split}"), images.into()))
}

/// Digests of what affects results besides the spec: `code`, `data.train`, `data.val`, `data.test`.
fn digests(inputs: &Inputs) -> BTreeMap<String, Value> {
    let mut digests = BTreeMap::from([
        ("code".to_owned(), CODE.into()),
        ("data.train".to_owned(), identity(inputs.train.as_ref()).into()),
    ]);
    for (split, data) in &inputs.splits {
        digests.insert(format!("data.{}", split.as_str()), identity(data.as_ref()).into());
    }
    digests
}

/// Versions of this program and of what computes: `clip-lab`, `libtorch`, and on a GPU `cuda` and `nvidia_driver`.
fn versions(device: Device) -> BTreeMap<String, String> {
    let gpu = if device.is_cuda() { [cuda_version(), nvidia_driver()] } else { [None, None] };
    let [cuda, driver] = gpu;
    let versions = [
        ("clip-lab", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("libtorch", Some(LIBTORCH.to_owned())),
        ("cuda", cuda),
        ("nvidia_driver", driver),
    ];
    versions.into_iter().filter_map(|(name, version)| Some((name.to_owned(), version?))).collect()
}

/// The device, and its model if it is a GPU: `cpu`, `cuda:0 (NVIDIA H200)`.
fn described(device: Device) -> String {
    let model = if let Device::Cuda(number) = device { gpu_model(number) } else { None };
    model.map_or_else(|| name(device), |model| format!("{} ({model})", name(device)))
}

/// What computes on `device`, as far as it decides the last bits of results: the model of the processor, or that of the
/// GPU and the version of CUDA.
pub fn hardware(device: Device) -> String {
    let parts = match device {
        Device::Cuda(number) => [Some("cuda".to_owned()), gpu_model(number), cuda_version()],
        _ => [Some("cpu".to_owned()), processor(), None],
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn processor() -> Option<String> {
    field("/proc/cpuinfo", "model name")
}

/// The name of a device as in specs.
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(number) => format!("cuda:{number}"),
        _ => "cpu".to_owned(),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn field(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// A field in kB of a file below `/proc`, in bytes.
pub fn bytes(file: &str, key: &str) -> Option<u64> {
    Some(field(file, key)?.strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn truncated(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let end = (0..=max_bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n[truncated]\n");
    }
    text
}
