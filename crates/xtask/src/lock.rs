//! The pinned archives, read from `fetch.lock`: one archive per line, with its hash.

use anyhow::{Context, Result, anyhow, bail};

/// The registry of an archive, which determines the download tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A wheel, downloaded by `pip download`.
    Pypi,
    /// A gzipped tar file, downloaded by `npm pack`.
    Npm,
}

/// One pinned archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    pub source: Source,
    pub package: String,
    pub version: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub bytes: u64,
    /// File name in the registry.
    pub file: String,
}

/// All pinned archives.
#[derive(Debug)]
pub struct Lock(Vec<Archive>);

impl Lock {
    /// The lock file of this crate.
    pub fn pinned() -> Result<Self> {
        Self::parse(include_str!("../fetch.lock"))
    }

    /// Parses lines of `source package version sha256 bytes file`; `#` starts a comment line.
    pub fn parse(text: &str) -> Result<Self> {
        let lines =
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let read = |(at, line)| parse_line(line).with_context(|| format!("fetch.lock, line {}", at + 1));
        lines.map(read).collect::<Result<_>>().map(Self)
    }

    /// All archives.
    #[cfg(test)]
    pub fn archives(&self) -> impl Iterator<Item = &Archive> {
        self.0.iter()
    }

    /// The archive of a package.
    pub fn archive(&self, package: &str) -> Result<&Archive> {
        let found = self.0.iter().find(|archive| archive.package == package);
        found.ok_or_else(|| anyhow!("fetch.lock has no package `{package}`; add a line for it"))
    }
}

fn parse_line(line: &str) -> Result<Archive> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [source, package, version, sha256, bytes, file] = fields[..] else {
        bail!("expected six fields (source package version sha256 bytes file), found {}", fields.len());
    };
    if sha256.len() != 64 || !sha256.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
        bail!("`{sha256}` is not a SHA-256 of 64 lower-case hexadecimal digits");
    }
    let source = match source {
        "pypi" => Source::Pypi,
        "npm" => Source::Npm,
        other => bail!("unknown source `{other}`; must be pypi or npm"),
    };
    let bytes = bytes.parse().with_context(|| format!("`{bytes}` is not a number of bytes"))?;
    let [package, version, sha256, file] = [package, version, sha256, file].map(str::to_owned);
    Ok(Archive { source, package, version, sha256, bytes, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line() {
        let hash = "0123456789abcdef".repeat(4);
        let lock = Lock::parse(&format!("# why\n\nnpm  thing  1.2  {hash}  42  thing-1.2.tgz\n")).unwrap();
        let thing = lock.archive("thing").unwrap();
        assert_eq!((thing.source, thing.version.as_str(), thing.bytes), (Source::Npm, "1.2", 42));
        assert_eq!((thing.sha256.as_str(), thing.file.as_str()), (hash.as_str(), "thing-1.2.tgz"));
        assert!(lock.archive("other").unwrap_err().to_string().contains("`other`"));
    }

    #[test]
    fn names_the_faulty_line() {
        let hash = "a".repeat(64);
        let cases = [
            ("pypi a 1".to_owned(), "six fields"),
            (format!("pypi a 1 {} 5 a.whl", &hash[1..]), "SHA-256"),
            (format!("ftp a 1 {hash} 5 a.whl"), "unknown source `ftp`"),
            (format!("pypi a 1 {hash} many a.whl"), "`many` is not a number"),
        ];
        for (line, fault) in cases {
            let message = format!("{:#}", Lock::parse(&format!("#\n{line}")).unwrap_err());
            assert!(message.starts_with("fetch.lock, line 2") && message.contains(fault), "{message}");
        }
    }
}
