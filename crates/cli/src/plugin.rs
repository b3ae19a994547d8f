//! `clip-lab plugin`.

use std::path::PathBuf;

use clap::Subcommand;

/// `clip-lab plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginVerb {
    /// Write a crate with a plugin in it, to be built as a shared library that specs load
    #[command(after_help = EXAMPLES)]
    New {
        /// The kind: image, text, projection, tokenizer, loss, optimizer, schedule, trick, augment, data or eval
        kind: String,
        /// What the plugin and its crate are called, such as my_loss
        name: String,
        /// The folder to write to; left out, one called NAME here
        #[arg(long, value_name = "FOLDER")]
        path: Option<PathBuf>,
        /// The checkout of clip-lab to build against; left out, the one that this program was built from
        #[arg(long, value_name = "FOLDER")]
        clip_lab: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

const EXAMPLES: &str = "Example:
  clip-lab plugin new loss my_loss                                 then cd my_loss && cargo test";
