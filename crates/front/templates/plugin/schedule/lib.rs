//! A schedule: a straight line down.

use clip_lab_api::prelude::*;

/// From the full learning rate in a straight line to its floor at the end of the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// What is left at the end, as a part of the learning rate.
    pub floor: f64,
}

impl Settings for MyPlugin {
    fn check(&self, faults: &mut Faults) {
        faults.require((0.0..=1.0).contains(&self.floor), "floor", "must be from 0 to 1");
    }
}

impl Plugin<dyn Schedule> for MyPlugin {
    fn build(&self, _scope: ()) -> Result<Box<dyn Schedule>> {
        Ok(Box::new(self.clone()))
    }
}

impl Schedule for MyPlugin {
    fn at(&self, step: u64, total: u64) -> f64 {
        let done = step as f64 / total.max(1) as f64;
        self.floor + (1.0 - self.floor) * (1.0 - done.min(1.0))
    }
}

/// Puts the plugins of this crate on their shelves.
pub fn register(catalog: &mut Catalog) {
    catalog.schedule.add::<MyPlugin>("my_plugin");
}

clip_lab_api::export_plugin!(register);
