//! Helpers for the tests of tricks.

use clip_lab_plugin_api::{Catalog, Params, Planned, Section, Trick, parse};
use tch::{Device, nn};

/// A trick read from a spec's table.
pub fn plan(text: &str) -> Result<Planned<dyn Trick>, String> {
    let mut catalog = Catalog::default();
    plugins_trick::register(&mut catalog);
    let section = Section::new("t", 0..0, parse(text.to_owned()).unwrap());
    catalog.trick.plan(section).map_err(|problems| problems[0].message.clone())
}

pub fn trick(text: &str) -> Box<dyn Trick> {
    plan(text).unwrap().build(()).unwrap()
}

/// A model of 2x2 weights of ones with these names, and the layers of its image tower.
pub fn model(names: &[&str], layers: &[&str]) -> (nn::VarStore, Params) {
    let vars = nn::VarStore::new(Device::Cpu);
    for name in names {
        let (path, last) = name.rsplit_once('.').unwrap();
        let path = path.split('.').fold(vars.root(), |path, part| path / part);
        let _ = if last == "buffer" { path.ones_no_train(last, &[2]) } else { path.ones(last, &[2, 2]) };
    }
    let layers = layers.iter().map(|layer| (*layer).to_owned()).collect();
    let params = Params::new(&vars, vec![("image".to_owned(), layers)]);
    (vars, params)
}
