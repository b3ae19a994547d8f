//! Names of open_clip, timm, Hugging Face and PyTorch for what a spec calls something else. [`label_alias`] names the
//! setting, table or plugin meant, also when it belongs to another table.

use crate::Problem;

/// Names used elsewhere, and the name in a spec: `[table].key`, `[table]`, `[[list]] plugin`, or the name of a top-level
/// table or a plugin. A name may appear several times; the first valid one is suggested.
const ALIASES: &[(&[&str], &str)] = &[
    // Top-level tables.
    (&["trainer", "training", "training_args"], "run"),
    (&["dataset", "datasets"], "data"),
    (&["transform", "transforms", "augmentation", "augmentations"], "augment"),
    (&["criterion", "loss_fn"], "loss"),
    (&["optim"], "optimizer"),
    (&["scheduler", "lr_scheduler"], "schedule"),
    (&["callback", "callbacks", "hooks"], "trick"),
    (&["evaluation", "evaluator", "metrics"], "eval"),
    (&["vision", "visual", "vision_model", "image_encoder"], "[model.image]"),
    (&["textual", "text_model", "text_encoder"], "[model.text]"),
    (&["visual_projection"], "[model.image_projection]"),
    (&["head", "classifier_head"], "[model.classifier]"),
    // Training.
    (&["batch_size", "train_batch_size", "per_device_train_batch_size", "bs"], "[run].batch"),
    (&["accum_freq", "grad_accum", "gradient_accumulation_steps", "micro_batch_size"], "[run].micro_batch"),
    (&["num_epochs", "max_epochs", "num_train_epochs"], "[run].epochs"),
    (&["max_steps", "num_steps", "total_steps", "num_train_steps"], "[run].steps"),
    (&["random_seed"], "[run].seed"),
    (&["use_deterministic_algorithms", "cudnn_deterministic"], "[run].deterministic"),
    (&["num_workers", "dataloader_num_workers"], "[run].workers"),
    (&["amp", "bf16", "fp16", "dtype", "mixed_precision"], "[run].precision"),
    (&["grad_checkpointing", "gradient_checkpointing"], "[run].recompute_activations"),
    (&["val_frequency", "eval_steps", "eval_interval"], "[run].eval_every"),
    (&["save_frequency", "save_steps", "save_every"], "[run].checkpoint_every"),
    (&["logging_steps", "log_interval", "log_every_n_steps"], "[run].log_every"),
    (&["metric_for_best_model"], "[run].goal"),
    (&["load_best_model_at_end"], "[run].select"),
    (&["lock_image", "lock_text", "freeze_image", "freeze_text"], "[model].lock"),
    // Optimizer and schedule.
    (&["lr", "learning_rate", "base_lr"], "[optimizer].lr"),
    (&["wd", "weight_decay"], "[optimizer].weight_decay"),
    (&["betas", "beta1", "beta2", "adam_beta1", "adam_beta2"], "[optimizer].betas"),
    (&["epsilon", "adam_epsilon"], "[optimizer].eps"),
    (&["momentum"], "[optimizer].momentum"),
    (&["warmup", "warmup_steps", "warmup_iters", "num_warmup_steps"], "[schedule].warmup"),
    (&["min_lr", "eta_min"], "[schedule].floor"),
    // Loss.
    (&["temperature", "logit_scale", "init_logit_scale"], "[loss].scale"),
    (&["logit_bias", "init_logit_bias"], "[loss].bias"),
    (&["smoothing", "label_smoothing"], "[loss].label_smoothing"),
    // Towers and projections.
    (&["patch"], "[model.image].patch_size"),
    (&["img_size", "input_size", "resolution", "image_resolution"], "[model.image].image_size"),
    (&["embed_dim", "hidden_size", "d_model"], "[model.image].width"),
    (&["embed_dim", "out_dim", "projection_dim"], "[model.image_projection].dim"),
    (&["hidden_size", "hidden_dim"], "[model.image_projection].hidden"),
    (&["layers", "num_layers", "num_hidden_layers"], "[model.image].depth"),
    (&["num_heads", "nhead", "num_attention_heads"], "[model.image].heads"),
    (&["drop_path_rate"], "[model.image].drop_path"),
    (&["drop_rate", "hidden_dropout_prob"], "[model.image].dropout"),
    (&["attn_drop", "attn_drop_rate", "attention_probs_dropout_prob"], "[model.image].attention_dropout"),
    (&["init_values", "ls_init_value"], "[model.image].layer_scale"),
    (&["act_layer", "hidden_act"], "[model.image].activation"),
    (&["global_pool", "pool_type"], "[model.image].pool"),
    (&["vocab_size"], "[model.text].vocab"),
    (&["context_length", "max_position_embeddings"], "[model.text].context"),
    (&["intermediate_size"], "[model.text].mlp_dim"),
    (&["max_length", "model_max_length", "context_length"], "[tokenizer].max_tokens"),
    // Data and preprocessing.
    (&["dir", "path", "data_dir", "data_root"], "[data.train].root"),
    (&["urls", "train_data"], "[data.train].shards"),
    (&["img_key", "image_key", "csv_img_key"], "[data.train].image_column"),
    (&["caption_key", "csv_caption_key"], "[data.train].caption_column"),
    (&["image_mean"], "[preprocess].mean"),
    (&["image_std"], "[preprocess].std"),
    // Plugins.
    (&["infonce", "info_nce", "contrastive", "clip_loss", "nt_xent"], "clip"),
    (&["sigmoid", "siglip_loss"], "siglip"),
    (&["supcon", "unicl"], "multi_positive"),
    (&["ce", "softmax"], "cross_entropy"),
    (&["adam"], "adamw"),
    (&["cosineannealinglr", "cosine_annealing", "cosine_with_warmup"], "cosine"),
    (&["constant_with_warmup"], "constant"),
    (&["inverse_sqrt"], "rsqrt"),
    (&["warmup_stable_decay"], "wsd"),
    (&["visiontransformer", "vision_transformer"], "vit"),
    (&["transformer", "text_transformer"], "clip_transformer"),
    (&["bpe", "simple_tokenizer"], "clip_bpe"),
    (&["hf", "autotokenizer"], "huggingface"),
    (&["wds", "tar"], "webdataset"),
    (&["csv", "json", "parquet"], "captions"),
    (&["hflip", "horizontal_flip", "randomhorizontalflip", "random_horizontal_flip"], "[[augment]] flip"),
    (&["rrc", "randomresizedcrop"], "[[augment]] random_resized_crop"),
    (&["mixup"], "[[augment]] mixup"),
    (&["cutmix"], "[[augment]] cutmix"),
    (&["max_grad_norm", "grad_clip_norm", "grad_clip", "gradient_clipping"], "[[trick]] clip_grad"),
    (&["ema", "model_ema"], "[[trick]] ema"),
    (&["llrd", "layer_decay"], "[[trick]] layer_decay"),
];

