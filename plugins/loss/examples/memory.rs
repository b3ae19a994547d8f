//! Peak memory and time of the loss alone, whole and tiled: `cargo run -p plugins-loss --example memory`.
//!
//! Each figure is measured in a separate process, since a peak never falls (Linux only). The batch is random unit
//! vectors of width 512 in f32; memory is what loss and gradients add to the two matrices of embeddings.

use std::{env, fs, process::Command, time::Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_plugin_api::{Catalog, Loss, LossContext, Pair, PairLoss, Section, parse};
use tch::{Device, Kind, Tensor, nn};

const WIDTH: i64 = 512;
/// Above this the whole matrix takes several gigabytes, several times.
const WHOLE_AT_MOST: i64 = 8192;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.as_slice() {
        [] => table(&[1024, 8192, 32768]),
        [one, loss, tile, batch] if one == "one" => measure(loss, tile, batch.parse()?),
        batches => table(&batches.iter().map(|batch| batch.parse()).collect::<Result<Vec<i64>, _>>()?),
    }
}

/// One row per loss, batch and method.
fn table(batches: &[i64]) -> Result<()> {
    println!("{:<15} {:>6} {:>10} {:>12} {:>9}", "loss", "pairs", "way", "peak MiB", "seconds");
    for loss in ["clip", "siglip", "multi_positive"] {
        for &batch in batches {
            for (way, tile) in [("whole", "0"), ("tile 1024", "1024")] {
                let result = if way == "whole" && batch > WHOLE_AT_MOST {
                    let gib = (batch * batch * 4) as f64 / f64::from(1 << 30);
                    format!("  not measured: one matrix is {gib:.0} GiB, and autograd stores several")
                } else {
                    alone(loss, tile, batch)?
                };
                println!("{loss:<15} {batch:>6} {way:>10} {result}");
            }
        }
    }
    Ok(())
}

fn alone(loss: &str, tile: &str, batch: i64) -> Result<String> {
    let output = Command::new(env::current_exe()?).args(["one", loss, tile, &batch.to_string()]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

fn measure(loss: &str, tile: &str, batch: i64) -> Result<()> {
    let vars = nn::VarStore::new(Device::Cpu);
    let mut catalog = Catalog::default();
    plugins_loss::register(&mut catalog);
    let section =
        Section::new("loss", 0..0, parse(format!("plugin = '{loss}'\ntile = {tile}")).expect("TOML"));
    let planned = catalog.loss.plan(section).ok().context("the settings are invalid")?;
    let Loss::Pairs(loss) = *planned.build(LossContext { vars: vars.root(), batch })? else {
        bail!("`{loss}` scores no pairs")
    };
    // Warm-up: the first products of a process initialise threads and kernels.
    score(loss.as_ref(), 64)?;
    let pair = (unit(batch)?, unit(batch)?);
    let (before, started) = (peak_mib()?, Instant::now());
    let value = backward(loss.as_ref(), &pair)?;
    let seconds = started.elapsed().as_secs_f64();
    ensure!(value.is_finite(), "the loss is {value}");
    println!("{:>12.0} {seconds:>9.2}", peak_mib()? - before);
    Ok(())
}

fn score(loss: &dyn PairLoss, batch: i64) -> Result<f64> {
    backward(loss, &(unit(batch)?, unit(batch)?))
}

fn backward(loss: &dyn PairLoss, (image, text): &(Tensor, Tensor)) -> Result<f64> {
    let scored = loss.score(&Pair::new(image, text))?;
    scored.loss.f_backward()?;
    Ok(scored.loss.double_value(&[]))
}

fn unit(rows: i64) -> Result<Tensor> {
    let mut random = Tensor::f_randn([rows, WIDTH], (Kind::Float, Device::Cpu))?;
    let norm = random.f_norm_scalaropt_dim(2, [-1], true)?;
    Ok(random.f_div_(&norm)?.set_requires_grad(true))
}

/// Peak memory of the process, in MiB.
fn peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no VmHWM in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
