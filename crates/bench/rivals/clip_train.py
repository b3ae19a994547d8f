"""open_clip's training loop (`open_clip_train.train.train_one_epoch`) on batches in memory; prints pairs per second.

`--model vit` is a small ViT with a small text transformer, `--model lit` a ResNet-50 with MiniLM, the image tower locked
as by `--lock-image`. Images and tokens are random and ready in memory: reading, decoding and tokenising cost it nothing.
"""
import time
import types

import common

args = common.arguments(__doc__, model="vit", minilm="", precision="fp32", batch=128, warmup=2, steps=8)
torch = common.torch_with(args.threads)
import open_clip
from open_clip.model import CLIP, CustomTextCLIP
from open_clip_train.train import train_one_epoch


def vit():
    vision = {"image_size": 64, "patch_size": 8, "layers": 6, "width": 192, "head_width": 64}
    text = {"context_length": 32, "vocab_size": 49408, "layers": 4, "width": 192, "heads": 3}
    return CLIP(192, vision, text, output_dict=True), 64, 32, 49408


def lit():
    vision = {"image_size": 224, "timm_model_name": "resnet50", "timm_pool": "", "timm_proj": "linear"}
    text = {"hf_model_name": args.minilm, "hf_tokenizer_name": args.minilm, "hf_model_pretrained": False}
    text |= {"context_length": 32, "hf_proj_type": "linear"}
    model = CustomTextCLIP(512, vision, text, output_dict=True)
    model.lock_image_tower()
    return model, 224, 32, 30522


class Batches:
    """Yields the same batch, and takes the time after the warm-up."""

    num_batches = args.warmup + args.steps
    num_samples = num_batches * args.batch

    def __init__(self, size, context, vocab):
        tokens = torch.randint(1000, vocab - 1, (args.batch, context))
        tokens[:, -1] = vocab - 1
        self.batch = torch.randn(args.batch, 3, size, size), tokens

    def __iter__(self):
        for number in range(self.num_batches):
            if number == args.warmup:
                self.started = time.perf_counter()
            yield self.batch


model, size, context, vocab = {"vit": vit, "lit": lit}[args.model]()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
settings = types.SimpleNamespace(
    device="cpu", precision={"fp32": "fp32", "bf16": "amp_bf16"}[args.precision], distill=False, accum_freq=1,
    skip_scheduler=True, grad_clip_norm=1.0, rank=0, local_rank=0, world_size=1, batch_size=args.batch,
    log_every_n_steps=100, wandb=False, horovod=False, distributed=False, log_local=False,
)
batches = Batches(size, context, vocab)
data = {"train": types.SimpleNamespace(set_epoch=lambda epoch: None, dataloader=batches)}
loss = open_clip.ClipLoss()
train_one_epoch(model, data, loss, 0, optimizer, None, None, None, settings)
print(args.batch * args.steps / (time.perf_counter() - batches.started))
