//! `clip-lab plugin`.

use std::path::PathBuf;

use clap::Subcommand;

/// `clip-lab plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Create a crate for a plugin, built as a shared library that specs load
    #[command(after_help = EXAMPLES)]
    New {
        /// The plugin kind: image, text, projection, tokenizer, loss, optimizer, schedule, trick, augment, data or eval
        kind: String,
        /// The name of the plugin and its crate, such as my_loss
        name: String,
        /// The output folder (default: NAME)
        #[arg(long, value_name = "FOLDER")]
        path: Option<PathBuf>,
        /// The clip-lab checkout to build against (default: the one that this program was built from)
        #[arg(long, value_name = "FOLDER")]
        clip_lab: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

const EXAMPLES: &str = "Example:
  clip-lab plugin new loss my_loss                                 then cd my_loss && cargo test";
