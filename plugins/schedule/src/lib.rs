//! Learning-rate schedules: pure functions of the step, as factors on the base learning rate.

mod constant;
mod cosine;
mod ramp;
mod rsqrt;
mod wsd;

use clip_lab_plugin_api::Catalog;

/// Registers the schedules.
pub fn register(catalog: &mut Catalog) {
    catalog.schedule.add::<cosine::Cosine>("cosine");
    catalog.schedule.add::<constant::Constant>("constant");
    catalog.schedule.add::<rsqrt::Rsqrt>("rsqrt");
    catalog.schedule.add::<wsd::Wsd>("wsd");
}
