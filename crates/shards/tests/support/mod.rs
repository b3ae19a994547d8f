//! Shards made for a test, and a server that is at fault when told.
#![allow(dead_code)]

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead as _, BufReader, Cursor, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use clip_lab_shards::{Index, Patience, scan};
use tar::{Builder, Header};

/// A tar of these files.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The index of a tar in memory.
pub fn index(bytes: &[u8]) -> Index {
    scan(Cursor::new(bytes), bytes.len() as u64, "caption")
}

/// Quick to lose patience.
pub const QUICK: Patience =
    Patience { tries: 4, stall: Duration::from_millis(300), pause: Duration::from_millis(5) };

/// What the server does instead of answering well.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Answers with this status and no file.
    Status(u16),
    /// Ends after this share of what it promised.
    Part(f64),
    /// Sends half and then nothing for so long.
    Stall(Duration),
    /// Sends the whole file although a part was asked for.
    Whole,
    /// Sends half of the whole file, whatever was asked for.
    HalfOfWhole,
}

/// A server on this machine. Every path has a file and faults that come first.
pub struct Server {
    address: String,
    files: Arc<Mutex<HashMap<String, File>>>,
    /// `PATH RANGE` of every request.
    pub asked: Arc<Mutex<Vec<String>>>,
}

struct File {
    bytes: Vec<u8>,
    tag: String,
    faults: VecDeque<Fault>,
}

impl Server {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (files, asked) =
            (Arc::<Mutex<HashMap<String, File>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let server = Self { address, files: files.clone(), asked: asked.clone() };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, asked) = (files.clone(), asked.clone());
                thread::spawn(move || drop(serve(stream, &files, &asked)));
            }
        });
        server
    }

    /// Puts a file there, after so many faults.
    pub fn put(&self, path: &str, bytes: &[u8], faults: &[Fault]) -> String {
        let tag = format!("\"{}\"", blake3::hash(bytes).to_hex());
        let file = File { bytes: bytes.to_vec(), tag, faults: faults.iter().copied().collect() };
        self.files.lock().unwrap().insert(path.to_owned(), file);
        format!("{}{path}", self.address)
    }

    /// How often anything was asked for.
    pub fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn serve(
    mut stream: TcpStream,
    files: &Mutex<HashMap<String, File>>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (path, from) = request(&stream)?;
    asked.lock().unwrap().push(format!("{path} {from}"));
    let (bytes, tag, fault) = match files.lock().unwrap().get_mut(&path) {
        Some(file) => (file.bytes.clone(), file.tag.clone(), file.faults.pop_front()),
        None => (Vec::new(), String::new(), Some(Fault::Status(404))),
    };
    let all = bytes.len();
    let from = if matches!(fault, Some(Fault::Whole | Fault::HalfOfWhole)) { 0 } else { from };
    let body = &bytes[from.min(all)..];
    if let Some(Fault::Status(status)) = fault {
        return write!(stream, "HTTP/1.1 {status} no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{all}", all - 1),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: {tag}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    match fault {
        Some(Fault::Part(share)) => stream.write_all(&body[..(body.len() as f64 * share) as usize]),
        Some(Fault::HalfOfWhole) => stream.write_all(&body[..all / 2]),
        Some(Fault::Stall(time)) => {
            stream.write_all(&body[..body.len() / 2])?;
            stream.flush()?;
            thread::sleep(time);
            Ok(())
        }
        _ => stream.write_all(body),
    }
}

/// The path that is asked for, and from which byte on.
fn request(stream: &TcpStream) -> std::io::Result<(String, usize)> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut from = 0;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.split('-').next().and_then(|from| from.parse().ok()).unwrap_or(0);
        }
    }
    Ok((path, from))
}
