//! `clip-lab export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Writes charts, or points.
///
/// The ending of --out says what becomes of it. What a figure was made of is in its metadata; the same data give the same
/// bytes.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// A study file, the name of a study, or runs: uids, their beginnings, or names
    #[arg(required = true, value_name = "STUDY|RUN")]
    pub what: Vec<String>,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t = ChartForm::Curves)]
    pub form: ChartForm,
    /// Every chart of a layout, such as `lit`, each as a file of its own in the folder --out; axes, smoothing and metrics
    /// are those of the layout
    #[arg(long, value_name = "LAYOUT", conflicts_with_all = ["form", "metric", "x", "log", "smooth"])]
    pub layout: Option<PathBuf>,
    /// The cost on the horizontal axis of the form `cost`
    #[arg(long, value_enum, default_value_t = CostOf::Seconds)]
    pub cost: CostOf,
    /// The metric, such as `train/loss`, several times for several; files of points hold all when none is named
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The file; its ending says what it becomes: .svg, .png, .pdf, .csv or .parquet; a folder for TensorBoard
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What the file becomes, whatever its ending
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// Draw the mean of runs that have this in common, with its interval: `arm` or a setting such as
    /// `model.image.plugin`; of a study the arm, `run` draws each run
    #[arg(long, value_name = "KEY")]
    pub group: Option<String>,
    /// Draw the single runs of a group too, thin
    #[arg(long)]
    pub seeds: bool,
    /// The arm that the others are held against
    #[arg(long, value_name = "ARM")]
    pub reference: Option<String>,
    /// The horizontal axis
    #[arg(long, value_enum, default_value_t = XAxis::Step)]
    pub x: XAxis,
    /// A logarithmic vertical axis
    #[arg(long)]
    pub log: bool,
    /// Half-life of the smoothing in steps; 0 draws what was measured
    #[arg(long, default_value_t = 0.0, value_name = "STEPS")]
    pub smooth: f64,
    /// Width on paper: 85 for one column, 175 for two
    #[arg(long, default_value_t = 120.0, value_name = "MM")]
    pub width: f64,
    /// Height on paper, of curves
    #[arg(long, default_value_t = 75.0, value_name = "MM")]
    pub height: f64,
    /// Width of a PNG
    #[arg(long, default_value_t = 1600, value_name = "PIXELS")]
    pub pixels: u32,
    /// Write the caption beside the figure, as .txt and as .tex
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

/// A way of drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChartForm {
    /// Metrics over time
    Curves,
    /// Differences to the reference with their intervals
    Forest,
    /// Hits among the first k, a small picture for each arm
    Hits,
    /// Quality against what it costs
    Cost,
    /// From the weights as trained to their moving average
    Ema,
    /// The learning rate of every layer
    Layers,
    /// Settings and results of every run as a line over parallel axes
    Parallel,
    /// Where the time went
    Phases,
    /// What was made of fixed pairs at the first evaluation and at the last
    Similarity,
}

/// What something costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CostOf {
    /// Time of work
    Seconds,
    /// Image-text pairs seen
    Samples,
    /// Operations of training
    Flops,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// A drawing
    Svg,
    /// A picture
    Png,
    /// A page, its fonts inside
    Pdf,
    /// Points as text
    Csv,
    /// Points as a table for pandas, polars and DuckDB
    Parquet,
    /// Points as event files, a folder for each run
    Tensorboard,
}

/// A horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum XAxis {
    /// Updates of the weights
    Step,
    /// Passes over the data
    Epoch,
    /// Image-text pairs seen
    Samples,
    /// Seconds since the start, pauses included
    Wall,
    /// Seconds of work
    Active,
}
