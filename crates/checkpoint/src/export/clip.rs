//! CLIP's two transformers, which transformers and open_clip share: what both ask of them.

use super::part::{Part, unless};

/// What keeps an image tower from being CLIP's ViT.
pub(super) fn image_obstacles(image: &Part) -> Vec<String> {
    if image.plugin != "vit" {
        return vec![format!("the image tower is `{}`, not a ViT", image.plugin)];
    }
    let all = [
        unless(
            image.is("pre_norm"),
            "the image tower has no norm before its blocks (`pre_norm`), CLIP's has",
        ),
        unless(
            !image.is("patch_bias"),
            "the image tower's patch embedding has a bias (`patch_bias`), CLIP's has none",
        ),
        unless(image.is("qkv_bias"), "the image tower's attention has no bias (`qkv_bias`), CLIP's has"),
        tokens(image),
    ];
    all.into_iter().flatten().collect()
}

/// What keeps a ViT from having a class token with a place, and a last norm.
pub(super) fn tokens(image: &Part) -> Option<String> {
    unless(
        image.is("cls_token") && image.is("cls_position") && image.word("final_norm") != "none",
        "the image tower lacks a class token with a position of its own, or a last norm, which theirs has",
    )
}

/// What keeps a text tower from being CLIP's.
pub(super) fn text_obstacles(text: &Part) -> Vec<String> {
    if text.plugin != "clip_transformer" {
        return vec![format!("the text tower is `{}`, not CLIP's transformer", text.plugin)];
    }
    let pools = matches!(text.word("pool"), "argmax" | "eos");
    let all = [
        unless(
            text.is("causal"),
            "the text tower attends both ways (`causal = false`), and theirs would see padding",
        ),
        unless(pools, "the text tower pools by the last token, and theirs would take padding for it"),
    ];
    all.into_iter().flatten().collect()
}
