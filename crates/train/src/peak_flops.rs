//! Peak floating-point throughput of a device, the reference for MFU.

use std::time::{Duration, Instant};

use anyhow::Result;
use clip_lab_torch_ext::allow_tf32;
use tch::{Device, Kind, Tensor};

use clip_lab_model::autocast_kind;
use clip_lab_plan::Precision;

/// Duration of the measurement.
const DURATION: Duration = Duration::from_millis(150);

/// Peak floating-point operations per second of a large matrix product on `device` in `precision`. Draws no random
/// numbers.
///
/// # Errors
/// When libtorch fails.
pub fn peak(device: Device, precision: Precision) -> Result<f64> {
    allow_tf32(precision == Precision::Tf32)?;
    let side = if device.is_cuda() { 8192 } else { 1024 };
    let kind = autocast_kind(precision).unwrap_or(Kind::Float);
    let x = Tensor::f_full([side, side], 0.5, (kind, device))?;
    let product = || -> Result<f64> {
        let started = Instant::now();
        let y = x.f_mm(&x)?;
        synchronize(device);
        drop(y);
        Ok(2.0 * (side as f64).powi(3) / started.elapsed().as_secs_f64().max(1e-9))
    };
    // Warmup: the first product loads and tunes its kernel.
    product()?;
    let (began, mut best) = (Instant::now(), 0.0f64);
    while began.elapsed() < DURATION {
        best = best.max(product()?);
    }
    Ok(best)
}

fn synchronize(device: Device) {
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
