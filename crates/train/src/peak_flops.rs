//! How fast a device can multiply, against which a run's use of it is measured.

use std::time::{Duration, Instant};

use anyhow::Result;
use clip_lab_torch_ext::allow_tf32;
use tch::{Device, Kind, Tensor};

use clip_lab_model::autocast_kind;
use clip_lab_plan::Precision;

/// How long the peak is looked for.
const LONG: Duration = Duration::from_millis(150);

/// The most floating-point operations a second that a large matrix product reaches on `device` in `precision`. Draws no
/// random number.
///
/// # Errors
/// Those of libtorch.
pub fn peak(device: Device, precision: Precision) -> Result<f64> {
    allow_tf32(precision == Precision::Tf32)?;
    let side = if device.is_cuda() { 8192 } else { 1024 };
    let kind = autocast_kind(precision).unwrap_or(Kind::Float);
    let x = Tensor::f_full([side, side], 0.5, (kind, device))?;
    let product = || -> Result<f64> {
        let started = Instant::now();
        let y = x.f_mm(&x)?;
        wait(device);
        drop(y);
        Ok(2.0 * (side as f64).powi(3) / started.elapsed().as_secs_f64().max(1e-9))
    };
    // The first product loads and tunes its kernel.
    product()?;
    let (began, mut best) = (Instant::now(), 0.0f64);
    while began.elapsed() < LONG {
        best = best.max(product()?);
    }
    Ok(best)
}

fn wait(device: Device) {
    if let Device::Cuda(number) = device {
        tch::Cuda::synchronize(number as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_multiplies() {
        for precision in [Precision::Fp32, Precision::Bf16] {
            let flops = peak(Device::Cpu, precision).unwrap();
            assert!((1e7..1e15).contains(&flops), "{precision:?}: {flops}");
        }
    }
}
