//! Whether the system's loader finds the libraries of the core. Where it does not, its own words say neither what is
//! missing for which reason nor what to do.

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

/// The library that everything computes with.
const LIBRARY: &str = "libtorch_cpu.so";
/// With which the loader ends a program that it cannot start.
const NOT_LOADED: i32 = 127;

/// Costs a few reads where libtorch lies in a folder that the program names. Elsewhere, the program is started to see.
///
/// # Errors
/// When it does not start, with what is missing and what to do.
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
    let said = String::from_utf8_lossy(&output.stderr);
    // `PROGRAM: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file: ...`
    let library = said.split(": ").nth(2).unwrap_or("a library");
    let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    bail!(
        "{} cannot start: {library} is not in {}, where it was when this program was built; `cargo xtask setup` in a \
         checkout fetches libtorch again, LD_LIBRARY_PATH=FOLDER names another place, and `cargo install --path .` \
         builds anew",
        core.display(),
        if places.is_empty() {
            "any folder that the system searches".to_owned()
        } else {
            places.join(" or ")
        }
    )
}

/// The folders that the program itself tells the loader to search.
fn folders(core: &Path) -> Option<Vec<PathBuf>> {
    let cache = ReadCache::new(File::open(core).ok()?);
    let header = FileHeader64::<Endianness>::parse(&cache).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, &cache).ok()?;
    let table = sections.dynamic_table(endian, &cache).ok()?;
    let named = table.iter().filter(|entry| [DT_RPATH, DT_RUNPATH].contains(&entry.tag));
    let paths = named.filter_map(|entry| table.string(entry).ok());
    let paths: Vec<String> = paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    let beside = core.parent().unwrap_or(Path::new("")).display().to_string();
    let paths = paths.iter().flat_map(|path| path.split(':')).filter(|path| !path.is_empty());
    Some(paths.map(|path| PathBuf::from(path.replace("$ORIGIN", &beside))).collect())
}
