//! Input checks and token lookup shared by the text encoders.

use clip_lab_plugin_api::prelude::*;

/// The shape `[B, L]` of the ids, checked against the mask and against `context`.
pub(crate) fn fits(tokens: &Tokens, plugin: &str, context: i64) -> Result<(i64, i64)> {
    let (ids, mask) = (tokens.ids.size(), tokens.mask.size());
    let [batch, length] = ids[..] else { bail!("{plugin} expects token ids of [B, L], got {ids:?}") };
    ensure!(ids == mask, "{plugin} got ids of {ids:?} and a mask of {mask:?}: their shapes must be equal");
    ensure!(
        (1..=context).contains(&length),
        "{plugin} takes from 1 to {context} tokens, got {length}: truncate texts to {context} tokens in the \
         tokenizer, or set a larger context"
    );
    Ok((batch, length))
}

/// The rows of `table` `[vocab, W]` for `ids`, padded `[B, L]` or packed `[T]`: `[B, L, W]` or `[T, W]`.
pub(crate) fn embed(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    let vocab = table.size()[0];
    Tensor::f_embedding(table, ids, -1, false, false).with_context(|| {
        format!("cannot look up the token ids; the vocabulary has {vocab}: does the tokenizer belong to this encoder?")
    })
}
