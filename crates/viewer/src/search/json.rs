//! Answers as JSON.

use clip_lab_search_protocol::{Query, Ready};
use serde_json::{Value, json};

use super::answers::Answers;

/// One object with the gallery and all answers.
pub fn json(ready: &Ready, answers: &Answers) -> Value {
    let Ready { gallery, images, unreadable, dim, texts, index, approximate } = ready;
    let gallery = json!({ "words": gallery, "pictures": images, "broken": unreadable, "dim": dim, "texts": texts,
                          "index": index, "approximate": approximate });
    let mut all = json!({ "gallery": gallery });
    match answers {
        Answers::Found(found) => {
            let one = |(query, found): &(Query, clip_lab_search_protocol::Found)| {
                let hits = found
                    .hits
                    .iter()
                    .zip(1..)
                    .map(|(hit, rank)| json!({ "rank": rank, "score": hit.score, "picture": hit.name }));
                json!({ "query": query, "embed_seconds": found.embed_seconds,
                        "search_seconds": found.search_seconds, "recall": found.recall, "hits": hits.collect::<Vec<_>>() })
            };
            all["results"] = found.iter().map(one).collect();
        }
        Answers::Missed(misses) => all["wrong"] = json!(misses),
    }
    all
}
