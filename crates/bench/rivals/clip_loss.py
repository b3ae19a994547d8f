"""open_clip's `ClipLoss`, forward and backward, on random unit vectors of width 512; prints seconds."""
import common

args = common.arguments(__doc__, pairs=8192, rounds=3)
torch = common.torch_with(args.threads)
from open_clip import ClipLoss

images, texts = (
    torch.nn.functional.normalize(torch.randn(args.pairs, 512), dim=-1).requires_grad_() for _ in range(2)
)
scale = torch.tensor(1 / 0.07)
loss = ClipLoss()
print(common.fastest(lambda: loss(images, texts, scale).backward(), args.rounds))
