//! Benchmarks exact and approximate search on synthetic embeddings, against memory bandwidth and a plain loop.
//!
//! `cargo run -p clip-lab-vector-index --example speed -- [ROWS] [DIMENSION]`, by default 100,000 and 512.

use std::{collections::HashMap, hint::black_box, thread, time::Instant};

use clip_lab_vector_index::{Approximate, EmbedResult, Expansion, Index, Stamp, Update};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// Measured searches; the fastest counts, as the machine may be shared.
const ROUNDS: usize = 15;
/// Rows per cluster, such as images of the same object.
const CLUSTER: usize = 50;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let rows = arguments.next().transpose()?.unwrap_or(100_000);
    let dim = arguments.next().transpose()?.unwrap_or(512);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("speed.safetensors");
    let index = synthetic(rows, dim, &path)?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    println!("{rows} rows of dimension {dim}, {:.0} MB, {threads} threads", (rows * dim * 4) as f64 / 1e6);
    let query = index.row(rows / 3);

    let all = best(|| black_box(index.nearest(&query, 10, threads)).len());
    let one = best(|| black_box(index.nearest(&query, 10, 1)).len());
    let flat: Vec<f32> = (0..rows).flat_map(|row| index.row(row)).collect();
    let plain = best(|| black_box(naive(&flat, &query)).len());
    let read = best(|| black_box(flat.iter().map(|x| x.to_bits()).fold(0_u32, |a, b| a ^ b)) as usize);
    let speed = |seconds: f64| (4 * rows * dim) as f64 / 1e9 / seconds;
    println!("exact, all threads       {:8.2} ms   {:5.1} GB/s", 1e3 * all, speed(all));
    println!("exact, one thread        {:8.2} ms   {:5.1} GB/s", 1e3 * one, speed(one));
    println!("plain loop and sort      {:8.2} ms   {:5.1} times the exact search", 1e3 * plain, plain / all);
    println!("reading the rows once    {:8.2} ms   {:5.1} GB/s, one thread", 1e3 * read, speed(read));

    for search in [32, 128, 512] {
        let expansion = Expansion { build: 128, search };
        let started = Instant::now();
        let graph = Approximate::of(&index, &path, expansion, threads, &mut |_| (), &|| false)?;
        let Some(graph) = graph else { return Ok(()) };
        let opened = started.elapsed().as_secs_f64();
        let recall = graph.recall(&index, 50, 10, threads)?;
        println!(
            "approximate, ef {search:>3}      {:8.2} ms   recall@10 {:.3}, {:.0} times faster; opened in {opened:.1} s",
            1e3 * recall.seconds,
            recall.recall,
            recall.exact_seconds / recall.seconds
        );
    }
    Ok(())
}

/// L2-normalised rows in clusters around random centres.
fn synthetic(rows: usize, dim: usize, path: &std::path::Path) -> anyhow::Result<Index> {
    let mut rng = StdRng::seed_from_u64(0);
    let mut random = |scale: f32| -> Vec<f32> { (0..dim).map(|_| rng.random_range(-scale..scale)).collect() };
    let mut fresh = HashMap::new();
    let mut middle = Vec::new();
    for row in 0..rows {
        if row % CLUSTER == 0 {
            middle = random(1.0);
        }
        let numbers: Vec<f32> = random(1.0).iter().zip(&middle).map(|(a, b)| a + b).collect();
        let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        fresh.insert(row, EmbedResult::Row(numbers.into_iter().map(|x| x / length).collect()));
    }
    let stamps = (0..rows).map(|row| Stamp { name: row.to_string(), mark: [0, 0] }).collect();
    Update::between(None, stamps).apply(None, &fresh, (path, "made up", dim))
}

/// Seconds of the fastest round.
fn best(mut work: impl FnMut() -> usize) -> f64 {
    let round = |_| {
        let started = Instant::now();
        black_box(work());
        started.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

/// The naive implementation.
fn naive(flat: &[f32], query: &[f32]) -> Vec<(usize, f32)> {
    let score = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let mut all: Vec<(usize, f32)> = flat.chunks(query.len()).map(score).enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(10);
    all
}
