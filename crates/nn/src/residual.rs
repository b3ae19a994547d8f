//! The number format of the residual stream.

use anyhow::Result;
use tch::{Device, Kind, Tensor};

/// A learned tensor that is added to `tokens` or concatenated with them, such as position embeddings. For bf16 tokens on a
/// GPU it is cast to bf16, as in open_clip: under autocast the residual stream then stays in 16 bits, and its sums move half
/// the memory.
///
/// Otherwise it is not cast, and the stream is f32: on a CPU, whose matrix products take nearly all the time, and in fp16,
/// whose range the stream may exceed. LayerScale multiplies in f32, so from the first one on the stream is f32, as in
/// open_clip. So is that of a text tower, which begins with a lookup in f32.
///
/// # Errors
/// If libtorch cannot allocate the result.
pub fn as_tokens(learned: &Tensor, tokens: &Tensor) -> Result<Tensor> {
    let kind = kind_of_stream(tokens.device(), tokens.kind(), learned.kind());
    Ok(if kind == learned.kind() { learned.shallow_clone() } else { learned.f_to_kind(kind)? })
}

fn kind_of_stream(device: Device, tokens: Kind, learned: Kind) -> Kind {
    if device.is_cuda() && tokens == Kind::BFloat16 { tokens } else { learned }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gpu_keeps_16_bits_and_only_in_bf16() {
        let stream = |device, tokens| kind_of_stream(device, tokens, Kind::Float);
        assert_eq!(stream(Device::Cuda(0), Kind::BFloat16), Kind::BFloat16);
        assert_eq!(stream(Device::Cuda(0), Kind::Half), Kind::Float);
        assert_eq!(stream(Device::Cuda(0), Kind::Float), Kind::Float);
        assert_eq!(stream(Device::Cpu, Kind::BFloat16), Kind::Float);
        let learned = Tensor::ones([2], (Kind::Float, Device::Cpu));
        let same = as_tokens(&learned, &learned.to_kind(Kind::BFloat16)).unwrap();
        assert_eq!(same.data_ptr(), learned.data_ptr(), "nothing is copied");
    }
}
