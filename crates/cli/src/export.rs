//! `clip-lab export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `clip-lab export`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// A study file, the name of a study, or runs: uids, uid prefixes or names
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub what: Vec<String>,
    /// The type of chart
    #[arg(long, value_enum, default_value_t = ChartForm::Curves)]
    pub form: ChartForm,
    /// Export every chart of a layout, such as `lit`, into the folder --out, with the axes, smoothing and metrics of
    /// the layout
    #[arg(long, value_name = "LAYOUT", conflicts_with_all = ["form", "metric", "x", "log", "smooth"])]
    pub layout: Option<PathBuf>,
    /// The horizontal axis of the form `cost`
    #[arg(long, value_enum, default_value_t = CostOf::Seconds)]
    pub cost: CostOf,
    /// The metric, such as `train/loss`; repeat for more. Files of points default to all metrics
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The output file: .svg, .png, .pdf, .csv or .parquet; or a folder for TensorBoard
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The format, regardless of the extension
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// Average runs by this key and draw the interval: `arm`, a setting such as `model.image.plugin`, or `run` for no
    /// averaging (default: arm for a study, else run)
    #[arg(long, value_name = "KEY")]
    pub group: Option<String>,
    /// Also draw the single runs of a group, as thin lines
    #[arg(long)]
    pub seeds: bool,
    /// The arm to compare the others with
    #[arg(long, value_name = "ARM")]
    pub reference: Option<String>,
    /// The horizontal axis
    #[arg(long, value_enum, default_value_t = XAxis::Step)]
    pub x: XAxis,
    /// Use a logarithmic vertical axis
    #[arg(long)]
    pub log: bool,
    /// Half-life of the exponential smoothing, in steps; 0 disables it
    #[arg(long, default_value_t = 0.0, value_name = "STEPS")]
    pub smooth: f64,
    /// Width in print: 85 for one column, 175 for two
    #[arg(long, default_value_t = 120.0, value_name = "MM")]
    pub width: f64,
    /// Height of curves in print
    #[arg(long, default_value_t = 75.0, value_name = "MM")]
    pub height: f64,
    /// Width of a PNG, in pixels
    #[arg(long, default_value_t = 1600, value_name = "PIXELS")]
    pub pixels: u32,
    /// Also write the caption, as .txt and .tex
    #[arg(long)]
    pub caption: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab export lit clip-scratch --metric train/loss --out loss.svg
  clip-lab export experiments/tricks.toml --form forest --out tricks.pdf
  clip-lab export experiments/tricks.toml --layout tricks --out charts
  clip-lab export lit --out lit.parquet                            every point of every metric";

/// A type of chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChartForm {
    /// Metrics over time
    Curves,
    /// Differences from the reference (arm minus reference), with intervals
    Forest,
    /// hit@k over k, a small chart for each arm
    Hits,
    /// Quality against cost
    Cost,
    /// Trained weights against their moving average
    Ema,
    /// The learning rate of every layer
    Layers,
    /// Settings and result of every run, on parallel coordinates
    Parallel,
    /// Time by phase
    Phases,
    /// Similarity of fixed pairs at the first and the last evaluation
    Similarity,
}

/// A measure of cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CostOf {
    /// Seconds of work, without pauses
    Seconds,
    /// Image-text pairs seen
    Samples,
    /// Training FLOPs
    Flops,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Vector graphics
    Svg,
    /// Raster image
    Png,
    /// Vector graphics with embedded fonts
    Pdf,
    /// Points as text
    Csv,
    /// Points as a table, for pandas, polars and DuckDB
    Parquet,
    /// Points as event files, one folder per run
    Tensorboard,
}

/// A horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum XAxis {
    /// Optimizer steps
    Step,
    /// Epochs
    Epoch,
    /// Image-text pairs seen
    Samples,
    /// Seconds since the start, pauses included
    Wall,
    /// Seconds of work, without pauses
    Active,
}
