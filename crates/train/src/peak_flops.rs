//! Peak floating-point throughput of a device, the reference for MFU.

use std::time::{Duration, Instant};

use anyhow::Result;
use clip_lab_torch_ext::allow_tf32;
use tch::{Device, Kind, Tensor};

use clip_lab_model::autocast_kind;
use clip_lab_plan::Precision;

/// Duration of the measurement.
const DURATION: Duration = Duration::from_millis(150);
/// Side of the smallest product.
const SMALLEST: i64 = 256;

/// Peak floating-point operations per second of a large matrix product on `device` in `precision`: of the largest, up to
/// 8192 x 8192 on a GPU and 1024 x 1024 on a CPU, that a slow device computes within the duration of the measurement.
/// Draws no random numbers.
pub fn peak(device: Device, precision: Precision) -> Result<f64> {
    allow_tf32(precision == Precision::Tf32)?;
    let kind = autocast_kind(precision).unwrap_or(Kind::Float);
    let largest = if device.is_cuda() { 8192 } else { 1024 };
    let mut product = Product::new(SMALLEST, kind, device)?;
    // Twice the side takes eight times as long.
    while product.side < largest && 8 * product.time()? < DURATION {
        product = Product::new(2 * product.side, kind, device)?;
    }
    let (began, mut fastest) = (Instant::now(), product.time()?);
    while began.elapsed() < DURATION {
        fastest = fastest.min(product.time()?);
    }
    Ok(2.0 * (product.side as f64).powi(3) / fastest.as_secs_f64().max(1e-9))
}

/// A square matrix, to be multiplied by itself.
struct Product {
    side: i64,
    matrix: Tensor,
}

impl Product {
    /// Computes the product once: that loads and tunes its kernel.
    fn new(side: i64, kind: Kind, device: Device) -> Result<Self> {
        let product = Self { side, matrix: Tensor::f_full([side, side], 0.5, (kind, device))? };
        product.time()?;
        Ok(product)
    }

    fn time(&self) -> Result<Duration> {
        let started = Instant::now();
        let result = self.matrix.f_mm(&self.matrix)?;
        synchronize(self.matrix.device());
        drop(result);
        Ok(started.elapsed())
    }
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
