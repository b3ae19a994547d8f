//! `clip-lab plugins`.

use clap::Args;

/// `clip-lab plugins`.
#[derive(Debug, Args)]
#[command(after_help = PLUGINS)]
pub struct PluginsArgs {
    /// A plugin kind, such as `loss`, or a table of a spec: `run`, `model`, `preprocess`, `study`
    pub kind: Option<String>,
    /// A plugin of that kind, such as `siglip`
    pub name: Option<String>,
    /// Print the JSON Schema of specs, for editors
    #[arg(long, conflicts_with_all = ["kind", "name"])]
    pub schema: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "schema")]
    pub json: bool,
}

const PLUGINS: &str = "Examples:
  clip-lab plugins                                                 every plugin, by kind
  clip-lab plugins loss                                            every loss, with settings
  clip-lab plugins loss siglip                                     one loss
  clip-lab plugins run                                             the settings of [run]
  clip-lab plugins --schema > experiments/schema.json              for completion in editors";
