//! A schedule: linear decay.

use clip_lab_plugin_api::prelude::*;

/// Linear decay from the full learning rate to a floor at the end of the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// The final learning rate, as a fraction of the full one.
    pub floor: f64,
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require((0.0..=1.0).contains(&self.floor), "floor", "must be from 0 to 1");
    }
}

impl Plugin<dyn Schedule> for MyPlugin {
    fn build(&self, _context: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for MyPlugin {
    fn at(&self, step: u64, total: u64) -> f64 {
        let done = step as f64 / total.max(1) as f64;
        self.floor + (1.0 - self.floor) * (1.0 - done.min(1.0))
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.schedule.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
