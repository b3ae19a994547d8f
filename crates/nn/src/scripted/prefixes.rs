//! Derives layers from parameter names.

/// Groups names into layers, in order of first appearance: a module that contains a numbered list of modules is split
/// down to the members of that list; any other module, and a parameter on its own, is one layer.
pub fn prefixes(names: &[&str]) -> Vec<String> {
    split("", names)
}

/// The layers below `prefix` (empty, or ending in a dot); all `names` start with it.
fn split(prefix: &str, names: &[&str]) -> Vec<String> {
    let mut layers = Vec::new();
    for child in children(prefix, names) {
        let below = format!("{prefix}{child}.");
        let inside: Vec<&str> = names.iter().copied().filter(|name| name.starts_with(&below)).collect();
        if is_number(&child) || !has_numbered_part(&below, &inside) {
            layers.push(format!("{prefix}{child}"));
        } else {
            layers.extend(split(&below, &inside));
        }
    }
    layers
}

/// The next name components below `prefix`, unique, in order.
fn children(prefix: &str, names: &[&str]) -> Vec<String> {
    let mut found = Vec::<String>::new();
    for name in names {
        let next = name[prefix.len()..].split('.').next().unwrap_or_default();
        if !found.iter().any(|other| other == next) {
            found.push(next.to_owned());
        }
    }
    found
}

/// Whether a name component below `prefix` is a number.
fn has_numbered_part(prefix: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name[prefix.len()..].split('.').any(is_number))
}

fn is_number(part: impl AsRef<str>) -> bool {
    let part = part.as_ref();
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::prefixes;

    #[test]
    fn layers_are_found_as_a_reader_would_name_them() {
        let timm =
            ["cls_token", "patch_embed.proj.weight", "blocks.0.mlp.0.weight", "blocks.1.w", "norm.weight"];
        assert_eq!(prefixes(&timm), ["cls_token", "patch_embed", "blocks.0", "blocks.1", "norm"]);
        let clip = ["visual.conv1.weight", "visual.transformer.resblocks.0.attn.w", "visual.proj"];
        assert_eq!(prefixes(&clip), ["visual.conv1", "visual.transformer.resblocks.0", "visual.proj"]);
        let resnet = ["conv1.weight", "layer1.0.conv1.weight", "layer1.0.downsample.0.weight", "fc.weight"];
        assert_eq!(prefixes(&resnet), ["conv1", "layer1.0", "fc"]);
        assert_eq!(prefixes(&["0.weight", "0.bias", "2.weight"]), ["0", "2"]);
        assert_eq!(prefixes(&[]), Vec::<String>::new());
    }
}
