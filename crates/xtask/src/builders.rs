//! Programs that build what is not Rust: libtorch's C++ wrapper and libjpeg-turbo with its assembly.

use std::{ffi::OsStr, path::PathBuf};

use anyhow::{Result, bail};

/// Each with the Debian package that brings it.
const BUILDERS: [(&str, &str); 3] = [("c++", "g++"), ("cmake", "cmake"), ("nasm", "nasm")];

/// Says what to install where one of them is missing: their own errors come minutes later and from deep inside.
pub fn check(path: &OsStr) -> Result<()> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    let there = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    let missing: Vec<&(&str, &str)> = BUILDERS.iter().filter(|(program, _)| !there(program)).collect();
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
    fn what_is_missing_is_named_with_its_cure() {
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
