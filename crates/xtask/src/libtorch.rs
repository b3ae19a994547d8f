//! The choice of libtorch, and the link `.libtorch` through which cargo finds the pinned one.

use std::{ffi::OsString, fs, io::ErrorKind, os::unix::fs::symlink, path::Path};

use anyhow::{Context, Result, bail};

use crate::{bundles, lock::Lock};

/// The link in a checkout that `.cargo/config.toml` names as `LIBTORCH`.
const LINK: &str = ".libtorch";

/// The libtorch that the checkout is built against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libtorch {
    /// The pinned one, downloaded into the cache.
    Pinned,
    /// The user's own; nothing is downloaded, and the environment is passed on unchanged.
    Custom,
}

impl Libtorch {
    /// `LIBTORCH_USE_PYTORCH`, `LIBTORCH` or a real folder `.libtorch` select the user's own. Cargo itself sets `LIBTORCH`
    /// to the link if the user does not, so that value (and the cache folder it points to) still selects the pinned one.
    pub fn chosen(root: &Path, cache: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let link = root.join(LINK);
        let is_pinned =
            |folder: &Path| is_same(folder, &link) || is_same(folder, &cache.join(bundles::LIBTORCH.folder));
        let own_folder = fs::symlink_metadata(&link).is_ok_and(|found| found.is_dir());
        let named = variable("LIBTORCH").is_some_and(|folder| !is_pinned(Path::new(&folder)));
        if own_folder || named || variable("LIBTORCH_USE_PYTORCH").is_some() {
            Self::Custom
        } else {
            Self::Pinned
        }
    }
}

/// Whether two paths have the same name in the same folder; the last component is not resolved, as the link may not
/// exist yet.
fn is_same(a: &Path, b: &Path) -> bool {
    let folder = |path: &Path| path.parent().and_then(|parent| parent.canonicalize().ok());
    a == b || (a.file_name() == b.file_name() && folder(a).is_some() && folder(a) == folder(b))
}

/// Links `.libtorch` of a checkout to `folder`. An older link is replaced atomically, so cargo never finds it missing.
pub fn link(root: &Path, folder: &Path) -> Result<()> {
    let link = root.join(LINK);
    if fs::read_link(&link).is_ok_and(|target| target == folder) {
        return Ok(());
    }
    let temporary = root.join(format!("{LINK}.{}", std::process::id()));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| temporary.display().to_string())?
        }
        _ => {}
    }
    let linked = symlink(folder, &temporary).and_then(|()| fs::rename(&temporary, &link));
    linked.with_context(|| {
        format!("cannot create the link {}; make the checkout writable, or set LIBTORCH", link.display())
    })
}

/// The pinned wheels are for Linux on x86-64, the CPU half and the CUDA half alike.
pub fn check_platform(system: &str, processor: &str) -> Result<()> {
    if (system, processor) == ("linux", "x86_64") {
        return Ok(());
    }
    let lock = Lock::pinned()?;
    let version = &lock.archive("torch")?.version;
    bail!(
        "no libtorch is pinned for {system} on {processor}; install PyTorch {version} and set LIBTORCH_USE_PYTORCH=1, \
         or set LIBTORCH to an unpacked libtorch {version}"
    )
}

/// The CUDA half must be from the wheel of the CPU half, so there is none for a user's own.
pub fn check_takes_cuda(libtorch: Libtorch) -> Result<()> {
    if libtorch == Libtorch::Pinned {
        return Ok(());
    }
    bail!(
        "`--cuda` downloads the CUDA half of the pinned libtorch, but this checkout uses your own (LIBTORCH, \
         LIBTORCH_USE_PYTORCH or a folder {LINK}); use one that has CUDA, or the pinned one"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_may_bring_a_libtorch() {
        let place = tempfile::tempdir().unwrap();
        let (root, cache) = (place.path().join("checkout"), place.path().join("cache"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&cache).unwrap();
        let chosen = |variable: Option<(&str, OsString)>| {
            Libtorch::chosen(&root, &cache, |name| {
                variable.clone().filter(|(known, _)| *known == name).map(|(_, value)| value)
            })
        };
        assert_eq!(chosen(None), Libtorch::Pinned);
        assert_eq!(chosen(Some(("LIBTORCH", root.join(".libtorch").into()))), Libtorch::Pinned);
        assert_eq!(chosen(Some(("LIBTORCH", root.join("../checkout/.libtorch").into()))), Libtorch::Pinned);
        assert_eq!(chosen(Some(("LIBTORCH", cache.join("libtorch-2.13.0-cpu").into()))), Libtorch::Pinned);
        assert_eq!(chosen(Some(("LIBTORCH", "/opt/libtorch".into()))), Libtorch::Custom);
        assert_eq!(chosen(Some(("LIBTORCH_USE_PYTORCH", "1".into()))), Libtorch::Custom);
        fs::create_dir(root.join(".libtorch")).unwrap();
        assert_eq!(chosen(None), Libtorch::Custom);
    }

    #[test]
    fn other_platforms_and_other_libtorchs_are_refused() {
        assert!(check_platform("linux", "x86_64").is_ok() && check_takes_cuda(Libtorch::Pinned).is_ok());
        let message = check_platform("macos", "aarch64").unwrap_err().to_string();
        assert!(
            message.starts_with("no libtorch is pinned for macos on aarch64; install PyTorch 2."),
            "{message}"
        );
        let message = check_takes_cuda(Libtorch::Custom).unwrap_err().to_string();
        assert!(message.contains("uses your own (LIBTORCH,"), "{message}");
    }

    #[test]
    fn an_older_link_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        for target in ["/cache/old", "/cache/new", "/cache/new"] {
            link(root.path(), Path::new(target)).unwrap();
            assert_eq!(fs::read_link(root.path().join(".libtorch")).unwrap(), Path::new(target));
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "no temporary link is left");
    }
}
