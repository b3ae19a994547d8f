"""Loads an export with its own tool and compares embeddings with those of `clip-lab embed`.

model.py FORMAT FOLDER IMAGES TEXTS EMBEDDINGS
"""

import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from PIL import Image
from safetensors.torch import load_file

form, folder, images, texts, embeddings = sys.argv[1:]
pictures = [Image.open(os.path.join(images, name)).convert("RGB") for name in sorted(os.listdir(images))]
lines = open(texts, encoding="utf-8").read().splitlines()
want = load_file(embeddings)


def unit(rows):
    return rows / rows.norm(dim=-1, keepdim=True)


def prepared():
    from transformers import AutoImageProcessor, AutoTokenizer

    tokenizer, processor = AutoTokenizer.from_pretrained(folder), AutoImageProcessor.from_pretrained(folder)
    tokens = tokenizer(lines, padding=True, truncation=True, return_tensors="pt")
    return processor(pictures, return_tensors="pt").pixel_values, tokens.input_ids, tokens.attention_mask


with torch.no_grad():
    if form == "hf":
        import json
        import transformers

        kind = json.load(open(os.path.join(folder, "config.json")))["architectures"][0]
        model, info = getattr(transformers, kind).from_pretrained(folder, output_loading_info=True)
        faults = {key: value for key, value in info.items() if value}
        assert not faults, faults
        pixels, ids, mask = prepared()
        out = model.eval()(input_ids=ids, attention_mask=mask, pixel_values=pixels)
        image, text = out.image_embeds, out.text_embeds
    elif form == "open_clip":
        import open_clip

        kind = "open_clip"
        model, _, preprocess = open_clip.create_model_and_transforms("local-dir:" + folder)
        tokenizer = open_clip.get_tokenizer("local-dir:" + folder)
        model.eval()
        image = model.encode_image(torch.stack([preprocess(picture) for picture in pictures]), normalize=True)
        text = model.encode_text(tokenizer(lines), normalize=True)
    else:
        kind = "torchscript"
        model = torch.jit.load(os.path.join(folder, "model.pt")).eval()
        pixels, ids, mask = prepared()
        image = model.encode_image(pixels, normalize=True)
        text = unit(model.encode_text(ids, mask))
        assert torch.allclose(model.encode_image(pixels[:3]), model.encode_image(pixels)[:3], atol=1e-5)

worst = {name: (rows - want[name]).abs().max().item() for name, rows in [("image_embeds", image), ("text_embeds", text)]}
print(kind, worst)
assert max(worst.values()) <= 1e-4, worst
