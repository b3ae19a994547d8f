//! Where programs, scripts and data are, and how much is measured.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::args::Args;

/// Everything that the measurements share.
#[derive(Debug)]
pub struct Lab {
    /// This crate's folder, with `rivals/` and `specs/`.
    pub here: PathBuf,
    /// The folder of built programs.
    pub programs: PathBuf,
    /// Whether they are the user's, and nothing is built.
    pub prebuilt: bool,
    /// clip-lab's cache, with the pretrained towers.
    pub cache: PathBuf,
    pub python: PathBuf,
    pub threads: usize,
    pub quick: bool,
    pub flickr8k: Option<PathBuf>,
    pub json: PathBuf,
    /// Stores, features and images; removed at the end.
    scratch: TempDir,
    stop: Arc<AtomicBool>,
    /// Set once the programs of the root package are built.
    pub built: OnceLock<()>,
}

impl Lab {
    /// # Errors
    /// If a folder that the user named does not exist, or no scratch folder can be made.
    pub fn new(args: &Args) -> Result<Self> {
        // At run time, not compile time: in a shared target folder this program may come from another checkout.
        let here =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let programs = std::env::current_exe().context("cannot find the path of this program")?;
        let programs = programs.parent().context("the path of this program has no parent folder")?.to_owned();
        let cache = cache()?;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, stop.clone()).context("cannot handle Ctrl-C")?;
        }
        let flickr8k = args.data.as_deref().map(absolute).transpose()?;
        if let Some(folder) = &flickr8k {
            let list = folder.join("captions.txt");
            ensure!(list.is_file(), "{} is not Flickr8k: it has no captions.txt", folder.display());
        }
        let python = args.python.clone().or_else(|| std::env::var_os("CLIP_LAB_PYTHON").map(PathBuf::from));
        Ok(Self {
            here: here.into(),
            json: args.json.clone().unwrap_or_else(|| programs.with_file_name("bench.json")),
            prebuilt: args.programs.is_some(),
            programs: args.programs.clone().unwrap_or(programs),
            python: python.unwrap_or_else(|| cache.join("python/bin/python")),
            cache,
            threads: args.threads.unwrap_or(cores()),
            quick: args.quick,
            flickr8k,
            scratch: TempDir::new().context("cannot create a scratch folder")?,
            stop,
            built: OnceLock::new(),
        })
    }

    /// `few` with `--quick`, else `many`.
    pub fn amount(&self, few: usize, many: usize) -> usize {
        if self.quick { few } else { many }
    }

    /// Whether Ctrl-C was pressed.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A path in the scratch folder.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub fn spec(&self, name: &str) -> PathBuf {
        self.here.join("specs").join(name)
    }

    /// A cache without features, with the pretrained towers of clip-lab's cache.
    pub fn empty_cache(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).context("cannot create a cache")?;
        std::os::unix::fs::symlink(self.cache.join("weights"), folder.join("weights"))
            .context("cannot link the pretrained towers")?;
        Ok(folder)
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn absolute(folder: &Path) -> Result<PathBuf> {
    folder.canonicalize().with_context(|| format!("--data {}", folder.display()))
}

/// `$CLIP_LAB_CACHE`, else `$XDG_CACHE_HOME/clip-lab`, else `~/.cache/clip-lab`, as xtask and clip-lab.
fn cache() -> Result<PathBuf> {
    let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = path("CLIP_LAB_CACHE") {
        return std::path::absolute(own).context("CLIP_LAB_CACHE");
    }
    let base = path("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
    let base = base.or_else(|| path("HOME").map(|home| home.join(".cache")));
    Ok(base.context("HOME is not set; set CLIP_LAB_CACHE to a folder")?.join("clip-lab"))
}
