//! `CLIP_LAB_DATA`: where the data of a spec lie that does not say so itself.

use clip_lab_api::problem::{Place, Problem};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::planner::Planner;

/// The environment variable.
const VARIABLE: &str = "CLIP_LAB_DATA";

impl Planner<'_> {
    /// Gives a data set that needs a `root` and names none the one of the environment.
    pub(super) fn find_root(&mut self, place: &Place, table: &mut DeTable<'static>) {
        let key = |known: &str| table.keys().any(|key| key.get_ref() == known);
        if key("root") || !self.needs_root(table) {
            return;
        }
        let Some(root) = std::env::var(VARIABLE).ok().filter(|root| !root.is_empty()) else { return };
        let value = DeValue::String(DeString::Owned(root));
        table.insert(Spanned::new(place.clone(), "root".into()), Spanned::new(place.clone(), value));
        self.rooted = true;
    }

    /// Whether the root in a section came from the environment.
    pub(super) fn is_from_environment(&self, section: &str, key: &str) -> bool {
        let written = |section: &str| self.spec.has(&format!("{section}.root"));
        self.rooted
            && key == "root"
            && section.starts_with("data.")
            && !written(section)
            && !written("data.train")
    }

    /// Whether the plugin of a data set reads from a root which has no default.
    fn needs_root(&self, table: &DeTable<'static>) -> bool {
        let Some(name) = super::data::plugin(table) else { return false };
        let plugins = self.catalog.data.describe();
        plugins.iter().any(|plugin| plugin.name == name && plugin.defaults["root"] == "")
    }
}

/// Says how a root that a spec leaves to its user is given.
pub(super) fn explain(problem: &mut Problem, section: &str, table: &DeTable<'static>) {
    let left_out = !table.keys().any(|key| key.get_ref() == "root");
    if left_out && problem.message.starts_with(&format!("[{section}].root: ")) {
        problem.help = Some(format!(
            "add `--set {section}.root=FOLDER`, or set the environment variable {VARIABLE} to the folder"
        ));
    }
}
