//! The key under which features or embeddings of images are cached: a digest of everything that decides their numbers.

use anyhow::Result;
use clip_lab_torch_ext::LIBTORCH;
use tch::nn;

use crate::{environment::hardware, features::update};

/// Digest of the code that computes features, made when this program was built.
const CODE: &str = env!("CLIP_LAB_FEATURES");

/// A cache key of `inputs` (settings, preprocessing, data), of every weight whose name starts with one of `prefixes`,
/// such as `image.`, and of what computes: the code, libtorch's version and the device of `vars`. Not of the number of
/// threads.
///
/// # Errors
/// If libtorch cannot copy a weight.
pub fn key(vars: &nn::VarStore, prefixes: &[&str], inputs: &[&str]) -> Result<String> {
    digest(vars, prefixes, inputs, [CODE, LIBTORCH, &hardware(vars.device())])
}

fn digest(vars: &nn::VarStore, prefixes: &[&str], inputs: &[&str], computer: [&str; 3]) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    for input in inputs.iter().chain(&computer) {
        hash.update(input.as_bytes()).update(&[0]);
    }
    let selected = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let mut tensors: Vec<_> = vars.variables().into_iter().filter(|(name, _)| selected(name)).collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, tensor) in tensors {
        hash.update(name.as_bytes());
        update(&mut hash, &tensor)?;
    }
    Ok(hash.finalize().to_hex()[..32].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn vars(image: f64, text: f64) -> nn::VarStore {
        let vars = nn::VarStore::new(Device::Cpu);
        for (tower, value) in [("image", image), ("text", text)] {
            let _ = (vars.root() / tower).f_var("weight", &[2], nn::Init::Const(value)).unwrap();
        }
        vars
    }

    #[test]
    fn the_selected_weights_the_inputs_and_the_computer_change_the_key() {
        const COMPUTER: [&str; 3] = ["code", "2.13.0", "cpu"];
        let key = |vars: &nn::VarStore, inputs: &[&str], computer| {
            digest(vars, &["image."], inputs, computer).unwrap()
        };
        let (same, inputs) = (vars(1.0, 2.0), ["vit", "fp32"]);
        let one = key(&same, &inputs, COMPUTER);
        assert_eq!(key(&vars(1.0, 3.0), &inputs, COMPUTER), one, "the text tower does not matter");
        for other in [
            key(&vars(1.5, 2.0), &inputs, COMPUTER),
            key(&same, &["vit", "bf16"], COMPUTER),
            key(&same, &["vitfp32"], COMPUTER),
            key(&same, &inputs, ["other code", "2.13.0", "cpu"]),
            key(&same, &inputs, ["code", "2.11.0", "cpu"]),
            key(&same, &inputs, ["code", "2.13.0", "cuda NVIDIA H200 13.0"]),
        ] {
            assert_ne!(other, one);
        }
    }

    #[test]
    fn the_key_is_of_this_computer() {
        let vars = vars(1.0, 2.0);
        let hardware = hardware(Device::Cpu);
        let computer = [CODE, LIBTORCH, hardware.as_str()];
        assert_eq!(
            key(&vars, &["text."], &["a"]).unwrap(),
            digest(&vars, &["text."], &["a"], computer).unwrap()
        );
        assert!(hardware.starts_with("cpu") && CODE.len() == 16);
    }
}
