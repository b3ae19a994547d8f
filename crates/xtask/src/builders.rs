//! Checks for the build tools of non-Rust code: libtorch's C++ wrapper, and libjpeg-turbo with its assembly.

use std::{ffi::OsStr, path::PathBuf};

use anyhow::{Result, bail};

/// Programs and their Debian packages.
const BUILDERS: [(&str, &str); 3] = [("c++", "g++"), ("cmake", "cmake"), ("nasm", "nasm")];

/// Reports missing programs and how to install them: without this check builds fail minutes later with obscure errors.
pub fn check(path: &OsStr) -> Result<()> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    let exists = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    let missing: Vec<&(&str, &str)> = BUILDERS.iter().filter(|(program, _)| !exists(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<String> = missing.iter().map(|(program, _)| format!("`{program}`")).collect();
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    bail!(
        "{} not installed, needed to build; on Debian and Ubuntu: apt install {}",
        programs.join(" and "),
        packages.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_programs_are_named_with_the_remedy() {
        let dir = std::env::temp_dir().join(format!("clip-lab-builders-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("c++"), "").unwrap();
        let error = check(dir.as_os_str()).unwrap_err().to_string();
        assert!(error.starts_with("`cmake` and `nasm` not installed"), "{error}");
        assert!(error.ends_with("apt install cmake nasm"), "{error}");
        std::fs::write(dir.join("cmake"), "").unwrap();
        std::fs::write(dir.join("nasm"), "").unwrap();
        assert!(check(dir.as_os_str()).is_ok());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
