//! Plugins in shared libraries: the exported symbol, and the fingerprint that is compared before any code of a library
//! runs.
//!
//! ```ignore
//! // src/lib.rs of a crate with `crate-type = ["cdylib"]`
//! pub fn register(catalog: &mut Catalog) {
//!     catalog.loss.add::<MyLoss>("my_loss");
//! }
//! clip_lab_plugin_api::export_plugin!(register);
//! ```
//!
//! `clip-lab plugin new loss my_loss` creates such a crate. A spec loads the library with
//! `[plugins] load = ["libmy_loss.so"]`.
//!
//! Rust has no stable ABI, so program and library must agree on everything that determines the layout of values: the
//! contract's sources, the compiler, the target, libtorch, the libraries whose types cross, and the sizes of those
//! types. Both contain these as text, the library in the section `.clip_lab` of its file, which the program reads
//! without running any code.
//!
//! Two rules follow from having two copies of Rust's standard library in one process:
//! - **A panic must not unwind out of a library.** Registering a plugin, reading its settings and building it catch
//!   panics and turn them into errors. A panic in any other method aborts the process with its message; the run can be
//!   resumed from its last checkpoint. Return errors.
//! - **A library is never unloaded**, since its errors and plugins point into it; and it must not set a
//!   `#[global_allocator]`, since memory allocated on one side is freed on the other.

use std::mem::{align_of, size_of};

pub use crate::caught::caught;
use crate::{Catalog, Param, Params, Planned, Scored, Section, diagnostics::Problem};

/// Size of a fingerprint in bytes; padded with zeros.
pub const LENGTH: usize = 2048;
/// The first line of every fingerprint.
pub const MAGIC: &str = "clip-lab plugin 1\n";
/// The section of a library that begins with its fingerprint.
pub const SECTION: &str = ".clip_lab";
/// The symbol that a library exports.
pub const SYMBOL: &str = "CLIP_LAB_PLUGIN";

/// The fingerprint of this build: lines of `key: value`, then zeros.
pub const FINGERPRINT: [u8; LENGTH] = {
    let text = Text::new(MAGIC).text(include_str!(concat!(env!("OUT_DIR"), "/fingerprint.txt")));
    text.size("Section", size_of::<Section>(), align_of::<Section>())
        .size("Planned", size_of::<Planned<crate::Loss>>(), align_of::<Planned<crate::Loss>>())
        .size("Problem", size_of::<Problem>(), align_of::<Problem>())
        .size("Param", size_of::<Param>(), align_of::<Param>())
        .size("Params", size_of::<Params>(), align_of::<Params>())
        .size("Scored", size_of::<Scored>(), align_of::<Scored>())
        .size("Rng", size_of::<crate::Rng>(), align_of::<crate::Rng>())
        .size("Value", size_of::<serde_json::Value>(), align_of::<serde_json::Value>())
        .size("Error", size_of::<anyhow::Error>(), align_of::<anyhow::Error>())
        .size("Image", size_of::<image::RgbImage>(), align_of::<image::RgbImage>())
        .size("Tensor", size_of::<tch::Tensor>(), align_of::<tch::Tensor>())
        .size("Path", size_of::<tch::nn::Path<'_>>(), align_of::<tch::nn::Path<'_>>())
        .bytes
};

/// Registers a library's plugins.
pub type Register = fn(&mut Catalog) -> Result<(), String>;

/// The value exported by [`export_plugin!`](crate::export_plugin).
#[derive(Debug)]
#[repr(C)]
pub struct Library {
    /// The fingerprint of the library's build.
    pub fingerprint: [u8; LENGTH],
    /// Registers its plugins. Call only if the fingerprints are equal.
    pub register: Register,
}

impl Library {
    /// A library of this build.
    pub const fn new(register: Register) -> Self {
        Self { fingerprint: FINGERPRINT, register }
    }
}

/// Exports `fn register(catalog: &mut Catalog)` from a `cdylib` crate; once per crate.
#[macro_export]
macro_rules! export_plugin {
    ($register:path) => {
        /// Read by clip-lab before it runs any code of this library.
        #[unsafe(no_mangle)]
        #[cfg_attr(target_os = "linux", unsafe(link_section = ".clip_lab"))]
        pub static CLIP_LAB_PLUGIN: $crate::export::Library = $crate::export::Library::new(|catalog| {
            $crate::export::caught("registering its plugins", || $register(catalog))
        });
    };
}

/// Text built in a const context.
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
    fn the_fingerprint_describes_this_build() {
        let text = String::from_utf8(FINGERPRINT.to_vec()).unwrap();
        for line in
            ["rustc: 1.", "libtorch: 2.", "tch: 0.", "anyhow: 1.", "size of Tensor: 8, aligned to 8\n"]
        {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
        assert!(text.starts_with(MAGIC) && !text.contains(": unknown"), "{text}");
    }
}
