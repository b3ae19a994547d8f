//! Requirements of CLIP's two transformers, common to transformers and open_clip.

use super::part::{Part, require};

/// The conflicts of an image tower with CLIP's ViT.
pub(super) fn image_conflicts(image: &Part) -> Vec<String> {
    if image.plugin != "vit" {
        return vec![format!("the image tower is `{}`, not a ViT", image.plugin)];
    }
    let all = [
        require(
            image.is("pre_norm"),
            "the image tower has no norm before its blocks (`pre_norm`), but CLIP's has",
        ),
        require(
            !image.is("patch_bias"),
            "the image tower's patch embedding has a bias (`patch_bias`), but CLIP's has none",
        ),
        require(image.is("qkv_bias"), "the image tower's attention has no bias (`qkv_bias`), but CLIP's has"),
        class_token(image),
    ];
    all.into_iter().flatten().collect()
}

/// Requires a class token with a position, and a final norm.
pub(super) fn class_token(image: &Part) -> Option<String> {
    require(
        image.is("cls_token") && image.is("cls_position") && image.str("final_norm") != "none",
        "the image tower lacks a class token with its own position, or a final norm, which the format requires",
    )
}

/// The conflicts of a text tower with CLIP's.
pub(super) fn text_conflicts(text: &Part) -> Vec<String> {
    if text.plugin != "clip_transformer" {
        return vec![format!("the text tower is `{}`, not CLIP's transformer", text.plugin)];
    }
    let pools = matches!(text.str("pool"), "argmax" | "eos");
    let all = [
        require(
            text.is("causal"),
            "the text tower has bidirectional attention (`causal = false`), but the format's would attend to padding",
        ),
        require(pools, "the text tower pools by the last token, but the format's would pool padding"),
    ];
    all.into_iter().flatten().collect()
}
