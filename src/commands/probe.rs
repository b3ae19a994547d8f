//! What the core runs on: asked for by `clip-lab doctor`, which looks where the core cannot start.

use std::{fs, path::PathBuf};

use anyhow::{Result, ensure};
use clip_lab_cli::{Exit, line, print};
use serde_json::json;
use tch::{Device, Kind, Tensor};

/// The libtorch that tch was made for.
const MADE_FOR: &str = "2.11.0";

/// Computes a little, so that a libtorch that cannot is found out, and prints what there is.
///
/// # Errors
/// When libtorch cannot compute.
pub fn probe() -> Result<Exit> {
    let ones = Tensor::f_ones([8, 8], (Kind::Float, Device::Cpu))?;
    let sum = f64::try_from(ones.f_matmul(&ones)?.f_sum(Kind::Double)?)?;
    ensure!(
        sum == 512.0,
        "libtorch computes wrongly: 8 x 8 ones times themselves sum up to {sum}, not to 512"
    );
    let folder = folder();
    let version = folder.as_ref().and_then(|folder| {
        let text = fs::read_to_string(folder.parent()?.join("build-version")).ok()?;
        Some(text.trim().to_owned())
    });
    let opened = clip_lab_torch::open_cuda();
    print(line(json!({
        "libtorch": version.as_deref().unwrap_or(MADE_FOR),
        "library_of": MADE_FOR,
        "folder": folder,
        "threads": tch::get_num_threads(),
        "devices": if opened.is_ok() { tch::Cuda::device_count() } else { 0 },
        "cuda_fault": opened.err(),
    })));
    Ok(Exit::Fine)
}

/// Where the libtorch lies that this process has loaded.
fn folder() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    PathBuf::from(&line[line.find('/')?..]).parent().map(PathBuf::from)
}
