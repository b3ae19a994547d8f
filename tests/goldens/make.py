"""Makes the golden values of the tests: tiny models in the file formats of other libraries, and what those compute.

usage: make.py [FOLDER]

Writes everything that README.md lists to FOLDER, by default the folder of this script. Models are saved, loaded again
by their own library, and run in float32 on one CPU thread, so the values are those of the files. All random numbers
come from fixed seeds. Nothing is copied from elsewhere: images and captions are generated here.
"""

import copy
import csv
import itertools
import json
import math
import os
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import faiss
import numpy as np
import open_clip
import PIL
import timm
import tokenizers
import torch
import torchvision
import transformers
from open_clip.loss import ClipLoss, SigLipLoss
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from torch.nn import functional
from torchvision.transforms import CenterCrop, InterpolationMode, Resize

LIBRARIES = [torch, torchvision, transformers, timm, open_clip, tokenizers, PIL, np]
VERSIONS = ", ".join(f"{library.__name__} {library.__version__}" for library in LIBRARIES)

# Means and standard deviations of the channels.
HALF = ([0.5] * 3, [0.5] * 3)
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
CLIP = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])

SIDE = 32  # of the images, in pixels
PATCH = 8
TOKENS = 24  # context length of the Hugging Face models

# Exchanging a tensor must change some output by at least this, ten times the tolerance of the tests.
VISIBLE = 1e-3
# A bias of the keys adds the same to all scores of a query, which the softmax ignores.
INVISIBLE = re.compile(r"(key|k_proj|k_lin)\.bias$")


# Files


def write_json(path, value, indent=1):
    path.write_text(json.dumps(value, indent=indent) + "\n", encoding="utf-8")


