//! Requests of a client.

use std::{
    io::{BufRead as _, BufReader, Result},
    net::TcpStream,
};

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// First requested byte.
    pub from: usize,
    /// The `authorization` header.
    pub authorization: Option<String>,
}

impl Request {
    pub(crate) fn read(stream: &TcpStream) -> Result<Self> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap_or(Ok(String::new()))?;
        let mut parts = first.split(' ').map(str::to_owned);
        let mut request = Self {
            method: parts.next().unwrap_or_default(),
            path: parts.next().unwrap_or_default(),
            ..Self::default()
        };
        for line in lines {
            let line = line?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "range" => request.from = first_byte(value),
                "authorization" => request.authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        Ok(request)
    }
}

/// Parses `bytes=100-` into 100.
fn first_byte(range: &str) -> usize {
    let from = range.trim().trim_start_matches("bytes=").split('-').next();
    from.and_then(|from| from.parse().ok()).unwrap_or(0)
}
