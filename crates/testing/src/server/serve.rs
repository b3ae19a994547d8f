//! Serves one request.

use std::{
    collections::HashMap,
    io::{Result, Write as _},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use super::{Fault, File, Request, lock};

/// The end of every response header.
const CLOSE: &str = "connection: close\r\n\r\n";

/// State shared by all connections.
#[derive(Default)]
pub(crate) struct Shared {
    pub files: Mutex<HashMap<String, File>>,
    pub asked: Mutex<Vec<Request>>,
    pub sent: AtomicU64,
}

/// Reads a request and responds.
pub(crate) fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    let request = Request::read(&stream)?;
    lock(&shared.asked).push(request.clone());
    let (file, fault) = select(&request, shared);
    let mut out = Out { stream, shared };
    let headers: String = file.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    match (fault, &file.elsewhere) {
        (Some(Fault::Status(status)), _) => {
            write!(out.stream, "HTTP/1.1 {status} no\r\ncontent-length: 0\r\n{CLOSE}")
        }
        (Some(Fault::Refuse(status, code)), _) => {
            write!(out.stream, "HTTP/1.1 {status} no\r\nx-error-code: {code}\r\ncontent-length: 0\r\n{CLOSE}")
        }
        (Some(Fault::Complain(status, bytes)), _) => {
            write!(out.stream, "HTTP/1.1 {status} no\r\n{CLOSE}")?;
            out.flood(bytes)
        }
        (_, Some(place)) => {
            write!(
                out.stream,
                "HTTP/1.1 302 Found\r\nlocation: {place}\r\n{headers}content-length: 0\r\n{CLOSE}"
            )
        }
        _ => body(&mut out, &request, &file, &headers, fault),
    }
}

/// The requested file, and the fault to inject.
fn select(request: &Request, shared: &Shared) -> (File, Option<Fault>) {
    let mut files = lock(&shared.files);
    // Match the path with its query, then without.
    let plain = request.path.split('?').next().unwrap_or_default();
    let key = if files.contains_key(&request.path) { &request.path } else { plain };
    let Some(file) = files.get_mut(key) else { return (File::default(), Some(Fault::Status(404))) };
    let status = file.faults.front().is_some_and(|fault| fault.is_status());
    let fault = if request.method == "HEAD" && !status { None } else { file.faults.pop_front() };
    (file.clone(), fault)
}

fn body(out: &mut Out, request: &Request, file: &File, headers: &str, fault: Option<Fault>) -> Result<()> {
    let from = if matches!(fault, Some(Fault::Whole | Fault::HalfOfWhole)) { 0 } else { request.from };
    let all = file.bytes.len();
    if from > 0 && from >= all {
        return write!(out.stream, "HTTP/1.1 416 no\r\ncontent-range: bytes */{all}\r\n{CLOSE}");
    }
    let body = &file.bytes[from..];
    let mut status = match (from, fault) {
        (0, _) => "200 OK".to_owned(),
        (_, Some(Fault::Unsaid)) => "206 Partial Content".to_owned(),
        (_, Some(Fault::Shifted)) => {
            format!("206 Partial Content\r\ncontent-range: bytes {}-{}/{all}", from + 1, all - 1)
        }
        _ => format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{all}", all - 1),
    };
    status += &match fault {
        // Without a length the body ends with the connection.
        Some(Fault::Flood(_) | Fault::Drip(_)) => String::new(),
        Some(Fault::Promise(bytes)) => format!("\r\ncontent-length: {bytes}"),
        Some(Fault::Extension(_)) => "\r\ntransfer-encoding: chunked".to_owned(),
        Some(Fault::Encoded) => format!("\r\ncontent-encoding: gzip\r\ncontent-length: {}", body.len()),
        Some(Fault::Header(bytes)) => {
            format!("\r\nx-long: {}\r\ncontent-length: {}", "x".repeat(bytes), body.len())
        }
        _ => format!("\r\ncontent-length: {}", body.len()),
    };
    write!(out.stream, "HTTP/1.1 {status}\r\n{headers}{CLOSE}")?;
    if request.method == "HEAD" { Ok(()) } else { send(out, body, all, fault) }
}

fn send(out: &mut Out, body: &[u8], all: usize, fault: Option<Fault>) -> Result<()> {
    match fault {
        Some(Fault::Part(share)) => out.write(&body[..(body.len() as f64 * share) as usize]),
        Some(Fault::HalfOfWhole) => out.write(&body[..all / 2]),
        Some(Fault::Stall(time)) => {
            out.write(&body[..body.len() / 2])?;
            thread::sleep(time);
            Ok(())
        }
        Some(Fault::Slow(pause)) => {
            body.chunks((all / 50).max(1)).try_for_each(|piece| out.write_then(piece, pause))
        }
        Some(Fault::Drip(pause)) => loop {
            out.write_then(b"x", pause)?;
        },
        Some(Fault::Flood(bytes)) => out.flood(bytes),
        Some(Fault::Extension(bytes)) => {
            out.write(b"1;")?;
            out.flood(bytes as u64)?;
            out.write(b"\r\nx\r\n0\r\n\r\n")
        }
        _ => out.write(body),
    }
}

/// A connection that counts sent bytes.
struct Out<'a> {
    stream: TcpStream,
    shared: &'a Shared,
}

impl Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)?;
        self.shared.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn write_then(&mut self, bytes: &[u8], pause: Duration) -> Result<()> {
        self.write(bytes)?;
        thread::sleep(pause);
        Ok(())
    }

    fn flood(&mut self, mut bytes: u64) -> Result<()> {
        let block = [b'x'; 1 << 16];
        while bytes > 0 {
            let next = bytes.min(block.len() as u64);
            self.write(&block[..next as usize])?;
            bytes -= next;
        }
        Ok(())
    }
}
