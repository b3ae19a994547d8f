//! A server on this machine for tests, at fault when told: what it answers, and how it fails to.

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
pub use request::Asked;
use serve::{Shared, serve};

/// The server. Every path has a file, or another place to look for it, and faults that come first.
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
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
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

    /// Puts a file there, after so many faults; its address.
    pub fn put(&self, path: &str, bytes: &[u8], faults: &[Fault]) -> String {
        let tag = format!("\"{}\"", &sha256(bytes)[..16]);
        self.put_with(path, bytes, &[("etag", &tag)], faults)
    }

    /// The same with headers of its own.
    pub fn put_with(&self, path: &str, bytes: &[u8], headers: &[(&str, &str)], faults: &[Fault]) -> String {
        let faults = faults.iter().copied().collect();
        self.insert(path, File { bytes: bytes.to_vec(), headers: owned(headers), elsewhere: None, faults })
    }

    /// Sends whoever asks for `path` to `place`, an address or a path.
    pub fn redirect(&self, path: &str, place: &str, headers: &[(&str, &str)]) -> String {
        let headers = owned(headers);
        self.insert(path, File { headers, elsewhere: Some(place.to_owned()), ..File::default() })
    }

    fn insert(&self, path: &str, file: File) -> String {
        lock(&self.shared.files).insert(path.to_owned(), file);
        format!("{}{path}", self.address)
    }

    /// Everything that was asked for until now, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// Bytes of bodies that anybody took.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// How often anything was asked for.
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
