//! `clip-lab dashboard`, and how it shows pictures.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How the dashboard shows pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Images {
    /// The best that the terminal says it can; half-blocks inside tmux
    #[default]
    Auto,
    /// The protocol of kitty
    Kitty,
    /// Sixels
    Sixel,
    /// The protocol of iTerm2
    Iterm2,
    /// Two coloured points a cell, in any terminal
    Halfblocks,
    /// Names of pictures only
    Off,
}

/// `clip-lab dashboard`.
///
/// Shows the runs of the store and reads nothing else: closing it touches no run. `?` tells the keys.
#[derive(Debug, Args)]
#[command(after_help = DASHBOARD)]
pub struct DashboardArgs {
    /// Show this run or this study; also a layout that nothing else is named after
    #[arg(value_name = "RUN|STUDY")]
    pub what: Option<String>,
    /// The layout: a file, or a name such as `lit` in dashboards/ here or beside the store
    #[arg(long, value_name = "NAME")]
    pub layout: Option<PathBuf>,
    /// Show only these runs: names or beginnings of uids, or a filter such as `study:lit status:live lr<1e-4`
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub runs: Vec<String>,
    /// How to show pictures
    #[arg(long, value_enum, default_value_t)]
    pub images: Images,
}

const DASHBOARD: &str = "Examples:
  clip-lab dashboard                                               all runs, live ones first
  clip-lab dashboard lit-mean                                      one run, by its name or the beginning of its uid
  clip-lab dashboard tricks --layout tricks                        the runs of a study, with a layout
  clip-lab dashboard --runs 'status:live lr<1e-4' --images off     a filter";
