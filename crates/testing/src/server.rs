//! A local HTTP server for tests that injects faults.

mod digest;
mod fault;
mod hub;
mod request;
mod serve;

use std::{
    collections::VecDeque,
    net::TcpListener,
    sync::{Arc, Mutex, atomic::Ordering},
    thread,
};

pub use digest::{git_sha1, sha256};
pub use fault::Fault;
pub use hub::HubServer;
pub use request::Request;
use serve::{Shared, serve};

/// The server. Every path has a file or a redirect, and faults that are served first.
pub struct Server {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default, Clone)]
struct File {
    bytes: Vec<u8>,
    headers: Vec<(String, String)>,
    elsewhere: Option<String>,
    faults: VecDeque<Fault>,
}

impl Server {
    /// Starts the server on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind a port");
        let address = format!("http://{}", listener.local_addr().expect("local address"));
        let server = Self { address, shared: Arc::default() };
        let shared = server.shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        server
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Serves a file after the given faults. Returns its URL.
    pub fn put(&self, path: &str, bytes: &[u8], faults: &[Fault]) -> String {
        let tag = format!("\"{}\"", &sha256(bytes)[..16]);
        self.put_with(path, bytes, &[("etag", &tag)], faults)
    }

    /// [`Server::put`] with its own headers.
    pub fn put_with(&self, path: &str, bytes: &[u8], headers: &[(&str, &str)], faults: &[Fault]) -> String {
        let faults = faults.iter().copied().collect();
        self.insert(path, File { bytes: bytes.to_vec(), headers: owned(headers), elsewhere: None, faults })
    }

    /// Redirects `path` to `place`, a URL or a path.
    pub fn redirect(&self, path: &str, place: &str, headers: &[(&str, &str)]) -> String {
        let headers = owned(headers);
        self.insert(path, File { headers, elsewhere: Some(place.to_owned()), ..File::default() })
    }

    fn insert(&self, path: &str, file: File) -> String {
        lock(&self.shared.files).insert(path.to_owned(), file);
        format!("{}{path}", self.address)
    }

    /// All requests so far, in order.
    pub fn asked(&self) -> Vec<Request> {
        lock(&self.shared.asked).clone()
    }

    /// Total bytes of the bodies sent.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// Number of requests.
    pub fn requests(&self) -> usize {
        lock(&self.shared.asked).len()
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
