//! Requests to the search process, and its replies.

use std::time::Instant;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_search_protocol::{Answer, Operation, Query, Reply};

use super::App;

/// The purpose of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// Run a query.
    Search(Query),
    /// Load an image, by number and size.
    Thumbnail((usize, u32)),
    /// List wrong matches.
    Misses,
}

impl App {
    /// The requests to send now, including those for `images`. At most one query is in flight, so that the latest
    /// text does not queue behind earlier ones.
    pub fn requests(&mut self, now: Instant, images: &[(usize, u32)]) -> Vec<(Purpose, Operation)> {
        let mut requests = Vec::new();
        let busy = self.in_flight.values().any(|purpose| !matches!(purpose, Purpose::Thumbnail(_)));
        if let Some((query, _)) = self.due.take_if(|(_, from)| !busy && now >= *from) {
            let operation = Operation::Nearest { to: query.clone(), top: self.top, check: false };
            requests.push((Purpose::Search(query), operation));
        }
        if let (Some(count), None, false) = (self.worst, &self.misses, busy)
            && self.error.is_none()
        {
            requests.push((Purpose::Misses, Operation::Misses { count, top: self.top }));
        }
        if self.gallery.on() {
            let missing = self.thumbnails.requests(images.iter().copied());
            requests.extend(missing.into_iter().map(|(key, operation)| (Purpose::Thumbnail(key), operation)));
        }
        requests
    }

    /// Registers a sent request.
    pub fn sent(&mut self, id: u64, purpose: Purpose) {
        self.in_flight.insert(id, purpose);
    }

    /// Handles a reply.
    pub fn receive(&mut self, reply: Reply) {
        let Some(purpose) = self.in_flight.remove(&reply.id) else { return };
        match (purpose, reply.answer) {
            (Purpose::Thumbnail(key), answer) => {
                let jpeg = match answer {
                    Answer::Thumbnail { jpeg } => STANDARD.decode(jpeg).ok(),
                    _ => None,
                };
                self.thumbnails.insert(key, jpeg);
            }
            // The prompt has been cleared since the request.
            (Purpose::Search(Query::Text(_)), _) if self.input.text().trim().is_empty() => {}
            (Purpose::Search(_), Answer::Found(found)) => {
                (self.found, self.error, self.selected) = (Some(found), None, 0);
            }
            (Purpose::Misses, Answer::Misses(misses)) => self.misses = Some(misses),
            (_, Answer::Failed(why)) => (self.found, self.error) = (None, Some(why)),
            (_, _) => {
                self.error =
                    Some("unexpected reply: the search process is a different version of clip-lab".to_owned())
            }
        }
    }
}
