//! Values and gradients of open_clip and transformers, in double precision.

use crate::support::{Built, goldens};
use clip_lab_plugin_api::Pair;
use tch::Tensor;

fn close(name: &str, got: &Tensor, want: &Tensor) {
    let worst = (got - want).abs().max().double_value(&[]);
    assert!(worst <= 1e-9, "{name}: off by {worst:e}");
}

/// Checks `{name}.{batch}.*`; `variables` maps the golden's name of a gradient to the variable's.
fn holds(name: &str, spec: &str, variables: &[(&str, &str)]) {
    let golden = goldens("losses/io.safetensors");
    for batch in [3, 16, 64] {
        let leaf = |of: &str| golden[&format!("clip.{batch}.{of}")].copy().set_requires_grad(true);
        let (image, text, built) = (leaf("image"), leaf("text"), Built::new(spec, batch));
        let scored = built.loss.score(&Pair::new(&image, &text)).unwrap();
        scored.loss.backward();
        let want = |of: &str| &golden[&format!("{name}.{batch}.{of}")];
        close("loss", &scored.loss, want("loss"));
        close("image", &image.grad(), want("grad_image"));
        close("text", &text.grad(), want("grad_text"));
        for (gradient, variable) in variables {
            close(gradient, &built.variable(variable).grad(), want(gradient));
        }
    }
}

#[test]
fn clip_agrees_to_nine_digits() {
    holds("clip", "plugin = 'clip'", &[("grad_logscale", "logit_scale")]);
}

#[test]
fn siglip_agrees_to_nine_digits() {
    let variables = [("grad_logscale", "logit_scale"), ("grad_bias", "logit_bias")];
    holds("siglip", "plugin = 'siglip'", &variables);
}
