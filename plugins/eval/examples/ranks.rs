//! Time and memory of exact ranks in both directions:
//! `cargo run -p plugins-eval --example ranks [IMAGES CAPTIONS WIDTH]`.
//!
//! Compared with the bare product of the two matrices, and with faiss's exact index if `CLIP_LAB_PYTHON` names a Python
//! that has `faiss-cpu`. Each figure is measured in a separate process, since a peak never falls (Linux only); the best
//! of five rounds counts.

use std::{env, fs, path::Path, process::Command, time::Instant};

use anyhow::{Context as _, Result, ensure};
use plugins_eval::both;
use tch::{Device, Kind, Tensor};

const ROUNDS: usize = 5;
/// Images per tile, as in `retrieval` of [`plugins_eval`].
const ROWS: usize = 256;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table([5000, 25000, 512]),
        ["one", what, file, rows] => one(what, Path::new(file), rows.parse()?),
        [images, captions, width] => table([images.parse()?, captions.parse()?, width.parse()?]),
        _ => anyhow::bail!("pass the numbers of images and captions and the embedding width, or nothing"),
    }
}

fn table([images, captions, width]: [i64; 3]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("embeddings.safetensors");
    write(&file, images, captions, width)?;
    let cores = std::thread::available_parallelism()?.get();
    println!("{images} images x {captions} captions x {width}, {cores} cores, best of {ROUNDS}\n");
    println!("{:<52} {:>8} {:>7} {:>9}", "", "seconds", "ratio", "peak MiB");
    let bare = measure_and_print("product", "the bare product, whole", &file, None)?;
    measure_and_print("tiles", "the bare product, in tiles", &file, Some(bare))?;
    measure_and_print("both", "exact ranks of every caption and image, both ways", &file, Some(bare))?;
    match env::var_os("CLIP_LAB_PYTHON") {
        Some(python) => faiss(Path::new(&python), &file, cores, bare)?,
        None => println!("SKIPPED: faiss, since CLIP_LAB_PYTHON is not set"),
    }
    let whole = (images * captions * 4) as f64 / f64::from(1 << 20);
    println!(
        "\nratio: to the bare product; all scores at once take {whole:.0} MiB; embeddings {:.0} MiB",
        ((images + captions) * width * 4) as f64 / f64::from(1 << 20)
    );
    Ok(())
}

fn measure_and_print(what: &str, label: &str, file: &Path, bare: Option<f64>) -> Result<f64> {
    let rows = env::var("ROWS").unwrap_or_else(|_| ROWS.to_string());
    let output = Command::new(env::current_exe()?).args(["one", what]).arg(file).arg(rows).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let numbers = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    line(label, numbers[0], bare, numbers[1]);
    Ok(numbers[0])
}

fn line(label: &str, seconds: f64, bare: Option<f64>, peak: f64) {
    println!("{label:<52} {seconds:>8.3} {:>7.2} {peak:>9.0}", seconds / bare.unwrap_or(seconds));
}

fn faiss(python: &Path, file: &Path, cores: usize, bare: f64) -> Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/faiss_speed.py");
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        let mut command = Command::new(python);
        let output = command.arg(&script).arg(file).arg(cores.to_string()).output()?;
        ensure!(output.status.success(), "faiss: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        for (best, number) in best.iter_mut().zip(text.split_whitespace()) {
            *best = best.min(number.parse()?);
        }
    }
    line("faiss IndexFlatIP, first 10 images of captions", best[0], Some(bare), best[2]);
    line("faiss IndexFlatIP, first 10 captions of images", best[1], Some(bare), best[2]);
    Ok(())
}

/// Measures one method and prints seconds and peak memory.
fn one(what: &str, file: &Path, rows: usize) -> Result<()> {
    let tensors = Tensor::read_safetensors(file)?;
    let tensor = |name: &str| tensors.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor);
    let named = |name: &str| tensor(name).with_context(|| format!("no {name}"));
    let (images, captions, owner) = (named("images")?, named("captions")?, named("owner")?);
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        match what {
            "product" => drop(images.f_matmul(&captions.f_tr()?)?),
            "tiles" => tiles(images, captions, rows as i64)?,
            _ => drop(both(images, captions, owner, rows)?),
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    println!("{best} {}", peak_mib()?);
    Ok(())
}

fn tiles(images: &Tensor, captions: &Tensor, rows: i64) -> Result<()> {
    let mut products = clip_lab_torch_ext::Products::<f32>::new((rows * 4 * rows) as usize)?;
    let (high, wide) = (images.size()[0], captions.size()[0]);
    for row in (0..high).step_by(rows as usize) {
        for column in (0..wide).step_by(4 * rows as usize) {
            let a = images.f_narrow(0, row, rows.min(high - row))?;
            products.of(&a, &captions.f_narrow(0, column, (4 * rows).min(wide - column))?)?;
        }
    }
    Ok(())
}

/// Unit vectors; a caption is weakly correlated with its image.
fn write(file: &Path, images: i64, captions: i64, width: i64) -> Result<()> {
    tch::manual_seed(0);
    let random = |rows| Tensor::f_randn([rows, width], (Kind::Float, Device::Cpu));
    let unit =
        |rows: Tensor| Ok::<_, anyhow::Error>(rows.f_div(&rows.f_norm_scalaropt_dim(2, [-1], true)?)?);
    let image_rows = unit(random(images)?)?;
    let owner =
        Tensor::from_slice(&(0..captions).map(|caption| caption * images / captions).collect::<Vec<_>>());
    let caption_rows = image_rows.f_index_select(0, &owner)? * 2.0 + unit(random(captions)?)? * 9.0;
    let named = [("images", image_rows), ("captions", unit(caption_rows)?), ("owner", owner)];
    Tensor::write_safetensors(&named, file)?;
    Ok(())
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
