//! Locations: the checkout, the cache, and the programs built by cargo.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};

use crate::{bundles, libtorch::Libtorch};

/// A checkout of the repository, with its cache and its build output.
#[derive(Debug)]
pub struct Checkout {
    pub root: PathBuf,
    /// Downloads, shared by all checkouts of a user.
    pub cache: PathBuf,
    /// The folder of built programs, such as `target/debug`.
    pub programs: PathBuf,
    pub libtorch: Libtorch,
}

impl Checkout {
    /// Read from the environment set by `cargo run`.
    pub fn of_this_process() -> Result<Self> {
        // At run time, not compile time: in a shared target folder this program may come from another checkout.
        let here =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&here)
            .ancestors()
            .nth(2)
            .context("xtask's folder is not inside a checkout")?
            .to_owned();
        let cache = cache_folder(|name| std::env::var_os(name))?;
        // This program is in the same folder as the others, whatever target folder the user configured.
        let program = std::env::current_exe().context("cannot find the path of this program")?;
        let programs = program.parent().context("the path of this program has no parent folder")?.to_owned();
        let libtorch = Libtorch::chosen(&root, &cache, |name| std::env::var_os(name));
        Ok(Self { root, cache, programs, libtorch })
    }

    /// The folder of the downloaded libtorch.
    pub fn pinned_libtorch(&self) -> PathBuf {
        self.cache.join(bundles::LIBTORCH.folder)
    }

    /// Whether other checkouts may build into the same target folder.
    pub fn shares_target(&self) -> bool {
        !self.programs.starts_with(self.root.join("target"))
    }
}

/// `$CLIP_LAB_CACHE`, else `$XDG_CACHE_HOME/clip-lab`, else `~/.cache/clip-lab`; an empty variable counts as unset.
pub fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = path("CLIP_LAB_CACHE") {
        return std::path::absolute(&own).with_context(|| format!("CLIP_LAB_CACHE={}", own.display()));
    }
    let xdg = path("XDG_CACHE_HOME").filter(|folder| folder.is_absolute()); // its specification: ignore relative ones
    let base = xdg.or_else(|| path("HOME").map(|home| home.join(".cache")));
    let base = base
        .ok_or_else(|| anyhow!("no folder for downloads: HOME is not set; set CLIP_LAB_CACHE to a folder"))?;
    Ok(base.join("clip-lab"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(variables: &[(&str, &str)]) -> Result<PathBuf> {
        cache_folder(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn cache_follows_the_variables_in_order() {
        let home = ("HOME", "/home/a");
        assert_eq!(cache(&[home]).unwrap(), Path::new("/home/a/.cache/clip-lab"));
        assert_eq!(cache(&[home, ("XDG_CACHE_HOME", "/x")]).unwrap(), Path::new("/x/clip-lab"));
        assert_eq!(cache(&[home, ("XDG_CACHE_HOME", "x")]).unwrap(), Path::new("/home/a/.cache/clip-lab"));
        assert_eq!(
            cache(&[home, ("XDG_CACHE_HOME", "/x"), ("CLIP_LAB_CACHE", "/c")]).unwrap(),
            Path::new("/c")
        );
        assert_eq!(cache(&[home, ("CLIP_LAB_CACHE", "")]).unwrap(), Path::new("/home/a/.cache/clip-lab"));
        assert!(cache(&[("CLIP_LAB_CACHE", "rel")]).unwrap().is_absolute());
        assert!(cache(&[]).unwrap_err().to_string().contains("set CLIP_LAB_CACHE"));
    }
}
