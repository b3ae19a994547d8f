//! A server that speaks the hub's HTTP: repositories with small files of its own and large ones elsewhere.

use crate::{Fault, Server};

/// A hub, and the other server that its large files lie on.
pub struct HubServer {
    /// Answers for repositories; sends on to `storage` for large files.
    pub hub: Server,
    /// Holds large files. Another host as far as tokens go: another port.
    pub storage: Server,
}

impl HubServer {
    /// Starts both.
    pub fn start() -> Self {
        Self { hub: Server::start(), storage: Server::start() }
    }

    /// What HF_ENDPOINT should say.
    pub fn address(&self) -> &str {
        self.hub.address()
    }

    /// Lists the files of `repo` (`models/org/name`, `datasets/org/name`) at `revision`, which is `commit`.
    pub fn list(&self, repo: &str, revision: &str, commit: &str, files: &[&str], faults: &[Fault]) {
        let files: Vec<String> = files.iter().map(|file| format!("{{\"rfilename\":\"{file}\"}}")).collect();
        let text = format!("{{\"sha\":\"{commit}\",\"siblings\":[{}]}}", files.join(","));
        self.hub.put(&format!("/api/{repo}/revision/{revision}"), text.as_bytes(), faults);
    }

    /// A file that the hub holds itself.
    pub fn small(&self, repo: &str, commit: &str, file: &str, bytes: &[u8], faults: &[Fault]) {
        let tag = format!("\"{}\"", crate::git_sha1(bytes));
        self.hub.put_with(
            &path(repo, commit, file),
            bytes,
            &[("etag", &tag), ("x-repo-commit", commit)],
            faults,
        );
    }

    /// A file that lies on the other server, under `tag`: the SHA-256 of its bytes where all is well.
    pub fn large(&self, repo: &str, commit: &str, file: &str, bytes: &[u8], tag: &str, faults: &[Fault]) {
        let place = self.storage.put(&format!("/lfs/{tag}?signature=secret"), bytes, faults);
        let (quoted, size) = (format!("\"{tag}\""), bytes.len().to_string());
        let told = [("x-linked-etag", quoted.as_str()), ("x-linked-size", &size), ("x-repo-commit", commit)];
        self.hub.redirect(&path(repo, commit, file), &place, &told);
    }
}

/// Where a file of a repository is asked for.
fn path(repo: &str, commit: &str, file: &str) -> String {
    format!("/{}/resolve/{commit}/{file}", repo.trim_start_matches("models/"))
}
