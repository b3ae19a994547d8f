//! What the hub refuses, and what to do about it.

use anyhow::{Error, anyhow};
use clip_lab_fetch::Halt;
use clip_lab_home::hub_token_file;
use reqwest::{StatusCode, header::HeaderMap};

use crate::{Hub, Name, name::Kind};

/// What a status other than success means. `ours` is false for the host that large files lie on; `withheld` says that
/// the hub was asked without the keys that there are.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    name: &Name,
    hub: &Hub,
    (ours, withheld): (bool, bool),
) -> Halt {
    let code = headers.get("x-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
    match status {
        // A signed address that has run out: the hub gives another.
        _ if !ours && status.is_client_error() && status != StatusCode::RANGE_NOT_SATISFIABLE => {
            Halt::Again(anyhow!("the server that holds the file refuses it ({status})"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if withheld => Halt::Final(anyhow!(
            "the hub refuses it ({status}), asked without a token: over http:// everybody on the way could read the \
             token; give HF_ENDPOINT as https://"
        )),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Halt::Final(closed(status, code, name, hub)),
        StatusCode::NOT_FOUND => Halt::Final(absent(code, name)),
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Halt::Anew(anyhow!("the server has fewer bytes than it said ({status})"))
        }
        StatusCode::TOO_MANY_REQUESTS => Halt::Again(anyhow!("the hub asks to wait ({status})")),
        status if status.is_server_error() => Halt::Again(anyhow!("the hub fails ({status})")),
        status => Halt::Final(anyhow!("the hub answers {status}")),
    }
}

fn closed(status: StatusCode, code: &str, name: &Name, hub: &Hub) -> Error {
    let page = page(name);
    let give = format!("give a token by HF_TOKEN or in {}", hub_token_file().display());
    let gated = code == "GatedRepo";
    match (gated, hub.token.is_some()) {
        (true, true) => anyhow!(
            "it is gated and closed to this token ({status}): accept its terms at {page} with the account that the token \
             is of, and see that the token may read gated repositories"
        ),
        (true, false) => anyhow!("it is gated ({status}): accept its terms at {page}, then {give}"),
        (false, true) => anyhow!(
            "the hub refuses it ({status}): is the name right, and may the account that the token is of read it? If it \
             is gated, accept its terms at {page}"
        ),
        (false, false) => anyhow!(
            "the hub refuses it ({status}): there is no such repository, or it is private; if the name is right, {give} \
             and, if it is gated, accept its terms at {page}"
        ),
    }
}

fn absent(code: &str, name: &Name) -> Error {
    match code {
        "RevisionNotFound" => {
            anyhow!("it has no revision `{}` (404); {} lists them", name.revision, page(name))
        }
        "EntryNotFound" => anyhow!("it has no such file (404)"),
        _ => anyhow!("the hub has no such repository or file (404): is the name right?"),
    }
}

/// Where a person reads about the repository.
fn page(name: &Name) -> String {
    let kind = if name.kind == Kind::Dataset { "datasets/" } else { "" };
    format!("https://huggingface.co/{kind}{}", name.id)
}
