//! Reports libtorch and the devices of this machine to `clip-lab doctor`.

use std::fs;

use anyhow::{Result, ensure};
use clip_lab_cli::{Exit, json_line, print};
use clip_lab_torch_ext::{
    LIBTORCH, cuda_half, cuda_version, libtorch_folder, oldest_driver, open_cuda_without_driver,
};
use serde_json::json;
use tch::{Device, Kind, Tensor};

/// Runs a small matrix product to test libtorch, and prints its version, folder and devices.
///
/// # Errors
/// If libtorch fails or its result is wrong.
pub fn probe() -> Result<Exit> {
    let opened = open_cuda_without_driver();
    let ones = Tensor::f_ones([8, 8], (Kind::Float, Device::Cpu))?;
    let sum = f64::try_from(ones.f_matmul(&ones)?.f_sum(Kind::Double)?)?;
    ensure!(
        sum == 512.0,
        "libtorch is broken: the product of two 8 x 8 matrices of ones sums to {sum}, not to 512"
    );
    let folder = libtorch_folder();
    let version = folder.as_ref().and_then(|folder| {
        let text = fs::read_to_string(folder.parent()?.join("build-version")).ok()?;
        Some(text.trim().to_owned())
    });
    print(json_line(json!({
        "libtorch": version.as_deref().unwrap_or(LIBTORCH),
        "library_of": LIBTORCH,
        "folder": folder,
        "threads": tch::get_num_threads(),
        "devices": if opened.is_ok() { tch::Cuda::device_count() } else { 0 },
        "cuda": cuda_version(),
        "cuda_fault": opened.err(),
        "cuda_half": cuda_half(),
        "oldest_driver": oldest_driver(),
    })));
    Ok(Exit::Success)
}
