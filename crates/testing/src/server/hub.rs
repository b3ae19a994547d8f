//! A fake Hugging Face Hub: it serves small files itself and redirects to another server for large ones.

use super::{Fault, Server};

/// A hub, and the server of its large files.
pub struct HubServer {
    /// Serves repositories; redirects to `storage` for large files.
    pub hub: Server,
    /// Serves large files. Another origin, since it has another port.
    pub storage: Server,
}

impl HubServer {
    /// Starts both.
    pub fn start() -> Self {
        Self { hub: Server::start(), storage: Server::start() }
    }

    /// The value for HF_ENDPOINT.
    pub fn address(&self) -> &str {
        self.hub.address()
    }

    /// Serves the listing of `repo` (`models/org/name`, `datasets/org/name`) at `revision`, which is `commit`.
    pub fn list(&self, repo: &str, revision: &str, commit: &str, files: &[&str], faults: &[Fault]) {
        let files: Vec<String> = files.iter().map(|file| format!("{{\"rfilename\":\"{file}\"}}")).collect();
        let text = format!("{{\"sha\":\"{commit}\",\"siblings\":[{}]}}", files.join(","));
        self.hub.put(&format!("/api/{repo}/revision/{revision}"), text.as_bytes(), faults);
    }

    /// Serves a small file.
    pub fn small(&self, repo: &str, commit: &str, file: &str, bytes: &[u8], faults: &[Fault]) {
        let tag = format!("\"{}\"", crate::git_sha1(bytes));
        self.hub.put_with(
            &path(repo, commit, file),
            bytes,
            &[("etag", &tag), ("x-repo-commit", commit)],
            faults,
        );
    }

    /// Serves a large file from `storage` with the etag `tag`, normally the SHA-256 of its content.
    pub fn large(&self, repo: &str, commit: &str, file: &str, bytes: &[u8], tag: &str, faults: &[Fault]) {
        let place = self.storage.put(&format!("/lfs/{tag}?signature=secret"), bytes, faults);
        let (quoted, size) = (format!("\"{tag}\""), bytes.len().to_string());
        let headers =
            [("x-linked-etag", quoted.as_str()), ("x-linked-size", &size), ("x-repo-commit", commit)];
        self.hub.redirect(&path(repo, commit, file), &place, &headers);
    }
}

/// URL path of a file.
fn path(repo: &str, commit: &str, file: &str) -> String {
    format!("/{}/resolve/{commit}/{file}", repo.trim_start_matches("models/"))
}
