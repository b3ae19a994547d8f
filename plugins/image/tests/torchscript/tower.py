"""Writes the TorchScript image tower that the tests train: `python3 tower.py tower.pt`.

Small, and with what towers have: a convolution, batch statistics, dropout, a list of blocks and a lone parameter.
"""

import sys

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.mix = nn.Conv2d(width, width, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        return x + self.drop(torch.relu(self.mix(self.norm(x))))


class Tower(nn.Module):
    def __init__(self, width: int = 12):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, stride=4)
        self.blocks = nn.ModuleList([Block(width) for _ in range(2)])
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.size(2) > 512:
            raise RuntimeError("pictures above 512 pixels do not fit")
        x = self.stem(images)
        for block in self.blocks:
            x = block(x)
        return x.mean([2, 3]) * self.scale


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.jit.script(Tower()).save(sys.argv[1])
