//! Precision, memory format and activation recomputation of the towers; determinism.

use anyhow::Result;
use clip_lab_plan::{Precision, Run};
use clip_lab_torch_ext::{
    allow_tf32, autocast, benchmark_convolutions, channels_last, recompute_stages, use_deterministic_kernels,
};
use tch::{Device, Kind, Tensor};

/// How a tower computes. Its outputs are always f32, so losses are too.
#[derive(Debug, Clone, Copy)]
pub struct Numerics {
    device: Device,
    cast: Option<Kind>,
    channels_last: bool,
    recompute: bool,
}

impl Default for Numerics {
    /// f32, on any device.
    fn default() -> Self {
        Self { device: Device::Cpu, cast: None, channels_last: false, recompute: false }
    }
}

impl Numerics {
    /// The settings of `[run]`, on `device`. For the whole process, allows or forbids TF32 and selects kernels:
    /// deterministic ones, or on a GPU the fastest convolutions.
    pub fn of(run: &Run, device: Device) -> Result<Self> {
        allow_tf32(run.precision == Precision::Tf32)?;
        use_deterministic_kernels(run.deterministic)?;
        benchmark_convolutions(device.is_cuda() && !run.deterministic)?;
        Ok(Self {
            device,
            cast: autocast_kind(run.precision),
            channels_last: run.channels_last,
            recompute: run.recompute_activations,
        })
    }

    /// Runs `f` in this precision and returns f32.
    ///
    /// # Errors
    /// If `f` fails.
    pub fn compute(&self, f: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        let f = || if self.recompute { recompute_stages(f) } else { f() };
        let Some(kind) = self.cast else { return f() };
        let result = autocast(self.device, kind, f)??;
        Ok(if result.kind() == kind { result.f_to_kind(Kind::Float)? } else { result })
    }

    /// Converts images `[B, 3, H, W]` to the memory format of the run. Weights stay contiguous: optimizers and checkpoints
    /// expect that, and converting a weight is cheap compared to its convolution.
    ///
    /// # Errors
    /// If the tensor is not `[B, 3, H, W]`.
    pub fn to_memory_format(&self, images: &Tensor) -> Result<Tensor> {
        if self.channels_last { channels_last(images) } else { Ok(images.shallow_clone()) }
    }
}

/// The autocast type; none without autocast.
pub fn autocast_kind(precision: Precision) -> Option<Kind> {
    match precision {
        Precision::Fp32 | Precision::Tf32 => None,
        Precision::Bf16 => Some(Kind::BFloat16),
        Precision::Fp16 => Some(Kind::Half),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use clip_lab_torch_ext::{are_convolutions_benchmarked, are_kernels_deterministic};

    use super::*;

    /// The settings are those of the process, so tests that change them run one at a time.
    static TURN: Mutex<()> = Mutex::new(());

    #[test]
    fn kernels_are_deterministic_or_on_a_gpu_the_fastest() {
        let _guard = TURN.lock();
        let kernels = |deterministic, device| {
            Numerics::of(&Run { deterministic, ..Run::default() }, device).unwrap();
            (are_kernels_deterministic(), are_convolutions_benchmarked())
        };
        assert_eq!(kernels(true, Device::Cuda(0)), (true, false));
        assert_eq!(kernels(false, Device::Cuda(0)), (false, true));
        assert_eq!(kernels(true, Device::Cpu), (true, false));
        assert_eq!(kernels(false, Device::Cpu), (false, false));
    }

    #[test]
    fn the_output_of_a_tower_is_f32() {
        let _guard = TURN.lock();
        let run = Run { precision: Precision::Bf16, channels_last: true, ..Run::default() };
        let numerics = Numerics::of(&run, Device::Cpu).unwrap();
        let x = Tensor::full([2, 2], 1.0 / 3.0, (Kind::Float, Device::Cpu));
        let product = numerics.compute(|| Ok(x.f_matmul(&x)?)).unwrap();
        assert_eq!(product.kind(), Kind::Float);
        assert_ne!(product, x.matmul(&x));
        assert_eq!(Numerics::default().compute(|| Ok(x.f_matmul(&x)?)).unwrap(), x.matmul(&x));
        let images = Tensor::zeros([1, 3, 4, 4], (Kind::Float, Device::Cpu));
        assert_eq!(numerics.to_memory_format(&images).unwrap().stride(), [48, 1, 12, 3]);
    }
}
