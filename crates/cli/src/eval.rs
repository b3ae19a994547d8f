//! `clip-lab eval`.

use clap::Args;

/// `clip-lab eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A run (uid, its beginning or a name: its best weights, else its last), a checkpoint file in a run's folder, or a spec:
    /// the weights that a run of it begins with, such as a zero-shot classifier
    #[arg(required_unless_present = "interpolate", conflicts_with = "interpolate")]
    pub model: Option<String>,
    /// Interpolate the weights of two models, each named as MODEL is (WiSE-FT): `(1 - alpha) A + alpha B`; B's spec says on
    /// which data
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub interpolate: Vec<String>,
    /// The share of B; the best is chosen on val and reported on test
    #[arg(
        long,
        value_delimiter = ',',
        requires = "interpolate",
        default_values_t = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    )]
    pub alpha: Vec<f64>,
    /// Change a setting of the spec first, such as the data set: `--set data.test.root=DIR`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
