//! Plugins in shared libraries: what a library exports, and the fingerprint that is compared before any of it runs.
//!
//! ```ignore
//! // src/lib.rs of a crate with `crate-type = ["cdylib"]`
//! pub fn register(catalog: &mut Catalog) {
//!     catalog.loss.add::<MyLoss>("my_loss");
//! }
//! clip_lab_api::export_plugin!(register);
//! ```
//!
//! `clip-lab plugin new loss my_loss` writes such a crate. A spec names the library: `[plugins] load = ["libmy_loss.so"]`.
//!
//! Rust keeps no binary interface from one build to the next, so program and library must agree on everything that
//! decides how values lie in memory: the contract's sources, the compiler, the target, libtorch, the libraries whose
//! types cross, and the sizes of those types. Each side carries these as text, the library in the section `.clip_lab`
//! of its file, where the program reads it without running anything.
//!
//! Two rules follow from there being two copies of Rust's library in one process:
//! - **A panic must not leave a library.** Registering a plugin, reading its settings and building it catch panics and
//!   make errors of them. A panic in any other method ends the process, with its message, at once; the run goes on from
//!   its last checkpoint. Return errors.
//! - **A library is never unloaded**, since errors and plugins made by it point into it; and it must not set a
//!   `#[global_allocator]`, since what one side allocates the other frees.

use std::{
    any::Any,
    mem::{align_of, size_of},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{Catalog, Param, Params, Planned, Scored, Section, problem::Problem};

/// Bytes of a fingerprint; what the text leaves over is zero.
pub const LENGTH: usize = 2048;
/// The first line of every fingerprint.
pub const MAGIC: &str = "clip-lab plugin 1\n";
/// The section of a library that begins with its fingerprint.
pub const SECTION: &str = ".clip_lab";
/// The name of the one thing that a library exports.
pub const SYMBOL: &str = "CLIP_LAB_PLUGIN";

/// What this side was built with: lines of `key: value`, then zeros.
pub const FINGERPRINT: [u8; LENGTH] = {
    let text = Text::new(MAGIC).text(include_str!(concat!(env!("OUT_DIR"), "/fingerprint.txt")));
    text.size("Section", size_of::<Section>(), align_of::<Section>())
        .size("Planned", size_of::<Planned<dyn crate::Loss>>(), align_of::<Planned<dyn crate::Loss>>())
        .size("Problem", size_of::<Problem>(), align_of::<Problem>())
        .size("Param", size_of::<Param>(), align_of::<Param>())
        .size("Params", size_of::<Params>(), align_of::<Params>())
        .size("Scored", size_of::<Scored>(), align_of::<Scored>())
        .size("Rng", size_of::<crate::Rng>(), align_of::<crate::Rng>())
        .size("Value", size_of::<serde_json::Value>(), align_of::<serde_json::Value>())
        .size("Error", size_of::<anyhow::Error>(), align_of::<anyhow::Error>())
        .size("Picture", size_of::<image::RgbImage>(), align_of::<image::RgbImage>())
        .size("Tensor", size_of::<tch::Tensor>(), align_of::<tch::Tensor>())
        .size("Path", size_of::<tch::nn::Path<'_>>(), align_of::<tch::nn::Path<'_>>())
        .bytes
};

/// Puts a library's plugins on their shelves.
pub type Register = fn(&mut Catalog) -> Result<(), String>;

/// What a library exports, by [`export_plugin!`](crate::export_plugin).
#[derive(Debug)]
#[repr(C)]
pub struct Library {
    /// What the library was built with.
    pub fingerprint: [u8; LENGTH],
    /// Puts its plugins on their shelves. To be called only when the fingerprints agree.
    pub register: Register,
}

impl Library {
    /// A library of this build.
    pub const fn new(register: Register) -> Self {
        Self { fingerprint: FINGERPRINT, register }
    }
}

/// Exports `fn register(catalog: &mut Catalog)` from a crate whose type is `cdylib`; once in a crate.
#[macro_export]
macro_rules! export_plugin {
    ($register:path) => {
        /// What clip-lab reads before it runs anything of this library.
        #[unsafe(no_mangle)]
        #[cfg_attr(target_os = "linux", unsafe(link_section = ".clip_lab"))]
        pub static CLIP_LAB_PLUGIN: $crate::export::Library = $crate::export::Library::new(|catalog| {
            $crate::export::caught("registering its plugins", || $register(catalog))
        });
    };
}

/// What `act` gives, or in words what it panicked with; `what` says what was being done.
///
/// # Errors
/// When it panics.
pub fn caught<T>(what: &str, act: impl FnOnce() -> T) -> Result<T, String> {
    // Nothing that was half changed is used afterwards: the error ends what was asked for.
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| format!("{what} panicked: {}", words(&*panic)))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

/// Text made while compiling.
struct Text {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Text {
    const fn new(start: &str) -> Self {
        Self { bytes: [0; LENGTH], length: 0 }.text(start)
    }

    const fn text(mut self, text: &str) -> Self {
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.length] = text.as_bytes()[at];
            self.length += 1;
            at += 1;
        }
        self
    }

    const fn number(self, value: usize) -> Self {
        let text = if value >= 10 { self.number(value / 10) } else { self };
        let digit = [b'0' + (value % 10) as u8];
        match str::from_utf8(&digit) {
            Ok(digit) => text.text(digit),
            Err(_) => text,
        }
    }

    /// `size of NAME: BYTES, aligned to BYTES`
    const fn size(self, name: &str, size: usize, align: usize) -> Self {
        let text = self.text("size of ").text(name).text(": ").number(size);
        text.text(", aligned to ").number(align).text("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_says_what_this_side_was_built_with() {
        let text = String::from_utf8(FINGERPRINT.to_vec()).unwrap();
        for line in
            ["rustc: 1.", "libtorch: 2.", "tch: 0.", "anyhow: 1.", "size of Tensor: 8, aligned to 8\n"]
        {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
        assert!(text.starts_with(MAGIC) && !text.contains(": unknown"), "{text}");
    }

    #[test]
    fn a_panic_becomes_words() {
        assert_eq!(caught("adding", || 1 + 1), Ok(2));
        assert_eq!(
            caught("adding", || panic!("no {}", "way")),
            Err::<(), _>("adding panicked: no way".to_owned())
        );
    }
}
