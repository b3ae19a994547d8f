"""LiT in plain PyTorch: features of the locked image tower in memory, MiniLM and both projections trained.

Each step draws one caption for each image, tokenises with padding to the longest caption, and updates with fused AdamW.
Prints pairs per second. With `--start CHECKPOINT` it starts from the weights of a run of clip-lab, trains on the whole
data set as one batch, which makes the order of the data irrelevant, and prints the losses.
"""
import collections
import csv
import random
import sys

import common

args = common.arguments(
    __doc__, data="", minilm="", precision="fp32", batch=128, warmup=3, steps=20, start="", features="", lr=3e-4
)
torch = common.torch_with(args.threads)
from torch import nn
from torch.nn.functional import cross_entropy, normalize
from transformers import AutoTokenizer, BertModel

captions = collections.defaultdict(list)
for row in csv.DictReader(open(f"{args.data}/captions.csv")):
    captions[row["image"]].append(row["caption"])
captions = list(captions.values())
tokenizer = AutoTokenizer.from_pretrained(args.minilm)
dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0} if args.start else {}
text = BertModel.from_pretrained(args.minilm, add_pooling_layer=False, **dropout).train()
image_projection, text_projection = nn.Linear(2048, 512, bias=False), nn.Linear(384, 512, bias=False)
scale = nn.Parameter(torch.tensor(1 / 0.07).log())
features = torch.randn(len(captions), 2048)
if args.start:
    from safetensors.torch import load_file

    weights = load_file(args.start)
    image_projection.weight.data = weights["model/image_projection.weight"]
    text_projection.weight.data = weights["model/text_projection.weight"]
    scale.data = weights["model/loss.logit_scale"]
    features = load_file(args.features)["features"]
params = [*text.parameters(), *image_projection.parameters(), *text_projection.parameters(), scale]
decay = 0.0 if args.start else 0.01
optimizer = torch.optim.AdamW(params, lr=args.lr, betas=(0.9, 0.98), eps=1e-6, weight_decay=decay, fused=True)
random.seed(0)
order = []


def batch():
    if len(order) < args.batch:
        order[:] = random.sample(range(len(captions)), len(captions))
    drawn, order[:] = order[: args.batch], order[args.batch :]
    return drawn


def step():
    drawn = batch()
    chosen = [random.choice(captions[index]) for index in drawn]
    tokens = tokenizer(chosen, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.precision == "bf16"):
        hidden = text(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        texts = text_projection((hidden * mask).sum(1) / mask.sum(1))
        images = image_projection(features[drawn])
    logits = scale.exp() * normalize(images.float(), dim=-1) @ normalize(texts.float(), dim=-1).T
    target = torch.arange(len(drawn))
    loss = (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
    return loss.item()


if args.start:
    print(*(repr(step()) for _ in range(args.steps)))
else:
    print(common.rate(step, args.batch, args.warmup, args.steps))
