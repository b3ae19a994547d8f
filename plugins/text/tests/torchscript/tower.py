"""Writes the TorchScript text tower that the tests train: `python3 tower.py tower.pt`.

Small, and with what towers have: embeddings, attention that looks at the mask, and a weight that two parts share.
Ids are folded into a small table, so that any tokenizer will do.
"""

import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, mask):
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        x = x + self.out(nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask.unsqueeze(1)))
        return x


class Tower(nn.Module):
    def __init__(self, vocab: int = 64, context: int = 16, width: int = 12):
        super().__init__()
        self.rows = vocab
        self.word = nn.Embedding(vocab, width)
        self.position = nn.Parameter(torch.randn(context, width) * 0.1)
        self.blocks = nn.ModuleList([Block(width) for _ in range(2)])
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.second.weight = self.first.weight

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.word(ids % self.rows) + self.position[: ids.size(1)]
        for block in self.blocks:
            x = block(x, mask)
        kept = mask.unsqueeze(-1).to(x.dtype)
        mean = (x * kept).sum(1) / kept.sum(1)
        return self.second(torch.tanh(self.first(mean)))


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.jit.script(Tower()).save(sys.argv[1])
