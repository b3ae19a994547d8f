"""Features of a ResNet-50 (v1, as in Keras: the first 1x1 convolution of a block is strided) at 224 pixels in PyTorch.

`--form eval` runs it in evaluation mode, `frozen` traced, frozen and optimised for inference, `bf16` under autocast; all in
channels-last memory format. Images are random and ready in memory. Prints images per second.
"""
import common

args = common.arguments(__doc__, form="frozen", batch=64, warmup=1, steps=4)
torch = common.torch_with(args.threads)
from torchvision.models import resnet50

model = resnet50()
for stage in (model.layer2, model.layer3, model.layer4):
    stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
model.fc = torch.nn.Identity()
model = model.eval().to(memory_format=torch.channels_last)
images = torch.randn(args.batch, 3, 224, 224).to(memory_format=torch.channels_last)
with torch.no_grad():
    if args.form == "frozen":
        model = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, images)))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.form == "bf16"):
        print(common.rate(lambda: model(images), args.batch, args.warmup, args.steps))
