//! Class names.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Class names that replace the folder names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a list of class names, or a table from folder to class name")]
pub enum Names {
    /// One per folder, in alphabetical order of the folders.
    List(Vec<String>),
    /// By folder; other folders keep their name.
    Table(BTreeMap<String, String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Table(BTreeMap::new())
    }
}

impl Names {
    /// The class names of `folders`, in order. Folder names are used unchanged, including `_` and `-`.
    ///
    /// # Errors
    /// If a name is superfluous, missing or duplicate.
    pub fn of(&self, folders: &[String]) -> Result<Vec<String>> {
        let names: Vec<String> = match self {
            Self::List(names) => {
                let (listed, found) = (names.len(), folders.len());
                ensure!(
                    listed == found,
                    "`names` lists {listed} classes and there are {found} folders: {}",
                    few(folders)
                );
                names.clone()
            }
            Self::Table(table) => {
                let unknown = table.keys().find(|folder| !folders.contains(folder));
                if let Some(unknown) = unknown {
                    bail!(
                        "`names` has a folder `{unknown}` that does not exist; the folders are {}",
                        few(folders)
                    );
                }
                folders.iter().map(|folder| table.get(folder).unwrap_or(folder).clone()).collect()
            }
        };
        let mut first = HashMap::new();
        for (name, folder) in names.iter().zip(folders) {
            if let Some(other) = first.insert(name, folder) {
                bail!(
                    "the folders `{other}` and `{folder}` are both called `{name}`; class names must be unique"
                );
            }
        }
        Ok(names)
    }
}

/// The first few of a list.
fn few(folders: &[String]) -> String {
    let more = if folders.len() > 5 { ", ..." } else { "" };
    let first: Vec<&str> = folders.iter().take(5).map(String::as_str).collect();
    first.join(", ") + more
}
