//! Checks that authors of plugins call from a test: what the trainer relies on and the compiler cannot see.
//!
//! [`check`] runs all of them on every plugin of a catalog:
//!
//! ```ignore
//! let mut catalog = Catalog::default();
//! my_plugins::register(&mut catalog);
//! conformance::check(&catalog, &[("image.my_tower", "image_size = 32")])?;
//! ```
//!
//! The checks of each kind can be called by themselves too, with a plugin that was built by hand.

mod augment;
mod data;
mod encoder;
mod eval;
mod generic;
mod loss;
mod optimizer;
mod projection;
mod schedule;
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
pub use tokenizer::tokenizer;
pub use trick::trick;

use crate::{AugmentScope, Catalog, Kind, LossScope, Planned, ProjectionScope, Shelf};

/// Width of the features that projections are given, and rows of the batches that losses are given.
const WIDTH: i64 = 12;
const BATCH: i64 = 6;
/// Side of the images that augmentations make, in pixels.
const SIDE: u32 = 16;

/// Checks every plugin of a catalog. `settings` gives the lines of a table for those that need other settings than their
/// defaults, by key and name, such as `("image.vit", "depth = 2")`.
///
/// # Errors
/// Says of every plugin that does not hold what it breaks, and names entries of `settings` that no plugin has.
pub fn check(catalog: &Catalog, settings: &[(&str, &str)]) -> Result<()> {
    let mut suite = Suite { settings, seen: Vec::new(), broken: Vec::new() };
    suite.shelf("image", &catalog.image, |planned| {
        let vars = nn::VarStore::new(Device::Cpu);
        image_encoder(&*planned.build(vars.root())?, &vars, &planned.facts)
    });
    suite.shelf("text", &catalog.text, |planned| {
        let vars = nn::VarStore::new(Device::Cpu);
        text_encoder(&*planned.build(vars.root())?, &vars, &planned.facts)
    });
    suite.shelf("projection", &catalog.projection, |planned| {
        let vars = nn::VarStore::new(Device::Cpu);
        let built = planned.build(ProjectionScope { vars: vars.root(), input: WIDTH })?;
        projection(&*built, &vars, &planned.facts, WIDTH)
    });
    suite.shelf("loss", &catalog.loss, |planned| {
        let mut vars = nn::VarStore::new(Device::Cpu);
        vars.set_kind(DType::Double);
        let built = planned.build(LossScope { vars: vars.root(), batch: BATCH })?;
        loss(&*built, &vars, &planned.facts, BATCH)
    });
    suite.shelf("tokenizer", &catalog.tokenizer, |planned| tokenizer(&*planned.build(())?));
    suite.shelf("optimizer", &catalog.optimizer, |planned| optimizer(&|| planned.build(()), &planned.facts));
    suite.shelf("schedule", &catalog.schedule, |planned| schedule(&*planned.build(())?, &planned.facts));
    suite.shelf("trick", &catalog.trick, |planned| trick(&|| planned.build(()), &planned.facts));
    suite.shelf("augment", &catalog.augment, |planned| {
        augment(&*planned.build(AugmentScope { image_size: SIDE })?, &planned.facts)
    });
    suite.shelf("data", &catalog.data, |planned| dataset(&|| planned.build(()), &planned.facts));
    suite.shelf("eval", &catalog.eval, |planned| evaluator(&*planned.build(())?, &planned.facts));
    suite.verdict()
}

/// What was found so far.
struct Suite<'a> {
    settings: &'a [(&'a str, &'a str)],
    seen: Vec<String>,
    broken: Vec<String>,
}

impl Suite<'_> {
    fn shelf<K: Kind + ?Sized>(
        &mut self,
        key: &str,
        shelf: &Shelf<K>,
        check: impl Fn(&Planned<K>) -> Result<()>,
    ) {
        for description in shelf.describe() {
            let name = format!("{key}.{}", description.name);
            let lines = self.settings.iter().find(|(known, _)| *known == name).map_or("", |(_, lines)| lines);
            let held = generic::check(shelf, &description, lines).and_then(|planned| check(&planned));
            self.broken.extend(held.err().map(|error| format!("{name}: {error:#}")));
            self.seen.push(name);
        }
    }

    fn verdict(mut self) -> Result<()> {
        let strange = self.settings.iter().filter(|(name, _)| !self.seen.iter().any(|seen| seen == name));
        self.broken.extend(strange.map(|(name, _)| format!("{name}: there is no such plugin")));
        ensure!(self.broken.is_empty(), "the contract is broken:\n{}", self.broken.join("\n"));
        Ok(())
    }
}
