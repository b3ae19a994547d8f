//! `clip-lab plugin new`: creates a crate for a plugin, built as a shared library.

mod kinds;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use clip_lab_cli::json_document;
use serde_json::json;

use kinds::KINDS;

const MANIFEST: &str = include_str!("../../templates/plugin/Cargo.toml.in");
const CONFIG: &str = include_str!("../../templates/plugin/config.toml.in");
const README: &str = include_str!("../../templates/plugin/README.md.in");
const TEST: &str = include_str!("../../templates/plugin/conformance.rs.in");

/// Creates the crate `name` with a plugin of a kind in `folder` (default: `name`), to be built against the clip-lab
/// checkout in `checkout` (default: the one that this program was built from). Returns the next steps.
///
/// # Errors
/// If there is no such kind, the name is not valid, the folder is in use, or there is no checkout.
pub fn new(
    kind: &str,
    name: &str,
    folder: Option<&Path>,
    checkout: Option<&Path>,
    json: bool,
) -> Result<String> {
    let Some(template) = KINDS.iter().find(|template| template.key == kind) else {
        let keys: Vec<&str> = KINDS.iter().map(|template| template.key).collect();
        bail!("unknown plugin kind `{kind}`; kinds: {}", keys.join(", "))
    };
    ensure!(
        is_name(name),
        "`{name}` cannot name a plugin and its crate: use lower-case letters, digits and `_`, starting with a letter, \
         such as `my_loss`"
    );
    let checkout = find_checkout(checkout)?;
    let folder = folder.map_or_else(|| PathBuf::from(name), Path::to_owned);
    let empty = fs::read_dir(&folder).map_or(!folder.exists(), |mut entries| entries.next().is_none());
    ensure!(empty, "{} is in use: choose another folder with --path", folder.display());
    let fill = |text: &str| {
        let text = text.replace("CHECKOUT", &checkout.display().to_string()).replace("KIND", template.label);
        let text = text.replace("USE", template.usage).replace("KEY", kind);
        text.replace("my_plugin", name).replace("MyPlugin", &camel(name))
    };
    let files = [
        ("Cargo.toml", MANIFEST),
        (".cargo/config.toml", CONFIG),
        ("README.md", README),
        ("src/lib.rs", template.source),
        ("tests/conformance.rs", TEST),
        (".gitignore", "/target\n"),
    ];
    for (file, text) in files {
        write(&folder.join(file), &fill(text))?;
    }
    let lock = fs::read_to_string(checkout.join("Cargo.lock")).context("the checkout has no Cargo.lock")?;
    write(&folder.join("Cargo.lock"), &lock)?;
    copy_toolchain(&checkout, &folder)?;
    if json {
        return Ok(json_document(
            json!({ "kind": kind, "name": name, "out": folder, "library": library(&folder, name) }),
        ));
    }
    Ok(next_steps(&folder, name))
}

/// The path of the shared library.
fn library(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("target/release/lib{name}.so"))
}

fn next_steps(folder: &Path, name: &str) -> String {
    let (library, folder) = (library(folder, name), folder.display());
    format!(
        "created the plugin `{name}` in {folder}: edit src/lib.rs\n\n  cd {folder}\n  cargo test               \
         runs the conformance tests\n  cargo build --release    builds target/release/lib{name}.so; a spec loads it \
         with\n\n[plugins]\nload = [\"{}\"]\n",
        library.display()
    )
}

/// The checkout: a folder with `crates/plugin-api`.
fn find_checkout(named: Option<&Path>) -> Result<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = named.unwrap_or(&built);
    let is_checkout = folder.join("crates/plugin-api/Cargo.toml").exists();
    match (is_checkout, named) {
        (true, _) => folder.canonicalize().context("the checkout cannot be read"),
        (false, Some(named)) => {
            bail!("{} is not a clip-lab checkout: it has no crates/plugin-api", named.display())
        }
        (false, None) => {
            bail!(
                "the checkout that this program was built from no longer exists: name one with --clip-lab DIR"
            )
        }
    }
}

/// Copies the file that pins the compiler, without which another default compiler builds a library that is rejected. Inside
/// the checkout the checkout's file applies.
fn copy_toolchain(checkout: &Path, folder: &Path) -> Result<()> {
    const FILE: &str = "rust-toolchain.toml";
    let pinned = checkout.join(FILE);
    let inside = folder.canonicalize().is_ok_and(|folder| folder.starts_with(checkout));
    if inside || !pinned.exists() {
        return Ok(());
    }
    let text = fs::read_to_string(&pinned).with_context(|| format!("cannot read {}", pinned.display()))?;
    write(&folder.join(FILE), &text)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Whether `name` is valid for a Rust crate and for a plugin in a spec.
fn is_name(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(rest)
        && !RESERVED.contains(&name)
}

/// Rust keywords, and names of crates that the template uses.
const RESERVED: [&str; 20] = [
    "anyhow", "as", "async", "core", "crate", "dyn", "enum", "fn", "image", "impl", "loop", "match", "mod",
    "rand", "schemars", "serde", "static", "std", "tch", "test",
];

/// `my_loss` as `MyLoss`.
fn camel(name: &str) -> String {
    let capital = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    name.split('_').filter(|part| !part.is_empty()).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_created_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        for template in &KINDS {
            let path = folder.path().join(template.key);
            let message = new(template.key, "first_try", Some(&path), None, false).unwrap();
            assert!(message.contains("libfirst_try.so"), "{message}");
            let read = |file: &str| fs::read_to_string(path.join(file)).unwrap();
            let source = read("src/lib.rs");
            assert!(
                source.contains("add::<FirstTry>(\"first_try\")") && source.contains("export_plugin!"),
                "{source}"
            );
            for file in ["Cargo.toml", "README.md", "tests/conformance.rs", ".cargo/config.toml"] {
                let text = read(file);
                assert!(
                    !["my_plugin", "CHECKOUT", "KIND", "KEY", "USE"].iter().any(|word| text.contains(word)),
                    "{text}"
                );
            }
            let checkout = find_checkout(None).unwrap();
            let pinned = fs::read_to_string(checkout.join("rust-toolchain.toml")).unwrap();
            assert_eq!(read("rust-toolchain.toml"), pinned, "the compiler of the checkout");
            let again = new(template.key, "first_try", Some(&path), None, true).unwrap_err().to_string();
            assert!(again.contains("is in use"), "{again}");
        }
    }

    /// Cargo merges the configurations of all parent folders, and cannot merge a string with a table.
    #[test]
    fn a_crate_inside_the_checkout_merges_its_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        fs::create_dir(folder.path().join(".cargo")).unwrap();
        fs::copy(checkout.join(".cargo/config.toml"), folder.path().join(".cargo/config.toml")).unwrap();
        let path = folder.path().join("target/tmp/below");
        new("loss", "below", Some(&path), None, false).unwrap();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut metadata = std::process::Command::new(cargo);
        metadata.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).current_dir(&path);
        let output = metadata.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn invalid_arguments_are_errors() {
        let error = |kind, name, checkout| new(kind, name, None, checkout, false).unwrap_err().to_string();
        assert!(error("losses", "x", None).contains("kinds: image, text, "));
        for name in ["MyLoss", "my-loss", "9lives", "", "fn", "../x"] {
            assert!(error("loss", name, None).contains("cannot name a plugin"), "{name}");
        }
        assert!(error("loss", "x", Some(Path::new("/"))).contains("not a clip-lab checkout"));
    }
}
