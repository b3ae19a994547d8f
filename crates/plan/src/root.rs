//! `CLIP_LAB_DATA`: the default root folder of data sets whose spec sets none.

use clip_lab_plugin_api::diagnostics::{Place, Problem};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{planner::Planner, tables::plugin};

/// The environment variable.
const VARIABLE: &str = "CLIP_LAB_DATA";

impl Planner<'_> {
    /// Fills a missing `root` of a data set from the environment.
    pub(super) fn find_root(&mut self, place: &Place, table: &mut DeTable<'static>) {
        let has_root = table.keys().any(|key| key.get_ref() == "root");
        if has_root || !self.needs_root(table) {
            return;
        }
        let Some(root) = std::env::var(VARIABLE).ok().filter(|root| !root.is_empty()) else { return };
        let value = DeValue::String(DeString::Owned(root));
        table.insert(Spanned::new(place.clone(), "root".into()), Spanned::new(place.clone(), value));
        self.root_from_env = true;
    }

    /// Whether the root of a section came from the environment.
    pub(super) fn is_from_environment(&self, section: &str, key: &str) -> bool {
        let written = |section: &str| self.spec.has(&format!("{section}.root"));
        self.root_from_env
            && key == "root"
            && section.starts_with("data.")
            && !written(section)
            && !written("data.train")
    }

    /// Whether the data set's plugin needs a root and has no default for it.
    fn needs_root(&self, table: &DeTable<'static>) -> bool {
        let Some(name) = plugin(table) else { return false };
        let plugins = self.catalog.data.describe();
        plugins.iter().any(|plugin| plugin.name == name && plugin.defaults["root"] == "")
    }
}

/// Adds to a problem about a missing root how to set one.
pub(super) fn add_root_help(problem: &mut Problem, section: &str, table: &DeTable<'static>) {
    let left_out = !table.keys().any(|key| key.get_ref() == "root");
    if left_out && problem.message.starts_with(&format!("[{section}].root: ")) {
        problem.help = Some(format!(
            "add `--set {section}.root=FOLDER`, or set the environment variable {VARIABLE} to the folder"
        ));
    }
}
