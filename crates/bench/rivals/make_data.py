"""Writes the images of the benchmarks: `--out FOLDER --images N`, with five captions each in `captions.csv`.

With `--flickr8k FOLDER` they are the first images of Flickr8k (`Images/` and `captions.txt`), else synthetic: smooth
random colours with noise, as JPEG of 500x375 pixels, with captions of 6 to 18 frequent words, as long as those of Flickr8k.
"""
import collections
import csv
import os
import random
import shutil

import common

args = common.arguments(__doc__, out="", images=1280, flickr8k="", captions=5)
WORDS = (
    "a an the two man woman boy girl child dog people young little black white red blue green brown in on of with at "
    "through over near by is are running walking standing sitting playing jumping wearing holding looking ball beach "
    "water grass snow street field park mountain shirt hat jacket bike car camera rock tree"
).split()


def flickr8k():
    captions = collections.defaultdict(list)
    with open(os.path.join(args.flickr8k, "captions.txt"), newline="") as file:
        for row in csv.DictReader(file):
            captions[row["image"]].append(row["caption"])
    for name in sorted(captions)[: args.images]:
        shutil.copyfile(os.path.join(args.flickr8k, "Images", name), os.path.join(args.out, name))
        yield name, captions[name]


def synthetic():
    import numpy
    from PIL import Image

    random.seed(0)
    noise = numpy.random.default_rng(0)
    for number in range(args.images):
        name = f"{number:05}.jpg"
        coarse = Image.fromarray(noise.integers(0, 256, (15, 20, 3), dtype=numpy.uint8))
        smooth = numpy.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC), dtype=numpy.int16)
        grain = noise.integers(-12, 13, smooth.shape, dtype=numpy.int16)
        image = Image.fromarray((smooth + grain).clip(0, 255).astype(numpy.uint8))
        image.save(os.path.join(args.out, name), quality=85)
        yield name, [" ".join(random.choices(WORDS, k=random.randint(6, 18))) for _ in range(5)]


os.makedirs(args.out)
with open(os.path.join(args.out, "captions.csv"), "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["image", "caption"])
    for name, captions in flickr8k() if args.flickr8k else synthetic():
        table.writerows([name, caption] for caption in captions[: args.captions])
print(args.images)
