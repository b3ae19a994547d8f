//! `[plugins]`: shared libraries that bring plugins of their own. They are opened before anything else is read, for
//! the other tables may name what they bring.

use std::path::{Path, PathBuf};

use clip_lab_api::{
    Catalog, Settings,
    problem::{Place, Problem},
};
use clip_lab_library::open;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Setting, planner::Planner, tables::Tables, trust::refusal};
use clip_lab_spec::{Report, Spec};

/// Plugins from outside.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Libraries {
    /// Shared libraries to load plugins from, such as "libmy_loss.so": looked for beside the spec, else from the current
    /// folder on. A library must have been built with this program's checkout, compiler and libtorch; `clip-lab plugin
    /// new` writes a crate for one.
    pub load: Vec<PathBuf>,
}

impl Settings for Libraries {}

/// Every plugin that a spec may name: those of the catalog and those of its libraries.
pub(super) struct Extended {
    pub(super) catalog: Catalog,
    /// File name and digest of each library: what decides results belongs to the record.
    digests: Vec<String>,
}

impl Extended {
    /// Opens the libraries of a spec.
    ///
    /// # Errors
    /// Every library that cannot be used. Nothing else is told, for what they would have brought is missing everywhere.
    pub(super) fn new(spec: &Spec, catalog: &Catalog) -> Result<Self, Report> {
        let mut extended = Self { catalog: catalog.clone(), digests: Vec::new() };
        let Some(section) = Tables::new(spec.tables.clone()).section("plugins") else { return Ok(extended) };
        let place = section.place_of("load");
        let libraries: Libraries = section.clone().read().map_err(|problems| spec.report(problems))?;
        let untrusted = |path: &PathBuf| refusal(spec, catalog.trust_code, &section, "load", path);
        let untrusted: Vec<Problem> = libraries.load.iter().filter_map(untrusted).collect();
        if !untrusted.is_empty() {
            return Err(spec.report(untrusted));
        }
        let problems: Vec<Problem> = libraries
            .load
            .iter()
            .filter_map(|path| extended.add(&spec.source.file, path).err())
            .map(|error| refused(place.clone(), &error))
            .collect();
        if problems.is_empty() { Ok(extended) } else { Err(spec.report(problems)) }
    }

    fn add(&mut self, spec: &str, path: &Path) -> Result<(), String> {
        let file = find(spec, path);
        let opened = open(&file).and_then(|opened| {
            opened.register(&mut self.catalog)?;
            Ok(opened.digest)
        });
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let digest = opened.map_err(|error| format!("{}: {error:#}", file.display()))?;
        self.digests.push(format!("{name} {digest}"));
        Ok(())
    }

    /// What the record says of them besides their names.
    pub(super) fn settings(&self) -> Option<Setting> {
        let value = (!self.digests.is_empty()).then(|| self.digests.clone().into())?;
        Some(Setting { key: "plugins.digests".to_owned(), value, origin: "file".to_owned() })
    }
}

impl Planner<'_> {
    /// Records `[plugins]`, whose libraries are open by now.
    pub(super) fn libraries(&mut self) {
        if let Some(section) = self.tables.section("plugins") {
            let _: Option<Libraries> = self.settings(section);
        }
    }
}

/// Beside the spec, else from the current folder on.
fn find(spec: &str, path: &Path) -> PathBuf {
    let beside = Path::new(spec).parent().unwrap_or(Path::new("")).join(path);
    if beside.exists() { beside } else { path.to_owned() }
}

/// The first line is the problem, the others say why and what to do.
fn refused(place: Place, words: &str) -> Problem {
    let mut lines = words.lines();
    let problem = Problem::at(place, format!("[plugins].load: {}", lines.next().unwrap_or_default()));
    let rest: Vec<&str> = lines.collect();
    if rest.is_empty() { problem } else { problem.help(rest.join("\n")) }
}
