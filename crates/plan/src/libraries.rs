//! `[plugins]`: shared libraries with plugins. They are opened first, because the other tables may name their
//! plugins.

use std::path::{Path, PathBuf};

use clip_lab_plugin_api::{
    Catalog, Settings,
    diagnostics::{Place, Problem},
};
use clip_lab_plugin_loader::open;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Setting, planner::Planner, tables::Tables, trust::untrusted_code};
use clip_lab_spec::{Report, Spec};

/// Plugins from shared libraries.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Libraries {
    /// Shared libraries to load plugins from, such as "libmy_loss.so": relative to the spec, else to the current
    /// folder. A library must be built with this program's checkout, compiler and libtorch; `clip-lab plugin new`
    /// creates a crate for one.
    pub load: Vec<PathBuf>,
}

impl Settings for Libraries {}

/// The catalog, extended by the plugins of a spec's libraries.
pub(super) struct Extended {
    pub(super) catalog: Catalog,
    /// File name and digest of each library, for the run record.
    digests: Vec<String>,
}

impl Extended {
    /// Opens the libraries of a spec.
    ///
    /// # Errors
    /// Every library that cannot be used. Nothing else is checked, because the libraries' plugins are missing.
    pub(super) fn new(spec: &Spec, catalog: &Catalog) -> Result<Self, Report> {
        let mut extended = Self { catalog: catalog.clone(), digests: Vec::new() };
        let Some(section) = Tables::new(spec.tables.clone()).section("plugins") else { return Ok(extended) };
        let place = section.place_of("load");
        let libraries: Libraries = section.clone().read().map_err(|problems| spec.report(problems))?;
        let untrusted = |path: &PathBuf| untrusted_code(spec, catalog.trust_code, &section, "load", path);
        let untrusted: Vec<Problem> = libraries.load.iter().filter_map(untrusted).collect();
        if !untrusted.is_empty() {
            return Err(spec.report(untrusted));
        }
        let problems: Vec<Problem> = libraries
            .load
            .iter()
            .filter_map(|path| extended.add(&spec.source.file, path).err())
            .map(|error| load_problem(place.clone(), &error))
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

    /// The digests, as a setting for the run record.
    pub(super) fn settings(&self) -> Option<Setting> {
        let value = (!self.digests.is_empty()).then(|| self.digests.clone().into())?;
        Some(Setting { key: "plugins.digests".to_owned(), value, origin: "file".to_owned() })
    }
}

impl Planner<'_> {
    /// Records `[plugins]`; its libraries are already open.
    pub(super) fn libraries(&mut self) {
        if let Some(section) = self.tables.section("plugins") {
            let _: Option<Libraries> = self.settings(section);
        }
    }
}

/// The path relative to the spec if it exists there, else relative to the current folder.
fn find(spec: &str, path: &Path) -> PathBuf {
    let beside = Path::new(spec).parent().unwrap_or(Path::new("")).join(path);
    if beside.exists() { beside } else { path.to_owned() }
}

/// The first line is the message; the others become the help.
fn load_problem(place: Place, message: &str) -> Problem {
    let mut lines = message.lines();
    let problem = Problem::at(place, format!("[plugins].load: {}", lines.next().unwrap_or_default()));
    let rest: Vec<&str> = lines.collect();
    if rest.is_empty() { problem } else { problem.help(rest.join("\n")) }
}
