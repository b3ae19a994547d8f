//! Images per second on one core: from files to normalised values through the standard training augmentation (random
//! resized crop to 224, bicubic), compared with the bare decoder and with torchvision and Pillow in the same run.
//!
//! `cargo run -p plugins-augment --example decode -- ../shared/data/photos ../shared/data/flickr8k/Images`
//!
//! The interpreter is `$CLIP_LAB_PYTHON` or `python3`; without torchvision the comparison is skipped with a message.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use clip_lab_image_io::{Decoder, Normalise};
use clip_lab_plugin_api::{AugmentContext, Crop, Image, Interpolation, Plugin, Resize, rng};
use plugins_augment::RandomResizedCrop;

const SIDE: u32 = 224;
/// Images per folder, and rounds; the best round counts, since other processes use the machine too.
const IMAGES: usize = 600;
const ROUNDS: usize = 7;
const MEAN: [f64; 3] = [0.48145466, 0.4578275, 0.40821073];
const STD: [f64; 3] = [0.26862954, 0.26130258, 0.27577711];

fn main() -> Result<()> {
    let folders: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    ensure!(!folders.is_empty(), "pass one or more folders of images");
    for folder in folders {
        measure(&folder).with_context(|| folder.display().to_string())?;
    }
    println!("peak memory {:.0} MB", peak_megabytes().unwrap_or(f64::NAN));
    Ok(())
}

fn measure(folder: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.truncate(IMAGES);
    ensure!(!files.is_empty(), "there is no image");
    println!("{}: {} images, one thread, best of {ROUNDS} rounds", folder.display(), files.len());
    let [bare, train, eval] = ours(&files)?;
    let share = |rate: f64| format!("{rate:>7.0} images/s  {:>4.0} % of bare", 100.0 * rate / bare);
    println!("  bare decoder, every pixel, from memory    {bare:>7.0} images/s");
    println!("  training, from files                      {}", share(train));
    println!("  evaluation, from files                    {}", share(eval));
    match rival(&files) {
        Ok(rival) => println!(
            "  torchvision with Pillow, training         {rival:>7.0} images/s  {:.2} times slower",
            train / rival
        ),
        Err(error) => println!("  torchvision with Pillow: not measured: {error:#}"),
    }
    Ok(())
}

/// Images per second of the best round: bare decoding, training, evaluation. Interleaved, so that other load on the
/// machine slows all of them.
fn ours(files: &[PathBuf]) -> Result<[f64; 3]> {
    let bytes: Vec<Vec<u8>> = files.iter().map(fs::read).collect::<Result<_, _>>()?;
    let random = RandomResizedCrop::default().build(AugmentContext { image_size: SIDE })?;
    let train = |(width, height), round, index| random.crop(width, height, &mut rng(0, round, index));
    let eval = |size, _, _| Some(Crop::middle(size, SIDE, None, Resize::Shortest, Interpolation::Bicubic));
    let mut decoder = Decoder::new()?;
    let mut best = [f64::INFINITY; 3];
    for round in 0..=ROUNDS as u64 {
        let start = Instant::now();
        bare(&bytes, &mut decoder)?;
        let decoded = Instant::now();
        squares(files, round, train, &mut decoder)?;
        let trained = Instant::now();
        squares(files, round, eval, &mut decoder)?;
        let took = [decoded - start, trained - decoded, trained.elapsed()];
        // The first round fills the page cache.
        if round > 0 {
            best = std::array::from_fn(|which| best[which].min(took[which].as_secs_f64()));
        }
    }
    Ok(best.map(|seconds| files.len() as f64 / seconds))
}

fn bare(files: &[Vec<u8>], decoder: &mut Decoder) -> Result<()> {
    files.iter().try_for_each(|bytes| {
        let opened = decoder.open(Image::Encoded(bytes.clone()))?;
        std::hint::black_box(opened.decode(decoder)?);
        Ok(())
    })
}

fn squares(
    files: &[PathBuf],
    round: u64,
    crop: impl Fn((u32, u32), u64, u64) -> Option<Crop>,
    decoder: &mut Decoder,
) -> Result<()> {
    let normalise = Normalise::new(MEAN, STD);
    let mut out = vec![0.0; 3 * (SIDE * SIDE) as usize];
    (0..).zip(files).try_for_each(|(index, file)| {
        let opened = decoder.open(Image::read(file)?)?;
        let crop = crop(opened.size(), round, index).context("no crop")?;
        opened.crop_normalised(&crop, &normalise, decoder, &mut out)?;
        std::hint::black_box(&out);
        Ok(())
    })
}

const SCRIPT: &str = "
import sys, time
import torch
from torchvision import transforms as T
from PIL import Image
torch.set_num_threads(1)
files, rounds, side = sys.argv[1].split('\\n'), int(sys.argv[2]), int(sys.argv[3])
steps = T.Compose([
    T.RandomResizedCrop(side, scale=(0.9, 1.0), interpolation=T.InterpolationMode.BICUBIC),
    T.ToTensor(),
    T.Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
])
best = float('inf')
for number in range(rounds + 1):
    start = time.perf_counter()
    for file in files:
        with Image.open(file) as image:
            steps(image.convert('RGB'))
    if number:
        best = min(best, time.perf_counter() - start)
print(len(files) / best)
";

fn rival(files: &[PathBuf]) -> Result<f64> {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let python = env::var_os("CLIP_LAB_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(&python)
        .args(["-c", SCRIPT, &names.join("\n"), &ROUNDS.to_string(), &SIDE.to_string()])
        .output()
        .with_context(|| format!("cannot start {}", python.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", errors.lines().last().unwrap_or("no reason given"));
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

fn peak_megabytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
