//! `clip-lab dashboard`, and how images are drawn.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How images are drawn in the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Images {
    /// The best protocol that the terminal reports; half-blocks inside tmux
    #[default]
    Auto,
    /// The kitty graphics protocol
    Kitty,
    /// Sixels
    Sixel,
    /// The iTerm2 protocol
    Iterm2,
    /// Two coloured half-cells per cell, in any terminal
    Halfblocks,
    /// Image names only
    Off,
}

/// `clip-lab dashboard`.
#[derive(Debug, Args)]
#[command(after_help = DASHBOARD)]
pub struct DashboardArgs {
    /// A run or a study; or a layout, if no run or study has that name
    #[arg(value_name = "RUN|STUDY")]
    pub what: Option<String>,
    /// The layout: a file, or a name such as `lit` from dashboards/ here or beside the store
    #[arg(long, value_name = "NAME")]
    pub layout: Option<PathBuf>,
    /// Show only these runs: names, uid prefixes, or a filter such as `study:lit status:live lr<1e-4`
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub runs: Vec<String>,
    /// How to draw images
    #[arg(long, value_enum, default_value_t)]
    pub images: Images,
}

const DASHBOARD: &str = "Examples:
  clip-lab dashboard                                               all runs, live ones first
  clip-lab dashboard lit-mean                                      one run, by name or uid prefix
  clip-lab dashboard tricks --layout tricks                        a study, with a layout
  clip-lab dashboard --runs 'status:live lr<1e-4' --images off     a filter";
