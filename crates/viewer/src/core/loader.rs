//! Checks that the dynamic loader finds the libraries of `clip-lab-core`. Its own message names neither the reason nor
//! the fix.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};
use object::{
    Endianness, ReadCache,
    elf::{DT_RPATH, DT_RUNPATH, FileHeader64},
    read::elf::FileHeader as _,
};

/// The main library of libtorch.
const LIBRARY: &str = "libtorch_cpu.so";
/// The exit code if the loader cannot start a program.
const NOT_LOADED: i32 = 127;

/// Checks that `core` can start. Costs a few reads if libtorch is in a folder of the program's RPATH; otherwise starts
/// it.
///
/// # Errors
/// If it does not start, with the missing library and the fix.
pub fn check(core: &Path) -> Result<()> {
    let folders = folders(core).unwrap_or_default();
    if folders.iter().any(|folder| folder.join(LIBRARY).exists()) {
        return Ok(());
    }
    let mut command = Command::new(core);
    let Ok(output) = command.arg("--version").stdin(Stdio::null()).output() else { return Ok(()) };
    if output.status.code() != Some(NOT_LOADED) {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    // `PROGRAM: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file: ...`
    let library = stderr.split(": ").nth(2).unwrap_or("a library");
    let searched: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    bail!(
        "{} cannot start: {library} is not in {}; `cargo xtask setup` in a checkout downloads libtorch again, \
         LD_LIBRARY_PATH=FOLDER names another folder, and `cargo install --path .` builds both programs again",
        core.display(),
        if searched.is_empty() {
            "any folder that the system searches".to_owned()
        } else {
            searched.join(" or ")
        }
    )
}

/// The folders in the RPATH and RUNPATH of the program.
fn folders(core: &Path) -> Option<Vec<PathBuf>> {
    let cache = ReadCache::new(File::open(core).ok()?);
    let header = FileHeader64::<Endianness>::parse(&cache).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, &cache).ok()?;
    let table = sections.dynamic_table(endian, &cache).ok()?;
    let entries = table.iter().filter(|entry| [DT_RPATH, DT_RUNPATH].contains(&entry.tag));
    let paths = entries.filter_map(|entry| table.string(entry).ok());
    let paths: Vec<String> = paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    let origin = core.parent().unwrap_or(Path::new("")).display().to_string();
    let paths = paths.iter().flat_map(|path| path.split(':')).filter(|path| !path.is_empty());
    Some(paths.map(|path| PathBuf::from(path.replace("$ORIGIN", &origin))).collect())
}