def write_values(path, tensors):
    """Saves tensors, with the versions of the libraries as metadata."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata={"made with": VERSIONS})


def fresh(folder):
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# Captions

CAPTIONS = [
    "A woman in a red coat waits for the bus .",
    "two boys build a tower of wooden blocks .",
    "Three white ducks are swimming in a line across the pond .",
    "A baker puts fresh loaves on her shelf .",
    "Two horses trot along the wet sand beside the sea .",
    "A girl with a green and yellow kite runs down the hill .",
    "Four people are paddling a long canoe under a bridge between the houses .",
    "Musicians in dark suits",
    "The old man on the bench wears a grey hat , grey scarf , grey gloves but his shoes are orange , and he smiles .",
    "A cat plays with a ball that 's made of string .",
    "A child sleeps on a sofa with a book on his knees .",
    "A painter on a ladder and her helper below , who is holding a bucket .",
]
# What every text tower reads: captions, no text, other letters, case and punctuation, and more tokens than fit.
TEXTS = [*CAPTIONS, "", "Ünïcödé – naïve café 😀!", "A CAT, a Cat; and a cat's toy (blue)", "word " * 60]

ARTICLES = ["a", "A", "the", "The", "one", "One"]
ADJECTIVES = "small old young tall happy sleepy brown white black red green yellow striped spotted quiet".split()
NOUNS = "dog cat horse bird boy girl man woman baker painter farmer sailor child runner driver dancer robot".split()
VERBS = ["sits", "stands", "jumps", "sleeps", "waits", "is walking", "is running", "is playing", "looks around"]
RELATIONS = ["near", "beside", "behind", "under", "in front of", "next to"]
THINGS = "table fence bridge tree river boat bicycle ladder tent fountain statue window snowman kite tractor".split()
PLACES = ["at the beach", "in a park", "on a hill", "in the snow", "near a lake", "in the street", "in a field"]
ENDS = [" .", ".", "", " at night .", " , 2 times", " and doesn't move ."]


def captions(seed, count):
    """Distinct captions in the style of data sets of photographs."""
    rng = np.random.default_rng(seed)
    found = {}
    while len(found) < count:
        parts = [ARTICLES, ADJECTIVES, NOUNS, VERBS, RELATIONS, ["a", "the"], ADJECTIVES, THINGS, PLACES]
        words = [words[rng.integers(len(words))] for words in parts]
        found[" ".join(words) + ENDS[rng.integers(len(ENDS))]] = None
    return list(found)


# Images


def picture(seed, width, height, octaves, shapes):
    """A smooth random background with shapes and strokes on it, in integer arithmetic: the same on every machine."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((2 * height, 2 * width, 3), np.int32)
    for octave in range(octaves):
        cells = 2 + 3 * octave**2
        grid = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), np.uint8))
        scene += np.asarray(grid.resize((2 * width, 2 * height), Image.BICUBIC), np.int32) << (octaves - octave)
    low, high = scene.min(), scene.max()
    image = Image.fromarray(((scene - low) * 255 // (high - low)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for shape in range(shapes):
        x, y = int(rng.integers(2 * width)), int(rng.integers(2 * height))
        across, down = (int(rng.integers(2 * side // 8, 2 * side // 3)) for side in (width, height))
        colour = tuple(int(value) for value in rng.integers(40, 216, 3))
        match shape % 3:
            case 0:
                draw.ellipse([x - across // 2, y - down // 2, x + across // 2, y + down // 2], colour)
            case 1:
                draw.rectangle([x - across // 2, y - down // 2, x + across // 2, y + down // 2], colour)
            case 2:  # like a line of text
                for stroke in range(0, across, 8):
                    end = (x + stroke + int(rng.integers(-4, 5)), y + int(rng.integers(6, 14)))
                    draw.line([(x + stroke, y), end], colour, 3)
    return image.reduce(2)  # softens the edges


def normalised(images, mean_std):
    """Images as [N, 3, H, W], normalised."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in mean_std)
    pixels = torch.stack([torch.from_numpy(np.array(image)) for image in images]).permute(0, 3, 1, 2)
    return (pixels.float() / 255 - mean) / std


def make_inputs(root):
    """images/ and texts.txt, the inputs of all models."""
    folder = fresh(root / "images")
    images = [picture(100 + number, SIDE, SIDE, 3, 3) for number in range(8)]
    for number, image in enumerate(images):
        image.save(folder / f"{number:02}.png", optimize=True)
    (root / "texts.txt").write_text("\n".join(CAPTIONS) + "\n", encoding="utf-8")
    return images


# Weights


def scatter(model, seed):
    """Moves every saved tensor of a model off its initial value, to one with which the outputs are of order 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(model.state_dict().items()):
        if not tensor.is_floating_point():
            continue
        normal = torch.randn(tensor.shape, generator=generator)
        if name.endswith("running_var"):
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
        elif tensor.dim() < 2:  # norms, biases, averages, scales, class tokens
            tensor.add_(0.2 * normal)
        elif tensor.dim() < 4 and ("embed" in name or "token" in name):
            tensor.copy_(0.5 * normal)
        else:  # matrices and convolutions
            tensor.copy_(normal * (1.5 / tensor[0].numel()) ** 0.5)
    return model.eval()


def all_visible(place, model, outputs):
    """Fails unless each tensor of the model changes the outputs when its values change their places."""
    before = outputs(model)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point() or INVISIBLE.search(name):
            continue
        kept = tensor.clone()
        tensor.copy_(kept.flatten().flip(0).view_as(kept) if kept.numel() > 1 else kept + 0.1)
        after = outputs(model)
        tensor.copy_(kept)
        change = max((before[key] - after[key]).abs().max().item() for key in before)
        assert change >= VISIBLE, f"{place}: {name} changes the outputs by {change:.1e} only"


def same_weights(model, file):
    """Fails unless a model has exactly the tensors of a file."""
    tensors, state = load_file(file), model.state_dict()
    assert tensors.keys() == state.keys(), f"{file}: {tensors.keys() ^ state.keys()}"
    assert all(torch.equal(tensors[name].to(state[name]), state[name]) for name in state), file


def write_model(folder, model, inputs, outputs):
    """Checks a model that was loaded from `folder`, and writes its inputs and outputs."""
    all_visible(folder, model, outputs)
    write_values(folder / "io.safetensors", inputs | outputs(model))


# Tokenizers


def merge(pieces, pair):
    """The pieces of a word after joining each occurrence of a pair."""
    joined = [pieces[0]]
    for piece in pieces[1:]:
        if (joined[-1], piece) == pair:
            joined[-1] += piece.removeprefix("##")
        else:
            joined.append(piece)
    return joined


def learn(words, tokens, size):
    """Joins the most frequent pair of adjacent pieces until there are `size` tokens. Returns all tokens and the pairs.

    Of equally frequent pairs the smallest is joined; the trainers of `tokenizers` differ from one process to the next.
    """
    merges = []
    while len(tokens) < size:
        pairs = Counter(pair for pieces in words for pair in itertools.pairwise(pieces))
        pair = min(pairs, key=lambda pair: (-pairs[pair], pair))
        words = [merge(pieces, pair) for pieces in words]
        merges.append(pair)
        tokens = list(dict.fromkeys([*tokens, *merge(pair, pair)]))
    return tokens, merges


def finished(tokenizer, start, end, **special):
    """A tokenizer for transformers, with these tokens around each text."""
    for token in sorted({*special.values()}, key=tokenizer.token_to_id):
        tokenizer.add_special_tokens([token])
    ends = [(token, tokenizer.token_to_id(token)) for token in (start, end)]
    tokenizer.post_processor = processors.TemplateProcessing(f"{start} $A {end}", special_tokens=ends)
    kind = transformers.PreTrainedTokenizerFast
    return kind(tokenizer_object=tokenizer, model_max_length=TOKENS, **special)


def bert_tokenizer():
    """A WordPiece tokenizer like BERT's, with 300 tokens."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [word for text in captions(1, 200) for word in re.findall(r"\w+", text.lower())]
    characters = "!\"',-.0123456789abcdefghijklmnopqrstuvwxyz"
    tokens = [*special, *characters, *(f"##{letter}" for letter in characters if letter.isalnum())]
    tokens, _ = learn([[word[0], *(f"##{letter}" for letter in word[1:])] for word in words], tokens, 300)
    model = models.WordPiece({token: number for number, token in enumerate(tokens)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return finished(tokenizer, "[CLS]", "[SEP]", **{f"{token[1:-1].lower()}_token": token for token in special})


def clip_tokenizer():
    """A byte-level BPE tokenizer like CLIP's, with 512 tokens. It pads with its end token."""
    start, end = "<|startoftext|>", "<|endoftext|>"
    words = [word for text in captions(2, 200) for word in re.findall(r"\w+|[^\s\w]+", text.lower())]
    words = [[*word[:-1], f"{word[-1]}</w>"] for word in words]
    last = sorted({pieces[-1] for pieces in words})
    tokens = [start, end, *sorted(pre_tokenizers.ByteLevel.alphabet()), *last]
    tokens, merges = learn(words, tokens, 512)
    vocabulary = {token: number for number, token in enumerate(tokens)}
    model = models.BPE(vocabulary, merges, unk_token=end, end_of_word_suffix="</w>")
    tokenizer = tokenizers.Tokenizer(model)
    spaces = normalizers.Replace(tokenizers.Regex(r"\s+"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), spaces, normalizers.Lowercase()])
    split = tokenizers.Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    split = pre_tokenizers.Split(split, "removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    return finished(tokenizer, start, end, bos_token=start, eos_token=end, unk_token=end, pad_token=end)


def tokenized(tokenizer, texts):
    """`input_ids` and `attention_mask`, both [N, TOKENS]."""
    # A copy, because a call is remembered in tokenizer.json.
    tokenizer = copy.deepcopy(tokenizer)
    tokens = tokenizer(texts, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt")
    return {name: tokens[name] for name in ("input_ids", "attention_mask")}


def write_texts(folder, tokenizer=None):
    write_json(folder / "texts.json", TEXTS, indent=None)
    if tokenizer:
        tokenizer.save_pretrained(folder)


# Hugging Face


def write_preprocessor(folder, kind, mean_std):
    """preprocessor_config.json for images of SIDE pixels."""
    mean, std = mean_std
    values = {
        "image_processor_type": kind,
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 3,
        "do_center_crop": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": mean,
        "image_std": std,
    }
    if kind == "CLIPImageProcessor":
        crop = {"height": SIDE, "width": SIDE}
        values |= {"size": {"shortest_edge": SIDE}, "do_center_crop": True, "crop_size": crop}
    write_json(folder / "preprocessor_config.json", values)


def hugging_face(folder, model, seed, **options):
    """The model after saving it and loading it again."""
    torch.manual_seed(seed)
    scatter(model, seed).save_pretrained(fresh(folder))
    loaded, report = type(model).from_pretrained(folder, output_loading_info=True, **options)
    assert not any(report.values()), f"{folder}: {report}"
    return loaded.eval()


def make_vit(root, images):
    config = transformers.ViTConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        image_size=SIDE,
        patch_size=PATCH,
    )
    folder = root / "towers/hf_vit"
    model = transformers.ViTModel(config, add_pooling_layer=False)
    model = hugging_face(folder, model, 11, add_pooling_layer=False)
    write_preprocessor(folder, "ViTImageProcessor", HALF)
    pixels = normalised(images, HALF)

    def outputs(model):
        states = model(pixels).last_hidden_state
        return {"last_hidden_state": states, "cls": states[:, 0].clone()}

    write_model(folder, model, {"images": pixels}, outputs)


def make_resnets(root, images):
    pixels = normalised(images, IMAGENET)
    for seed, name, block, depths, widths in [
        (21, "hf_resnet", "bottleneck", [2, 1, 2, 1], [16, 32, 48, 64]),
        (22, "hf_resnet_basic", "basic", [2, 2, 1, 1], [8, 16, 24, 32]),
    ]:
        config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=widths, depths=depths, layer_type=block)
        folder = root / "towers" / name
        model = hugging_face(folder, transformers.ResNetModel(config), seed)
        write_preprocessor(folder, "ViTImageProcessor", IMAGENET)
        pooled = lambda model: {"pooled": model(pixels).pooler_output.flatten(1)}
        write_model(folder, model, {"images": pixels}, pooled)


def make_berts(root):
    tokenizer = bert_tokenizer()
    tokens = tokenized(tokenizer, TEXTS)
    bert = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=TOKENS,
    )
    distilbert = transformers.DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=64,
        max_position_embeddings=TOKENS,
    )

    def outputs(model):
        out = model(**tokens)
        states, mask = out.last_hidden_state, tokens["attention_mask"].unsqueeze(-1)
        mean = (states * mask).sum(1) / mask.sum(1)
        values = {"last_hidden_state": states, "cls": states[:, 0].clone(), "mean": mean}
        return values | ({"pooler": out.pooler_output} if "pooler_output" in out else {})

    for seed, name, model in [
        (31, "hf_bert", transformers.BertModel(bert)),
        (32, "hf_distilbert", transformers.DistilBertModel(distilbert)),
    ]:
        folder = root / "towers" / name
        model = hugging_face(folder, model, seed)
        write_texts(folder, tokenizer)
        write_model(folder, model, tokens, outputs)


def clip_outputs(**inputs):
    """A function from a Hugging Face model to its embeddings and logits."""

    def outputs(model):
        out = model(**inputs)
        return {name: out[name] for name in ("image_embeds", "text_embeds", "logits_per_image")}

    return outputs


def make_clip(folder, seed):
    """A CLIP with its tokenizer, without outputs."""
    tokenizer = clip_tokenizer()
    shared = {
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "hidden_size": 24,
        "intermediate_size": 48,
        "projection_dim": 16,
    }
    text = {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": TOKENS,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    vision = {"image_size": SIDE, "patch_size": PATCH}
    config = transformers.CLIPConfig(text_config=text | shared, vision_config=vision | shared, projection_dim=16)
    model = hugging_face(folder, transformers.CLIPModel(config), seed)
    write_preprocessor(folder, "CLIPImageProcessor", CLIP)
    write_texts(folder, tokenizer)
    return model, tokenizer


def make_hf_clip(root, images):
    folder = root / "models/hf_clip"
    model, tokenizer = make_clip(folder, 41)
    pixels, ids = normalised(images, CLIP), tokenized(tokenizer, TEXTS)["input_ids"]
    inputs = {"images": pixels, "input_ids": ids}
    write_model(folder, model, inputs, clip_outputs(pixel_values=pixels, input_ids=ids))


def make_dual(root, images):
    tokenizer = bert_tokenizer()
    vision = transformers.ViTConfig(
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        image_size=SIDE,
        patch_size=PATCH,
    )
    text = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=TOKENS,
    )
    config = transformers.VisionTextDualEncoderConfig.from_vision_text_configs(vision, text, projection_dim=20)
    folder = root / "models/hf_dual_vit_bert"
    model = hugging_face(folder, transformers.VisionTextDualEncoderModel(config), 42)
    write_preprocessor(folder, "ViTImageProcessor", HALF)
    write_texts(folder, tokenizer)
    pixels, tokens = normalised(images, HALF), tokenized(tokenizer, TEXTS)
    write_model(folder, model, {"images": pixels} | tokens, clip_outputs(pixel_values=pixels, **tokens))


# timm


def make_timm(root, images):
    vit = {"img_size": SIDE, "patch_size": PATCH, "embed_dim": 24, "depth": 3, "num_heads": 3}
    resnet = {"layers": [1, 2, 1, 1], "channels": [8, 16, 24, 32], "base_width": 16}
    for seed, name, architecture, options, mean_std in [
        (51, "timm_vit_token", "vit_tiny_patch16_224", vit | {"global_pool": "token"}, HALF),
        (52, "timm_vit_avg", "vit_tiny_patch16_224", vit | {"global_pool": "avg"}, HALF),
        (53, "timm_resnet", "resnet50", resnet, IMAGENET),
    ]:
        folder = fresh(root / "towers" / name)
        torch.manual_seed(seed)
        model = scatter(timm.create_model(architecture, num_classes=0, **options), seed)
        save_file(model.state_dict(), folder / "model.safetensors")
        mean, std = mean_std
        pretrained = {
            "input_size": [3, SIDE, SIDE],
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": mean,
            "std": std,
        }
        config = {
            "architecture": architecture,
            "num_classes": 0,
            "num_features": model.num_features,
            "model_args": options,
            "pretrained_cfg": pretrained,
        }
        write_json(folder / "config.json", config)
        model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
        same_weights(model, folder / "model.safetensors")
        pixels = normalised(images, mean_std)
        write_model(folder, model, {"images": pixels}, lambda model: {"pooled": model(pixels)})


# open_clip


def make_open_clip(root, images):
    vision = {
        "open_clip_vit": {"layers": 2, "width": 32, "head_width": 8, "patch_size": PATCH, "image_size": SIDE},
        "open_clip_resnet": {"layers": [1, 1, 2, 1], "width": 4, "head_width": 16, "image_size": SIDE},
    }
    # The vocabulary is CLIP's own, so the width is what keeps the files small, and they are in half precision.
    text = {"context_length": 77, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 2}
    mean, std = CLIP
    preprocess = {"mean": mean, "std": std, "interpolation": "bicubic", "resize_mode": "shortest", "size": [SIDE] * 2}
    for seed, (name, vision_cfg) in enumerate(vision.items(), 61):
        model_cfg = {"embed_dim": 16, "quick_gelu": name == "open_clip_vit", "vision_cfg": vision_cfg, "text_cfg": text}
        folder = fresh(root / "models" / name)
        torch.manual_seed(seed)
        model = scatter(open_clip.model.CLIP(**copy.deepcopy(model_cfg)), seed)
        save_file(model.half().state_dict(), folder / "open_clip_model.safetensors")
        write_json(folder / "open_clip_config.json", {"model_cfg": model_cfg, "preprocess_cfg": preprocess})
        write_texts(folder)
        model = open_clip.create_model(f"local-dir:{folder}").eval()
        same_weights(model, folder / "open_clip_model.safetensors")
        pixels, ids = normalised(images, CLIP), open_clip.get_tokenizer(f"local-dir:{folder}")(TEXTS)

        def outputs(model):
            images, texts = model.encode_image(pixels, normalize=True), model.encode_text(ids, normalize=True)
            logits = model.logit_scale.exp() * images @ texts.T
            return {"image_embeds": images, "text_embeds": texts, "logits_per_image": logits}

        write_model(folder, model, {"images": pixels, "input_ids": ids}, outputs)


def make_clip_bpe(root):
    """Ids of CLIP's own vocabulary."""
    texts = [
        *captions(3, 60),
        "",
        " ",
        "😀🚶‍♀️ flag: Niger",
        "don't we'll they'd I'M",
        "naïve café – Ünïcödé",
        "1234 567.89 $5",
        "x" * 300,
        "a\tb\nc",
        "&lt;b&gt; &amp;amp; html",
        "日本語 中文 한국어",
        "word " * 100,
        "A  Double   Spaced caption .",
    ]
    ids = open_clip.get_tokenizer("ViT-B-32")(texts).tolist()
    write_json(fresh(root / "tokenizers") / "clip_bpe.json", {"texts": texts, "clip77": ids}, indent=None)


# Losses, metrics, resampling


def unit(rows):
    return functional.normalize(rows, dim=-1)


def make_losses(root):
    generator = torch.Generator().manual_seed(71)
    values = {}
    for batch, width in [(3, 4), (16, 16), (64, 24)]:
        image, text = (unit(torch.randn(batch, width, generator=generator, dtype=torch.float64)) for _ in range(2))
        values |= {f"clip.{batch}.image": image, f"clip.{batch}.text": text}
        for name, loss, scale, bias in [("clip", ClipLoss(), 1 / 0.07, None), ("siglip", SigLipLoss(), 10.0, -10.0)]:
            leaves = {
                "grad_image": image.clone(),
                "grad_text": text.clone(),
                "grad_logscale": torch.tensor(math.log(scale), dtype=torch.float64),
            }
            if bias is not None:
                leaves["grad_bias"] = torch.tensor(bias, dtype=torch.float64)
            for leaf in leaves.values():
                leaf.requires_grad_()
            image_leaf, text_leaf, log_scale, *biases = leaves.values()
            with torch.enable_grad():
                result = loss(image_leaf, text_leaf, log_scale.exp(), *biases)
                result.backward()
            values[f"{name}.{batch}.loss"] = result.detach()
            values |= {f"{name}.{batch}.{key}": leaf.grad for key, leaf in leaves.items()}
    write_values(fresh(root / "losses") / "io.safetensors", values)


def make_retrieval(root):
    """Five captions for each image, and metrics from a stable sort."""
    rng = np.random.default_rng(72)
    image = rng.standard_normal((63, 24)).astype(np.float32)
    owner = np.repeat(np.arange(63), 5)
    text = image[owner] + 1.5 * rng.standard_normal((315, 24)).astype(np.float32)
    image, text = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (image, text))
    scores = text.astype(np.float64) @ image.T.astype(np.float64)
    order = np.argsort(-scores, axis=1, kind="stable")
    t2i = (order == owner[:, None]).argmax(1)
    order = np.argsort(-scores.T, axis=1, kind="stable")
    own = owner[order] == np.arange(63)[:, None]  # by image and place, whether the caption is the image's
    i2t = own.argmax(1)
    metrics = {}
    for k in (1, 5, 10):
        metrics[f"t2i/hit@{k}"] = float((t2i < k).mean())
        metrics[f"i2t/hit@{k}"] = float((i2t < k).mean())
        metrics[f"i2t/recall@{k}"] = float((own[:, :k].sum(1) / own.sum(1)).mean())
    for name, ranks in (("t2i", t2i), ("i2t", i2t)):
        metrics[f"{name}/median_rank"] = float(np.median(ranks + 1))
        metrics[f"{name}/mean_rank"] = float((ranks + 1).mean())
        metrics[f"{name}/mrr"] = float((1 / (ranks + 1)).mean())
    folder = fresh(root / "retrieval")
    tensors = {"image_embeds": image, "text_embeds": text, "owner": owner}
    write_values(folder / "io.safetensors", {name: torch.from_numpy(rows) for name, rows in tensors.items()})
    write_json(folder / "expected.json", metrics)


def make_ranks(root):
    """For each caption, how many images score more than its own, and the same with images and captions exchanged."""
    rng = np.random.default_rng(75)
    owner = np.repeat(np.arange(120), 5)
    # The products of small whole numbers are exact in any order of summation, and many are tied.
    whole = [np.rint(rng.standard_normal((rows, 16)) * 6).astype(np.float32) for rows in (120, 600)]
    image = rng.standard_normal((120, 32)).astype(np.float32)
    text = image[owner] + 3 * rng.standard_normal((600, 32)).astype(np.float32)
    close = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (image, text)]
    values = {"owner": owner}
    for case, (image, text) in {"whole": whole, "unit": close}.items():
        values |= {f"{case}.image_embeds": image, f"{case}.text_embeds": text}
        for way, asked in {
            "t2i": (image, text, owner),
            "i2t": (text, image[owner], np.arange(len(owner))),
        }.items():
            values |= {f"{case}.{way}.{name}": counts for name, counts in exact_ranks(*asked).items()}
    metadata = {"made with": f"faiss {faiss.__version__}, numpy {np.__version__}"}
    tensors = {name: torch.from_numpy(value) for name, value in values.items()}
    save_file(tensors, fresh(root / "ranks") / "io.safetensors", metadata=metadata)


def exact_ranks(candidates, queries, right):
    """faiss's exact search; counts the candidates that score more than the right one, that come before it with the same
    score, and that score nearly the same (within 1e-6)."""
    index = faiss.IndexFlatIP(candidates.shape[1])
    index.add(candidates)
    scores, ids = index.search(queries, len(candidates))
    own = scores[ids == right[:, None]][:, None]
    before = (scores == own) & (ids < right[:, None])
    return {"higher": (scores > own).sum(1), "tied": before.sum(1), "close": (abs(scores - own) < 1e-6).sum(1) - 1}


def make_posembed(root):
    """Position embeddings of 4x4 patches and a class token, resampled as open_clip and timm do, and as transformers."""
    config = transformers.ViTConfig(
        hidden_size=12, num_hidden_layers=1, num_attention_heads=2, image_size=4 * PATCH, patch_size=PATCH
    )
    embeddings = transformers.ViTModel(config).embeddings
    table = torch.randn(1, 17, 12, generator=torch.Generator().manual_seed(73))
    embeddings.position_embeddings.copy_(table)
    values = {"pos_embed": table}
    for side in (3, 6, 7, 12):
        grid = side * PATCH
        values[f"antialias.{side}"] = timm.layers.resample_abs_pos_embed(table, [side, side], num_prefix_tokens=1)
        values[f"plain.{side}"] = embeddings.interpolate_pos_encoding(torch.zeros(1, side**2 + 1, 12), grid, grid)
        theirs = {"visual.positional_embedding": table[0]}
        vit = open_clip.transformer.VisionTransformer(
            image_size=grid, patch_size=PATCH, width=12, layers=1, heads=2, mlp_ratio=1, output_dim=2
        )
        open_clip.model.resize_pos_embed(theirs, torch.nn.ModuleDict({"visual": vit}))
        torch.testing.assert_close(theirs["visual.positional_embedding"], values[f"antialias.{side}"][0])
    write_values(fresh(root / "posembed") / "io.safetensors", values)


# Preprocessing


def make_preprocess(root):
    folder = fresh(root / "preprocess")
    sizes = [(256, 192), (141, 253), (333, 150), (240, 201)]
    colour = [picture(200 + number, *size, 5, 12) for number, size in enumerate(sizes)]
    jpeg = {"quality": 90, "optimize": True}
    colour[0].save(folder / "subsampled.jpg", subsampling="4:2:0", **jpeg)
    colour[1].save(folder / "full_chroma.jpg", subsampling="4:4:4", **jpeg)
    colour[2].save(folder / "progressive.jpg", subsampling="4:2:2", progressive=True, **jpeg)
    colour[3].convert("L").save(folder / "grey.jpg", **jpeg)
    picture(210, 75, 61, 4, 6).save(folder / "small.png", optimize=True)
    picture(211, 97, 130, 4, 6).convert("L").save(folder / "grey.png", optimize=True)
    clear = picture(212, 101, 98, 3, 3)
    clear.putalpha(picture(213, 101, 98, 2, 3).convert("L"))
    clear.save(folder / "clear.png", optimize=True)
    picture(214, 113, 97, 4, 6).quantize(64).save(folder / "palette.png", optimize=True)
    values = {}
    for path in sorted(folder.iterdir()):
        image = Image.open(path)
        if image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        for side in (96, 40):
            square = CenterCrop(side)(Resize(side, InterpolationMode.BICUBIC)(image.convert("RGB")))
            values[f"{path.name}.{side}"] = torch.from_numpy(np.array(square)).permute(2, 0, 1)
    write_values(folder / "io.safetensors", values)


# Training

RECIPES = {
    "plain": {
        "batch": 32,
        "steps": 24,
        "lr": 1e-3,
        "weight_decay": 0.2,
        "warmup": 4,
        "grad_clip": 1.0,
        "betas": [0.9, 0.98],
        "eps": 1e-6,
        "layer_decay": None,
        "ema_decay": None,
    },
    "llrd_ema": {
        "batch": 24,
        "steps": 24,
        "lr": 2e-3,
        "weight_decay": 0.1,
        "warmup": 6,
        "grad_clip": 0.5,
        "betas": [0.9, 0.98],
        "eps": 1e-6,
        "layer_decay": 0.65,
        "ema_decay": 0.9,
    },
}


def layer(name, depth):
    """0 for embeddings and what follows them, 1 to `depth` for blocks, depth + 1 for the rest."""
    if "embedding" in name or "pre_layrnorm" in name:
        return 0
    block = re.search(r"\.layers\.(\d+)\.", name)
    return int(block[1]) + 1 if block else depth + 1


def learning_rate(recipe, step):
    """Linear warmup, then a cosine to 0."""
    warmup, steps = recipe["warmup"], recipe["steps"]
    if step < warmup:
        return recipe["lr"] * (step + 1) / warmup
    return recipe["lr"] * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


def train(model, recipe, pixels, ids):
    """Trains the model in place. Returns the losses, gradient norms and averaged weights."""
    depth = model.config.text_config.num_hidden_layers
    groups = []
    for name, parameter in model.named_parameters():
        below_top = 0 if name == "logit_scale" else depth + 1 - layer(name, depth)
        scale = (recipe["layer_decay"] or 1.0) ** below_top
        decay = recipe["weight_decay"] if parameter.dim() > 1 else 0.0
        groups.append({"params": [parameter], "weight_decay": decay, "scale": scale})
    optimizer = torch.optim.AdamW(groups, lr=recipe["lr"], betas=recipe["betas"], eps=recipe["eps"])
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    losses, norms = [], []
    for step in range(recipe["steps"]):
        rows = torch.arange(step * recipe["batch"], (step + 1) * recipe["batch"]) % len(pixels)
        with torch.enable_grad():
            logits = model(pixel_values=pixels[rows], input_ids=ids[rows]).logits_per_image
            target = torch.arange(recipe["batch"])
            loss = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2
            loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["grad_clip"])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step) * group["scale"]
        optimizer.step()
        optimizer.zero_grad()
        model.logit_scale.clamp_(0, math.log(100))
        for name, tensor in model.state_dict().items():
            average[name].lerp_(tensor, 1 - (recipe["ema_decay"] or 0.0))
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms, average


def make_training(root):
    folder = fresh(root / "training")
    (folder / "images").mkdir()
    images = [picture(300 + number, SIDE, SIDE, 2, 3) for number in range(96)]
    texts = captions(4, len(images))
    for number, image in enumerate(images):
        image.save(folder / f"images/{number:03}.png", optimize=True)
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["image", "caption"])
        rows.writerows((f"{number:03}.png", text) for number, text in enumerate(texts))
    model, tokenizer = make_clip(folder / "init", 81)
    pixels, ids = normalised(images, CLIP), tokenized(tokenizer, texts)["input_ids"]
    names = load_file(folder / "init/model.safetensors").keys()
    expected, end = {}, {}
    for name, recipe in RECIPES.items():
        trained = copy.deepcopy(model)
        losses, norms, average = train(trained, recipe, pixels, ids)
        expected[name] = recipe | {"loss": losses, "grad_norm": norms}
        assert trained.state_dict().keys() == names
        end |= {f"{name}.{key}": tensor for key, tensor in trained.state_dict().items()}
        if recipe["ema_decay"]:
            end |= {f"{name}.ema.{key}": tensor for key, tensor in average.items()}
    write_json(folder / "expected.json", expected)
    write_values(folder / "end_weights.safetensors", end)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root.parent if root.is_file() else root
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with torch.no_grad():
        images = make_inputs(root)
        make_vit(root, images[:4])
        make_resnets(root, images[:4])
        make_berts(root)
        make_timm(root, images[:4])
        make_hf_clip(root, images)
        make_dual(root, images)
        make_open_clip(root, images)
        make_clip_bpe(root)
        make_losses(root)
        make_retrieval(root)
        make_ranks(root)
        make_posembed(root)
        make_preprocess(root)
        make_training(root)
    made = [path for path in root.rglob("*") if path.is_file()]
    print(f"{len(made)} files, {sum(path.stat().st_size for path in made) / 1e6:.2f} MB in {root}")


if __name__ == "__main__":
    main()
