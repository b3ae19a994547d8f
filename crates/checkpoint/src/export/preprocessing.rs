//! Preprocessing configurations of other tools.

use clip_lab_plugin_api::{Interpolation, Resize};
use serde_json::{Value, json};

use crate::Preprocess;

/// `preprocessor_config.json` of transformers. CLIP's processor supports all our options.
pub(super) fn huggingface(ours: &Preprocess) -> (&'static str, Value) {
    let size = match ours.resize {
        Resize::Shortest => json!({ "shortest_edge": ours.size }),
        Resize::Squash => json!({ "height": ours.size, "width": ours.size }),
    };
    let content = json!({
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": true,
        "do_resize": true,
        "size": size,
        // Pillow's resampling numbers.
        "resample": if ours.interpolation == Interpolation::Bilinear { 2 } else { 3 },
        "do_center_crop": true,
        "crop_size": { "height": ours.crop, "width": ours.crop },
        "do_rescale": true,
        "rescale_factor": 1.0 / 255.0,
        "do_normalize": true,
        "image_mean": ours.mean,
        "image_std": ours.std,
    });
    ("preprocessor_config.json", content)
}

/// `preprocess_cfg` of open_clip.
pub(super) fn open_clip(ours: &Preprocess) -> Value {
    json!({
        "size": [ours.crop, ours.crop],
        "mode": "RGB",
        "mean": ours.mean,
        "std": ours.std,
        "interpolation": if ours.interpolation == Interpolation::Bilinear { "bilinear" } else { "bicubic" },
        "resize_mode": if ours.resize == Resize::Squash { "squash" } else { "shortest" },
        "fill_color": 0,
    })
}
