"""Writes pillow.png: Pillow's results on a small image, stacked vertically, in the order of pillow.txt.

    python3 pillow.py    # needs Pillow; pillow.png was written by 13.0
"""
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

W, H = 24, 14
FILL = (128, 90, 7)
HOW = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def picture():
    out = Image.new("RGB", (W, H))
    for y in range(H):
        for x in range(W):
            out.putpixel((x, y), tuple(20 + (x * 7 + y * 13 + c * 31 + x * y % 5 * 17) % 200 for c in range(3)))
    return out


def affine(image, matrix, how):
    return image.transform(image.size, Image.AFFINE, matrix, resample=HOW[how], fillcolor=FILL)


def change(image, op, amount, how):
    table = {
        "auto_contrast": lambda: ImageOps.autocontrast(image),
        "equalize": lambda: ImageOps.equalize(image),
        "invert": lambda: ImageOps.invert(image),
        "posterize": lambda: ImageOps.posterize(image, int(amount)),
        "solarize": lambda: ImageOps.solarize(image, int(amount)),
        "solarize_add": lambda: image.point([min(255, i + int(amount)) if i < 128 else i for i in range(256)] * 3),
        "color": lambda: ImageEnhance.Color(image).enhance(amount),
        "contrast": lambda: ImageEnhance.Contrast(image).enhance(amount),
        "brightness": lambda: ImageEnhance.Brightness(image).enhance(amount),
        "sharpness": lambda: ImageEnhance.Sharpness(image).enhance(amount),
        "rotate": lambda: image.rotate(amount, resample=HOW[how], fillcolor=FILL),
        "shear_x": lambda: affine(image, (1, amount, 0, 0, 1, 0), how),
        "shear_y": lambda: affine(image, (1, 0, 0, amount, 1, 0), how),
        "translate_x": lambda: affine(image, (1, 0, amount * W, 0, 1, 0), how),
        "translate_y": lambda: affine(image, (1, 0, 0, 0, 1, amount * H), how),
    }
    return table[op]()


here = Path(__file__).parent
lines = [line.split() for line in (here / "pillow.txt").read_text().splitlines()]
sheet = Image.new("RGB", (W, H * len(lines)))
for number, (op, amount, how) in enumerate(lines):
    sheet.paste(change(picture(), op, float(amount), how), (0, H * number))
sheet.save(here / "pillow.png", optimize=True)
