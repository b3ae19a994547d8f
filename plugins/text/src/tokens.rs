//! What every text encoder asks of the tokens it is given.

use clip_lab_api::prelude::*;

/// The ids' `[B, L]`, once they are known to fit into `context`.
pub(crate) fn fits(tokens: &Tokens, plugin: &str, context: i64) -> Result<(i64, i64)> {
    let (ids, mask) = (tokens.ids.size(), tokens.mask.size());
    let [batch, length] = ids[..] else { bail!("{plugin} wants token ids of [B, L] and was given {ids:?}") };
    ensure!(ids == mask, "{plugin} was given ids of {ids:?} and a mask of {mask:?}: they must be alike");
    ensure!(
        (1..=context).contains(&length),
        "{plugin} reads from 1 to {context} tokens and was given {length}: let the tokenizer cut texts to \
         {context} tokens, or set a larger context"
    );
    Ok((batch, length))
}

/// The rows of `table` `[vocab, W]` that `ids` `[B, L]` name: `[B, L, W]`.
pub(crate) fn embed(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    let vocab = table.size()[0];
    Tensor::f_embedding(table, ids, -1, false, false).with_context(|| {
        format!("cannot look up the token ids; the vocabulary has {vocab}: is the tokenizer the one of this encoder?")
    })
}
