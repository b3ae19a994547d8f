//! CUDA, opened at run time if available: one executable for machines with and without a GPU.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, CString, c_int},
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use libc::{RTLD_GLOBAL, RTLD_NOW, dlerror, dlopen};

use crate::{
    LIBTORCH,
    driver::{has_driver, no_driver},
};

/// libtorch's CUDA library.
const CUDA: &str = "libtorch_cuda.so";
/// Its linear algebra. libtorch opens it by name on first use and does not search the folder of [`CUDA`]; once it is open,
/// its name is enough.
const LINALG: &str = "libtorch_cuda_linalg.so";

/// Opens libtorch's CUDA library, so that `tch::Cuda` finds devices: the one that the loader finds by name (beside
/// libtorch, or in `LD_LIBRARY_PATH`), else that of `cargo xtask setup --cuda`. The latter only on a machine with an NVIDIA
/// driver, as it takes a second and 260 MB.
///
/// Call it before any other operation of libtorch: the first that asks for CUDA (`tch::manual_seed`, a convolution, a
/// count of the devices) fixes for the whole process whether there is CUDA. Further calls change nothing.
///
/// # Errors
/// The loader's message; a CPU-only build has no such library. Also without a driver, and when another operation was
/// first.
pub fn open_cuda() -> Result<(), String> {
    open(has_driver)
}

/// As [`open_cuda`], also without a driver, where it finds no device: tests an installation.
pub fn open_cuda_without_driver() -> Result<(), String> {
    open(|| true)
}

fn open(is_useful: impl FnOnce() -> bool) -> Result<(), String> {
    match load(Path::new(CUDA), RTLD_NOW | RTLD_GLOBAL) {
        Err(message) if is_missing(&message) => open_half(message, is_useful)?,
        loaded => loaded?,
    }
    in_time(tch::utils::has_cudart())
}

/// Opens the CUDA half of the cache; `missing` is the error of a library that the loader does not find.
fn open_half(missing: String, is_useful: impl FnOnce() -> bool) -> Result<(), String> {
    let Some(half) = libtorch_folder().and_then(|folder| half_of(&folder, LIBTORCH)) else {
        return Err(missing);
    };
    if !half.is_dir() {
        return Err(format!("{missing}; `cargo xtask setup --cuda` downloads libtorch's CUDA half"));
    }
    if !is_useful() {
        return Err(no_driver());
    }
    load(&half.join("torch/lib").join(CUDA), RTLD_NOW | RTLD_GLOBAL)?;
    load(&half.join("torch/lib").join(LINALG), RTLD_NOW)
}

/// Opens a library for the rest of the process: a path, or a name that the loader searches.
fn load(library: &Path, flags: c_int) -> Result<(), String> {
    let file = CString::new(library.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: a C string; the initialisers of libtorch's libraries only register kernels.
    if !unsafe { dlopen(file.as_ptr(), flags) }.is_null() {
        return Ok(());
    }
    // SAFETY: dlerror returns a string that it owns, or null.
    let message = unsafe { dlerror() };
    if message.is_null() {
        return Err(format!("{} could not be opened", library.display()));
    }
    Err(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
}

/// Whether the loader did not find [`CUDA`] itself; a library that it finds may fail for what it depends on.
fn is_missing(message: &str) -> bool {
    message.strip_prefix(CUDA).is_some_and(|rest| rest.starts_with(": cannot open shared object file"))
}

/// The folder of the libtorch that this process has loaded.
pub fn libtorch_folder() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    PathBuf::from(&line[line.find('/')?..]).parent().map(PathBuf::from)
}

/// The folder of the CUDA half that `cargo xtask setup --cuda` has put beside the libtorch of this process.
pub fn cuda_half() -> Option<PathBuf> {
    half_of(&libtorch_folder()?, LIBTORCH).filter(|half| half.is_dir())
}

/// Where `cargo xtask setup --cuda` puts the CUDA half of the libtorch in `folder`; none if that is not the one that it
/// downloads, in the `version` that this program was built against. Halves of different builds do not fit.
fn half_of(folder: &Path, version: &str) -> Option<PathBuf> {
    let cpu = folder.parent()?;
    let is_pinned = cpu.file_name()?.to_str()? == format!("libtorch-{version}-cpu");
    is_pinned.then(|| cpu.with_file_name(format!("libtorch-{version}-cuda")))
}

/// Version of CUDA that libtorch was built for, such as `13.0`; none without CUDA. Call it after [`open_cuda`].
pub fn cuda_version() -> Option<String> {
    tch::utils::has_cudart().then(|| dotted(tch::utils::version_cudart()))
}

/// CUDA's number of a version, 1000 times the major plus 10 times the minor, as text.
fn dotted(version: i64) -> String {
    format!("{}.{}", version / 1000, version / 10 % 100)
}

/// The error of a library that was opened too late; `found` is whether libtorch finds it.
fn in_time(found: bool) -> Result<(), String> {
    let late = "libtorch_cuda.so was opened after another operation of libtorch had asked for CUDA, so this process cannot \
                use it";
    if found { Ok(()) } else { Err(late.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_missing_or_opened_too_late_is_an_error() {
        if let Err(fault) = open_cuda() {
            assert!(fault.contains(".so"), "{fault}");
        }
        assert!(in_time(false).unwrap_err().contains("libtorch_cuda.so"));
        assert_eq!(in_time(true), Ok(()));
    }

    #[test]
    fn only_a_library_that_is_not_found_by_name_is_missing() {
        let cannot = "cannot open shared object file: No such file or directory";
        assert!(is_missing(&format!("libtorch_cuda.so: {cannot}")));
        assert!(!is_missing(&format!("libcublas.so.13: {cannot}")));
        assert!(!is_missing("/own/libtorch_cuda.so: undefined symbol: x"));
        let message = load(Path::new("libclip_lab_none.so"), RTLD_NOW).unwrap_err();
        assert_eq!(message, format!("libclip_lab_none.so: {cannot}"));
    }

    #[test]
    fn the_cuda_half_lies_beside_a_pinned_cpu_half_of_the_same_version() {
        let half = |folder: &str| half_of(Path::new(folder), "2.13.0");
        assert_eq!(half("/c/libtorch-2.13.0-cpu/lib"), Some("/c/libtorch-2.13.0-cuda".into()));
        assert_eq!(half("/c/libtorch-2.11.0-cpu/lib"), None);
        assert_eq!(half("/opt/libtorch/lib"), None);
        assert!(libtorch_folder().unwrap().join("libtorch_cpu.so").is_file());
    }

    #[test]
    fn versions_are_dotted() {
        assert_eq!((dotted(13_000), dotted(12_080)), ("13.0".to_owned(), "12.8".to_owned()));
    }
}
