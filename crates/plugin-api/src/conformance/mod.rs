//! Conformance checks for plugin authors to call from a test: what the trainer relies on and the compiler cannot check.
//!
//! [`check`] runs all of them on every plugin of a catalog:
//!
//! ```ignore
//! let mut catalog = Catalog::default();
//! my_plugins::register(&mut catalog);
//! conformance::check(&catalog, &[("image.my_tower", "image_size = 32")])?;
//! ```
//!
//! The check of each kind is public too, for plugins built by hand.

mod augment;
mod data;
mod encoder;
mod eval;
mod generic;
mod loss;
mod optimizer;
mod projection;
mod schedule;
mod stripes;
mod tokenizer;
mod tools;
mod toy;
mod trick;

use anyhow::{Result, ensure};
use tch::{Device, Kind as DType, nn};

pub use augment::augment;
pub use data::dataset;
pub use encoder::{image_encoder, text_encoder};
pub use eval::evaluator;
pub use loss::loss;
pub use optimizer::optimizer;
pub use projection::projection;
pub use schedule::schedule;
pub use stripes::score_in_stripes;
pub use tokenizer::tokenizer;
pub use trick::trick;

use crate::{AugmentContext, Catalog, Kind, LossContext, Planned, ProjectionContext, Registry};

/// Feature width for projections, and batch size for losses.
const WIDTH: i64 = 12;
const BATCH: i64 = 6;
/// Output side of augmentations, in pixels.
const SIDE: u32 = 16;

/// Checks every plugin of a catalog. `settings` gives TOML lines for plugins whose defaults are not enough, by key and
/// name, such as `("image.vit", "depth = 2")`.
///
/// # Errors
/// Lists the failed check of every plugin, and the entries of `settings` that match no plugin.
pub fn check(catalog: &Catalog, settings: &[(&str, &str)]) -> Result<()> {
    let mut suite = Suite { settings, checked: Vec::new(), failures: Vec::new() };
    suite.check_kind("image", &catalog.image, |planned| {
        let vars = nn::VarStore::new(Device::Cpu);
        image_encoder(&*planned.build(vars.root())?, &vars, &planned.properties)
    });
    suite.check_kind("text", &catalog.text, |planned| {
        let vars = nn::VarStore::new(Device::Cpu);
        text_encoder(&*planned.build(vars.root())?, &vars, &planned.properties)
    });
    suite.check_kind("projection", &catalog.projection, |planned| {
        let vars = nn::VarStore::new(Device::Cpu);
        let built = planned.build(ProjectionContext { vars: vars.root(), input: WIDTH })?;
        projection(&*built, &vars, &planned.properties, WIDTH)
    });
    suite.check_kind("loss", &catalog.loss, |planned| {
        let mut vars = nn::VarStore::new(Device::Cpu);
        vars.set_kind(DType::Double);
        let built = planned.build(LossContext { vars: vars.root(), batch: BATCH })?;
        loss(&built, &vars, &planned.properties, BATCH)
    });
    suite.check_kind("tokenizer", &catalog.tokenizer, |planned| tokenizer(&*planned.build(())?));
    suite.check_kind("optimizer", &catalog.optimizer, |planned| {
        optimizer(&|| planned.build(()), &planned.properties)
    });
    suite.check_kind("schedule", &catalog.schedule, |planned| {
        schedule(&*planned.build(())?, &planned.properties)
    });
    suite.check_kind("trick", &catalog.trick, |planned| trick(&|| planned.build(()), &planned.properties));
    suite.check_kind("augment", &catalog.augment, |planned| {
        augment(&*planned.build(AugmentContext { image_size: SIDE })?, &planned.properties)
    });
    suite.check_kind("data", &catalog.data, |planned| dataset(&|| planned.build(()), &planned.properties));
    suite.check_kind("eval", &catalog.eval, |planned| evaluator(&*planned.build(())?, &planned.properties));
    suite.finish()
}

/// Results so far.
struct Suite<'a> {
    settings: &'a [(&'a str, &'a str)],
    checked: Vec<String>,
    failures: Vec<String>,
}

impl Suite<'_> {
    fn check_kind<K: Kind + ?Sized>(
        &mut self,
        key: &str,
        registry: &Registry<K>,
        check: impl Fn(&Planned<K>) -> Result<()>,
    ) {
        for description in registry.describe() {
            let name = format!("{key}.{}", description.name);
            let lines = self.settings.iter().find(|(key, _)| *key == name).map_or("", |(_, lines)| lines);
            let result = generic::check(registry, &description, lines).and_then(|planned| check(&planned));
            self.failures.extend(result.err().map(|error| format!("{name}: {error:#}")));
            self.checked.push(name);
        }
    }

    fn finish(mut self) -> Result<()> {
        let unknown =
            self.settings.iter().filter(|(name, _)| !self.checked.iter().any(|checked| checked == name));
        self.failures.extend(unknown.map(|(name, _)| format!("{name}: there is no such plugin")));
        ensure!(self.failures.is_empty(), "plugins violate the contract:\n{}", self.failures.join("\n"));
        Ok(())
    }
}
