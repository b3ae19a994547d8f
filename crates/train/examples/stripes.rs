//! The loss of one batch on several processes, gathered and in stripes: processor time, memory and bytes of rank 0.
//!
//! ```sh
//! cargo run -p clip-lab-train --example stripes -- 8192        # pairs
//! ```
//!
//! Embeddings are random unit vectors of width 512 in f32. Memory is what loss, gradients and exchanges add to the
//! embeddings of a process: its peak is read after the first step (Linux only). Bytes are those of the tensors that a
//! process gives to collective operations, and those that are sent over the loopback interface, on average over the
//! processes. The interface counts other programs too: run it in a network namespace of its own.

use std::{
    env, fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_plugin_api::{Catalog, Loss, LossContext, Pair, PairLoss, Section, Stripe, parse};
use clip_lab_torch_ext::process_group::{Backend, ProcessGroup, Rendezvous};
use clip_lab_train::{Agreement, LossCheck, MicroBatchedTowers as Towers, Ranks, Shared, Sharing};
use tch::{Device, Kind, Tensor, nn};

const WIDTH: i64 = 512;
/// Steps whose mean time is measured, after the one whose memory is.
const STEPS: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(600);

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["one", loss, form, rank, size, port, pairs] => {
            measure(loss, form, &rendezvous(rank.parse()?, size.parse()?, port.parse()?), pairs.parse()?)
        }
        [] => table("8192"),
        [pairs] => table(pairs),
        _ => bail!("the argument is the number of pairs"),
    }
}

/// Prints what rank 0 prints, for each loss, number of processes and form.
fn table(pairs: &str) -> Result<()> {
    println!("{pairs} pairs, width {WIDTH}, of each process:");
    println!("loss    processes form      CPU s  resident MiB  tensors MiB  sent MiB  given MiB");
    for loss in ["clip", "siglip"] {
        for size in ["2", "4"] {
            for form in ["gathered", "striped"] {
                println!("{loss:<7} {size:>9} {form:<9} {}", together(loss, form, size, pairs)?);
            }
        }
    }
    Ok(())
}

fn together(loss: &str, form: &str, size: &str, pairs: &str) -> Result<String> {
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port().to_string();
    let start = |rank: usize| {
        let args = ["one", loss, form, &rank.to_string(), size, &port, pairs];
        Command::new(env::current_exe()?).args(args).stdout(Stdio::piped()).spawn()
    };
    let children = (0..size.parse()?).map(start).collect::<Result<Vec<Child>, _>>()?;
    let mut lines = Vec::new();
    for child in children {
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "a process failed");
        lines.push(String::from_utf8(output.stdout)?.trim_end().to_owned());
    }
    Ok(lines.swap_remove(0))
}

fn rendezvous(rank: usize, size: usize, port: u16) -> Rendezvous {
    Rendezvous {
        rank,
        size,
        host: "127.0.0.1".to_owned(),
        port,
        serve: true,
        prefix: "stripes".to_owned(),
        many_hosts: false,
        start_timeout: TIMEOUT,
        timeout: TIMEOUT,
    }
}

fn measure(loss: &str, form: &str, at: &Rendezvous, pairs: i64) -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    tch::set_num_threads((cores / at.size).max(1) as i32);
    let ranks = Ranks::new(ProcessGroup::connect(Backend::Gloo, at)?, at.rank);
    let vars = nn::VarStore::new(Device::Cpu);
    let loss = build(loss, &vars, pairs)?;
    let step = |own: &(Tensor, Tensor)| step(&*loss, form == "striped", &ranks, own);
    // Warm-up: the first products initialise threads and kernels, the first exchanges their buffers.
    step(&embeddings(64)?)?;
    let own = embeddings(pairs / at.size as i64)?;
    ranks.wait()?;
    let (before, given, wire) = (peak_mib()?, given_mib(&ranks), wire_mib()?);
    ranks.wait()?;
    let (value, tensors) = clip_lab_torch_ext::measure_peak_memory(|| step(&own))?;
    ensure!(value?.is_finite(), "the loss is not finite");
    ranks.wait()?;
    let (resident, given) = (peak_mib()? - before, given_mib(&ranks) - given);
    let (wire, tensors) = ((wire_mib()? - wire) / at.size as f64, tensors as f64 / f64::from(1 << 20));
    ranks.wait()?;
    let start = cpu_seconds()?;
    for _ in 0..STEPS {
        step(&own)?;
    }
    let seconds = (cpu_seconds()? - start) / f64::from(STEPS);
    println!("{seconds:>5.2} {resident:>13.0} {tensors:>12.0} {wire:>9.1} {given:>10.1}");
    ranks.leave(Ok(()))
}

