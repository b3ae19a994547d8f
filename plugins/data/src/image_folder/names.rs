//! What classes are called.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of classes in place of their folders' names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a list of class names, or a table from folder to class name")]
pub enum Names {
    /// One for each folder, in alphabetical order of the folders.
    List(Vec<String>),
    /// By folder; folders left out keep their name.
    Table(BTreeMap<String, String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Table(BTreeMap::new())
    }
}

impl Names {
    /// The names of the classes in `folders`, in order. A folder's own name stays as it is, `_` and `-` too.
    ///
    /// # Errors
    /// When a name is left over, missing or there twice.
    pub fn of(&self, folders: &[String]) -> Result<Vec<String>> {
        let names: Vec<String> = match self {
            Self::List(names) => {
                let (said, there) = (names.len(), folders.len());
                ensure!(
                    said == there,
                    "`names` lists {said} classes and there are {there} folders: {}",
                    few(folders)
                );
                names.clone()
            }
            Self::Table(table) => {
                let stray = table.keys().find(|folder| !folders.contains(folder));
                if let Some(stray) = stray {
                    bail!(
                        "`names` speaks of a folder `{stray}` that is not there; there are {}",
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
                    "the folders `{other}` and `{folder}` are both called `{name}`; a class has a name of its own"
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
