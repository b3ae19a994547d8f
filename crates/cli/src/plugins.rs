//! `clip-lab plugins`.

use clap::Args;

/// `clip-lab plugins`.
///
/// Everything that a spec may name, each plugin with its settings, their defaults and help.
#[derive(Debug, Args)]
#[command(after_help = PLUGINS)]
pub struct PluginsArgs {
    /// A kind of plugin, such as `loss`
    pub kind: Option<String>,
    /// One of its plugins, such as `siglip`
    pub name: Option<String>,
    /// Print the JSON Schema of a spec, for editors
    #[arg(long, conflicts_with_all = ["kind", "name"])]
    pub schema: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "schema")]
    pub json: bool,
}

const PLUGINS: &str = "Examples:
  clip-lab plugins                                                 every kind and its plugins
  clip-lab plugins loss                                            all losses with their settings
  clip-lab plugins loss siglip                                     one of them
  clip-lab plugins --schema > experiments/schema.json              for editors that complete TOML";
