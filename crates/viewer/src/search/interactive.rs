//! The interactive screen: the dashboard draws it, the core answers.

use anyhow::Result;
use clip_lab_cli::SearchArgs;
use clip_lab_dashboard::search::{Options, Searcher, show as draw};
use clip_lab_search_protocol::{Operation, Query, Ready, Reply};

use super::core::Core;
use crate::charts::image_mode;

impl Searcher for Core {
    fn send(&mut self, operation: Operation) -> Result<u64> {
        Core::send(self, operation)
    }

    fn reply(&mut self) -> Result<Option<Reply>> {
        Core::reply(self)
    }
}

/// Shows the screen until the user leaves it.
///
/// # Errors
/// If the core exits or the terminal cannot show the screen.
pub fn show(core: Core, ready: Ready, args: &SearchArgs, queries: &[Query]) -> Result<()> {
    let options = Options {
        ready,
        first: queries.first().cloned(),
        top: args.top.get(),
        worst: args.wrong.wrong.then(|| args.wrong.worst.get()),
        images: image_mode(args.answers.protocol),
    };
    draw(core, options)
}