fn build(name: &str, vars: &nn::VarStore, batch: i64) -> Result<Box<dyn PairLoss>> {
    let mut catalog = Catalog::default();
    plugins_loss::register(&mut catalog);
    let section = Section::new("loss", 0..0, parse(format!("plugin = '{name}'")).expect("TOML"));
    let planned = catalog.loss.plan(section).ok().context("the settings are invalid")?;
    match *planned.build(LossContext { vars: vars.root(), batch })? {
        Loss::Pairs(loss) => Ok(loss),
        Loss::Classes(_) => bail!("`{name}` scores no pairs"),
    }
}

/// Loss and gradients of the embeddings of all processes, as in a training step.
fn step(loss: &dyn PairLoss, striped: bool, ranks: &Ranks, (image, text): &(Tensor, Tensor)) -> Result<f64> {
    let counts = vec![image.size()[0]; ranks.size()];
    let agreement = Agreement { counts, micro_batches: vec![1; ranks.size()], loads: Vec::new() };
    let all = Shared { ranks, agreement: &agreement, width: WIDTH, device: Device::Cpu };
    let striped = loss.striped().filter(|_| striped);
    let score = |image: &Tensor, text: &Tensor| match striped {
        Some(loss) => loss.score_stripe(&Stripe { image, text, first: all.first(), group: None }, &all),
        None => loss.score(&Pair::new(image, text)),
    };
    let sharing = if striped.is_some() { Sharing::Striped(&all) } else { Sharing::Gathered(&all) };
    let towers = Towers {
        image: &|_| Ok(image.shallow_clone()),
        text: &|_| Ok(text.shallow_clone()),
        micro_batches: 1,
        loss_check: LossCheck::BeforeBackward,
        sharing,
    };
    let scored = towers.gradients(&score, &|loss| Ok(loss.f_backward()?), &[])?;
    Ok(scored.loss.f_double_value(&[])?)
}

/// Images and captions of a process, each `[rows, D]`.
fn embeddings(rows: i64) -> Result<(Tensor, Tensor)> {
    let unit = || -> Result<Tensor> {
        let mut random = Tensor::f_randn([rows, WIDTH], (Kind::Float, Device::Cpu))?;
        let norm = random.f_norm_scalaropt_dim(2, [-1], true)?;
        Ok(random.f_div_(&norm)?.set_requires_grad(true))
    };
    Ok((unit()?, unit()?))
}

fn given_mib(ranks: &Ranks) -> f64 {
    ranks.bytes_given().values().sum::<u64>() as f64 / f64::from(1 << 20)
}

/// Sent by all programs over the loopback interface of this network namespace.
fn wire_mib() -> Result<f64> {
    // The kernel counts segments when they leave, which may be after the operation has ended here.
    std::thread::sleep(Duration::from_millis(300));
    let interfaces = fs::read_to_string("/proc/self/net/dev").context("reading /proc/self/net/dev")?;
    let line = interfaces.lines().find_map(|line| line.trim().strip_prefix("lo:")).context("no loopback")?;
    let sent = line.split_whitespace().nth(8).context("no bytes sent in /proc/self/net/dev")?;
    Ok(sent.parse::<f64>()? / f64::from(1 << 20))
}

/// Processor time of all threads, which other programs delay but do not add to.
fn cpu_seconds() -> Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    let (_, fields) = text.rsplit_once(") ").context("no name in /proc/self/stat")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}

/// Peak memory of the process.
fn peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