/// Names that only the top of a spec and `[run]` have: the places where other tools' flat settings end up.
const FLAT: [&str; 2] = ["optimizer", "micro_batch"];

/// Labels the problem of the unknown `name` if it is an alias: of one of the valid names `known` or, at the top of a spec
/// and in `[run]`, of a setting of another table.
pub(crate) fn label_alias(problem: Problem, name: &str, known: &[&str]) -> Problem {
    match target(name, known) {
        Some(target) => problem.label(format!("did you mean `{target}`?")),
        None => problem,
    }
}

fn target(name: &str, known: &[&str]) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let mut targets =
        ALIASES.iter().filter(|(names, _)| names.contains(&name.as_str())).map(|(_, target)| *target);
    let here = targets.clone().map(last).find(|target| known.contains(target));
    let flat = FLAT.iter().any(|only| known.contains(only));
    here.or_else(|| targets.find(|target| flat && target.starts_with('[')))
}

/// The last name of a target: the key, table or plugin.
fn last(target: &str) -> &str {
    target.trim_end_matches(']').rsplit(['.', ' ', '[']).next().unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: [&str; 4] = ["run", "model", "loss", "optimizer"];
    const RUN: [&str; 4] = ["epochs", "steps", "batch", "micro_batch"];

    #[test]
    fn habits_of_other_tools_lead_to_the_settings_here() {
        let cases: [(&str, &[&str], &str); 15] = [
            ("batch_size", &RUN, "batch"),
            ("per-device-train-batch-size", &RUN, "batch"),
            ("lr", &RUN, "[optimizer].lr"),
            ("learning_rate", &TOP, "[optimizer].lr"),
            ("learning_rate", &["lr", "eps"], "lr"),
            ("warmup_steps", &["warmup"], "warmup"),
            ("temperature", &["scale", "learned"], "scale"),
            ("max_grad_norm", &RUN, "[[trick]] clip_grad"),
            ("patch", &["image_size", "patch_size"], "patch_size"),
            ("embed_dim", &["dim", "bias"], "dim"),
            ("hidden_size", &["depth", "width"], "width"),
            ("context_length", &["max_tokens"], "max_tokens"),
            ("visual", &["image", "text"], "image"),
            ("InfoNCE", &["clip", "siglip"], "clip"),
            ("RandomHorizontalFlip", &["flip", "mixup"], "flip"),
        ];
        for (name, known, expected) in cases {
            assert_eq!(target(name, known), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names_and_other_tables_get_no_suggestion() {
        assert_eq!(target("lr", &["scale", "learned"]), None, "[loss] is not flat");
        assert_eq!(target("zebra", &RUN), None);
        assert_eq!(target("infonce", &RUN), None, "a plugin is no setting");
    }

    #[test]
    fn every_target_exists_in_the_schema() {
        let schema = include_str!("../../../experiments/schema.json");
        for (names, target) in ALIASES {
            assert!(schema.contains(&format!("\"{}\"", last(target))), "{target}");
            assert!(
                names.iter().all(|name| *name == name.to_ascii_lowercase() && !name.contains('-')),
                "{names:?}"
            );
        }
    }
}
