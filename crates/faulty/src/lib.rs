//! A server on this machine for tests, at fault when told: what it answers, and how it fails to.

mod hub;
mod request;

use std::{
    collections::{HashMap, VecDeque},
    io::Write as _,
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

pub use hub::HubServer;
pub use request::Asked;

/// What the server does instead of answering well. HEAD meets [`Fault::Status`] and [`Fault::Refuse`] alone.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Answers with this status and no file.
    Status(u16),
    /// Answers with this status and says why in `x-error-code`, as the hub does.
    Refuse(u16, &'static str),
    /// Ends after this share of what it promised.
    Part(f64),
    /// Sends half and then nothing for so long.
    Stall(Duration),
    /// Sends the whole file although a part was asked for.
    Whole,
    /// Sends half of the whole file, whatever was asked for.
    HalfOfWhole,
    /// Sends a small piece after each pause.
    Slow(Duration),
}

/// The server. Every path has a file, or another place to look for it, and faults that come first.
pub struct Server {
    address: String,
    files: Arc<Mutex<HashMap<String, File>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
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
        let server = Self { address, files: Arc::default(), asked: Arc::default() };
        let (files, asked) = (server.files.clone(), server.asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, asked) = (files.clone(), asked.clone());
                thread::spawn(move || drop(serve(stream, &files, &asked)));
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
        let tag = format!("\"{:016x}\"", digest(bytes));
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
        lock(&self.files).insert(path.to_owned(), file);
        format!("{}{path}", self.address)
    }

    /// Everything that was asked for until now, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// How often anything was asked for.
    pub fn requests(&self) -> usize {
        lock(&self.asked).len()
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// FNV-1a: other bytes, another tag.
fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn serve(
    mut stream: TcpStream,
    files: &Mutex<HashMap<String, File>>,
    asked: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let request = Asked::read(&stream)?;
    let head = request.method == "HEAD";
    lock(asked).push(request.clone());
    let mut files = lock(files);
    // What has no answer of its own under its query is answered by its path.
    let plain = request.path.split('?').next().unwrap_or_default();
    let key = if files.contains_key(&request.path) { &request.path } else { plain };
    let (file, fault) = match files.get_mut(key) {
        Some(file) => {
            let status = matches!(file.faults.front(), Some(Fault::Status(_) | Fault::Refuse(..)));
            let fault = if head && !status { None } else { file.faults.pop_front() };
            (file.clone(), fault)
        }
        None => (File::default(), Some(Fault::Status(404))),
    };
    drop(files);
    let headers: String = file.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let close = "connection: close\r\n\r\n";
    match (fault, &file.elsewhere) {
        (Some(Fault::Status(status)), _) => {
            return write!(stream, "HTTP/1.1 {status} no\r\ncontent-length: 0\r\n{close}");
        }
        (Some(Fault::Refuse(status, code)), _) => {
            return write!(
                stream,
                "HTTP/1.1 {status} no\r\nx-error-code: {code}\r\ncontent-length: 0\r\n{close}"
            );
        }
        (_, Some(place)) => {
            return write!(
                stream,
                "HTTP/1.1 302 Found\r\nlocation: {place}\r\n{headers}content-length: 0\r\n{close}"
            );
        }
        _ => {}
    }
    let from = if matches!(fault, Some(Fault::Whole | Fault::HalfOfWhole)) { 0 } else { request.from };
    let all = file.bytes.len();
    if from > 0 && from >= all {
        return write!(stream, "HTTP/1.1 416 no\r\ncontent-range: bytes */{all}\r\n{close}");
    }
    let body = &file.bytes[from..];
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{all}", all - 1),
    };
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}{close}", body.len())?;
    if head { Ok(()) } else { send(&mut stream, body, all, fault) }
}

fn send(stream: &mut TcpStream, body: &[u8], all: usize, fault: Option<Fault>) -> std::io::Result<()> {
    match fault {
        Some(Fault::Part(share)) => stream.write_all(&body[..(body.len() as f64 * share) as usize]),
        Some(Fault::HalfOfWhole) => stream.write_all(&body[..all / 2]),
        Some(Fault::Stall(time)) => {
            stream.write_all(&body[..body.len() / 2])?;
            stream.flush()?;
            thread::sleep(time);
            Ok(())
        }
        Some(Fault::Slow(pause)) => body.chunks((all / 50).max(1)).try_for_each(|piece| {
            stream.write_all(piece)?;
            stream.flush()?;
            thread::sleep(pause);
            Ok(())
        }),
        _ => stream.write_all(body),
    }
}
