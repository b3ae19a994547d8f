//! The speed-up of `run.channels_last` on this CPU: ResNet-50 on 8 images, best of five passes.

use std::time::Instant;

use clip_lab_plugin_api::prelude::*;
use plugins_image::ResNet;

fn main() -> Result<()> {
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = ResNet::default().build(vars.root())?;
    let plain = Tensor::f_rand([8, 3, 224, 224], (DType::Float, Device::Cpu))?;
    let turned = clip_lab_torch_ext::channels_last(&plain)?;
    let forward =
        |images: &Tensor| -> Result<()> { tch::no_grad(|| encoder.encode(images, Mode::Eval)).map(drop) };
    let step = |images: &Tensor| -> Result<()> {
        Ok(encoder.encode(images, Mode::Train)?.f_sum(DType::Float)?.f_backward()?)
    };
    for (name, pass) in [("forward", &forward as &dyn Fn(&Tensor) -> Result<()>), ("training step", &step)] {
        let mut best = [f64::INFINITY; 2];
        for _ in 0..5 {
            for (best, images) in best.iter_mut().zip([&plain, &turned]) {
                let started = Instant::now();
                pass(images)?;
                *best = best.min(started.elapsed().as_secs_f64());
            }
        }
        println!(
            "{name}: {:.0} ms, channels last {:.0} ms, {:.2} times as fast",
            best[0] * 1e3,
            best[1] * 1e3,
            best[0] / best[1]
        );
    }
    Ok(())
}
