//! Checks the response to a range request.

use anyhow::anyhow;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_RANGE},
};

use crate::{Answer, Halt, Whole, web::failed};

impl Answer {
    /// The download in `response`, requested from byte `from` on. `tag` identifies the file version, `said` is its size if
    /// known from elsewhere.
    ///
    /// # Errors
    /// [`Halt::Anew`] for another range than requested; [`Halt::Final`] if the size is unknown or the body is encoded.
    pub fn new(response: Response, from: u64, tag: String, said: Option<u64>) -> Result<Self, Halt> {
        let sent = length(&response, from)?;
        let length = match (said, sent) {
            (Some(said), Some(sent)) if said != sent => {
                return Err(Halt::Again(anyhow!(
                    "the hub reports {said} bytes, but the server sends {sent}"
                )));
            }
            (Some(length), _) | (None, Some(length)) => length,
            (None, None) => return Err(Halt::Final(anyhow!("the server does not report the file size"))),
        };
        Ok(Self { whole: Whole { length, tag }, bytes: stream(response)? })
    }
}

/// The body of a response as a stream.
///
/// # Errors
/// [`Halt::Final`] if it is encoded, which was not requested: its decoded size has no bound.
pub fn stream(response: Response) -> Result<BoxStream<'static, Result<Bytes, Halt>>, Halt> {
    let encoding = response.headers().get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity") && !encoding.is_empty()) {
        return Err(Halt::Final(anyhow!(
            "the server sent an encoded body (content-encoding), although none was requested"
        )));
    }
    Ok(response.bytes_stream().map_err(failed).boxed())
}

/// Size of the whole file, by the response headers.
fn length(response: &Response, from: u64) -> Result<Option<u64>, Halt> {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    match response.status() {
        StatusCode::OK if from > 0 => Err(Halt::Anew(anyhow!("the server does not support range requests"))),
        StatusCode::OK => Ok(response.content_length()),
        StatusCode::PARTIAL_CONTENT => match range.and_then(parsed) {
            Some((start, total)) if start == from => Ok(total),
            _ => Err(Halt::Anew(anyhow!("the server sent another range than requested"))),
        },
        status => Err(Halt::Final(anyhow!("the server answered {status} instead of a file"))),
    }
}

/// Parses `bytes 100-199/200` into the first byte and the total size, unless that is `*`.
fn parsed(range: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = part.split_once('-')?;
    let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let total = if total.trim() == "*" { None } else { Some(total.trim().parse::<u64>().ok()?) };
    (start <= end && total.is_none_or(|total| end < total)).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn invalid_ranges_are_none() {
        assert_eq!(parsed("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(parsed("bytes 0-1/*"), Some((0, None)));
        for odd in ["bytes 5-4/9", "bytes 0-9/9", "bytes */9", "0-1/2", "bytes 0-1", "bytes -1-2/3", ""] {
            assert_eq!(parsed(odd), None, "{odd}");
        }
        assert_eq!(parsed("bytes 0-1/99999999999999999999999"), None);
    }
}
