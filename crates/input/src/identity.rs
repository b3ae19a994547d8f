//! Fingerprints of data sets.

use clip_lab_plugin_api::Dataset;

/// A digest of images, captions, classes and order.
pub fn identity(data: &dyn Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    add(&data.fingerprint());
    data.classes().iter().for_each(|class| add(class));
    for index in 0..data.len() {
        data.captions(index).iter().for_each(|caption| add(caption));
        add(&format!("{:?}", data.class(index)));
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Result, bail};

    struct Captioned(Vec<Vec<String>>, Option<usize>);

    impl Dataset for Captioned {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn image(&self, _: usize) -> Result<clip_lab_plugin_api::Image> {
            bail!("no images")
        }

        fn captions(&self, index: usize) -> &[String] {
            &self.0[index]
        }

        fn name(&self, index: usize) -> String {
            index.to_string()
        }

        fn class(&self, _: usize) -> Option<usize> {
            self.1
        }

        fn fingerprint(&self) -> String {
            "the images".into()
        }
    }

    #[test]
    fn captions_and_classes_change_the_digest() {
        let digest = |captions: &[&[&str]], class| {
            let owned = captions.iter().map(|all| all.iter().map(|one| one.to_string()).collect());
            identity(&Captioned(owned.collect(), class))
        };
        let one = digest(&[&["a", "b"], &["c"]], None);
        assert_eq!(one, digest(&[&["a", "b"], &["c"]], None));
        for other in [
            digest(&[&["a"], &["b", "c"]], None),
            digest(&[&["ab"], &["c"]], None),
            digest(&[&["a", "b"], &["c"]], Some(1)),
        ] {
            assert_ne!(one, other);
        }
    }
}
