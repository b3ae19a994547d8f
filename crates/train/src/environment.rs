//! Where and with what a run runs, kept with it.

use std::{collections::BTreeMap, fs, process::Command};

use clip_lab_spec::secret;
use clip_lab_store::Environment;
use serde_json::Value;
use tch::Device;

use super::components::Inputs;
use clip_lab_input::identity;

/// The code that decides results, as it was when this program was built.
pub const CODE: &str = env!("CLIP_LAB_CODE");

/// A patch past this many bytes is cut: a store is no place for a data set that someone forgot to ignore.
const LONGEST_DIFF: usize = 1 << 20;

/// What can be learnt about this machine, the working tree and the data. What is unknown stays empty.
pub fn capture(device: Device, inputs: &Inputs) -> Environment {
    // What somebody wrote into a spec or on the command line may be a password.
    let git_diff = git(&["diff", "HEAD"]).map(|diff| secret::text(&cut(diff, LONGEST_DIFF)));
    let versions = [("clip-lab", env!("CARGO_PKG_VERSION")), ("libtorch", "2.11.0")];
    Environment {
        git_commit: git(&["rev-parse", "HEAD"]),
        git_branch: git(&["rev-parse", "--abbrev-ref", "HEAD"]),
        git_dirty: git_diff.as_ref().map(|diff| !diff.is_empty()),
        git_diff,
        versions: versions.map(|(name, version)| (name.to_owned(), version.to_owned())).into(),
        device: Some(name(device)),
        cpu: field("/proc/cpuinfo", "model name"),
        threads: u32::try_from(tch::get_num_threads()).ok(),
        memory_bytes: field("/proc/meminfo", "MemTotal")
            .and_then(|message| message.split(' ').next()?.parse::<u64>().ok())
            .map(|kib| kib * 1024),
        host: fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned()),
        os: fs::read_to_string("/proc/version").ok().map(|message| message.trim().to_owned()),
        argv: std::env::args_os().map(|word| secret::text(&word.to_string_lossy())).collect(),
        cwd: std::env::current_dir().ok().map(|folder| folder.display().to_string()),
        extra: decisive(inputs).into_iter().chain(sizes(inputs)).collect(),
    }
}

/// How many images there are of each split: `images.train`, `images.val`, `images.test`.
fn sizes(inputs: &Inputs) -> impl Iterator<Item = (String, Value)> {
    let others = inputs.splits.iter().map(|(split, data)| (split.as_str(), data.len()));
    let all = std::iter::once(("train", inputs.train.len())).chain(others);
    all.map(|(split, images)| (format!("images.{split}"), images.into()))
}

/// What decides results besides the spec: `code`, `data.train`, `data.val`, `data.test`.
fn decisive(inputs: &Inputs) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::from([
        ("code".to_owned(), CODE.into()),
        ("data.train".to_owned(), identity(inputs.train.as_ref()).into()),
    ]);
    for (split, data) in &inputs.splits {
        found.insert(format!("data.{}", split.as_str()), identity(data.as_ref()).into());
    }
    found
}

/// A device as specs write it.
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

fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n[cut]\n");
    }
    text
}
