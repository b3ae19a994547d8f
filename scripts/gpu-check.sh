#!/usr/bin/env bash
# Checks clip-lab on a GPU in at most 10 minutes, and prints Markdown for docs/devices.md: the tests of tests/stories/gpu on
# the real device, a run that is stopped and resumed, and the throughput of ViT-B/16 and RN50 beside open_clip's.
#   scripts/gpu-check.sh [--device cuda:0] [--small] [--bin FOLDER] [--python PYTHON]
# --small: towers and batches of a minute, without the tests, on the CPU unless --device is given. --bin: the programs, instead
# of building them; also without the tests. --python: the interpreter whose open_clip is compared, if it has one.
set -euo pipefail
shopt -s inherit_errexit
device='' small='' bin='' python=python3
while (($#)); do
  case $1 in
    --device) device=$2; shift 2 ;;
    --small) small=yes; shift ;;
    --bin) bin=$(cd "$2" && pwd); shift 2 ;;
    --python) python=$2; shift 2 ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
  esac
done
device=${device:-$([ "$small" ] && echo cpu || echo cuda:0)}
cd "$(dirname "$0")/.."
tests=
if [ -z "$bin" ]; then
  cargo xtask setup >&2
  cargo build --quiet >&2
  bin=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)
  [ "$small" ] || tests=yes
fi
here=$PWD work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export CLIP_LAB_STORE=$work/check.db
# Every part has a limit, in seconds, so that one that hangs does not take the rest of the 10 minutes.
limit=$([ "$small" ] && echo 300 || echo 60)
lab() { timeout "$limit" "$bin/clip-lab" "$@"; }

# The spec of a run: NAME SETTINGS-OF-RUN IMAGE TEXT IMAGE-PROJECTION TEXT-PROJECTION
spec() {
  cat >"$1.toml" <<SPEC
name = "$1"
[run]
eval_every = 0
checkpoint_every = 0
probe = false
device = "$device"
$2
[data.train]
plugin = "emoji"
[tokenizer]
plugin = "clip_bpe"
[model.image]
$3
[model.text]
plugin = "clip_transformer"
$4
[model.image_projection]
$5
[model.text_projection]
$6
[loss]
plugin = "clip"
[optimizer]
plugin = "adamw"
lr = 1e-4
[schedule]
plugin = "constant"
[[augment]]
plugin = "random_resized_crop"
SPEC
}

linear() { printf 'plugin = "linear"\ndim = %d' "$1"; }

# The median of the second half of a metric's values: RUN METRIC
median() {
  rm -f values.csv
  lab export "$1" --metric "$2" --out values.csv >/dev/null
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "value") c = i } NR > 1 { print $c }' values.csv >all
  tail -n $((($(wc -l <all) + 1) / 2)) all | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# --- the tests, on the real device ---
result='not run'
if [ "$tests" ]; then
  result=passed
  (cd "$here" && cargo test --quiet --test stories --no-run) >&2 # compiling does not count
  (cd "$here" && CLIP_LAB_TEST_DEVICE=$device timeout 200 cargo test --quiet --test stories gpu) >&2 || result=FAILED
fi

# --- a run that is stopped and resumed ---
transformer='width = 48
depth = 2
heads = 3'
vit="plugin = \"vit\"
image_size = 32
patch_size = 8
dropout = 0.1
$transformer"
spec whole "steps = $([ "$small" ] && echo 150 || echo 600)
batch = 32
deterministic = true
log_every = 1" "$vit" "$transformer
dropout = 0.1" "$(linear 48)" "$(linear 48)"
sed -e 's/"whole"/"stopped"/' -e 's/checkpoint_every = 0/checkpoint_every = 1/' whole.toml >stopped.toml
lab run whole.toml --ui plain >whole.log
timeout "$limit" "$bin/clip-lab" run stopped.toml --ui plain >stopped.log &
running=$!
until grep -q '^step ' stopped.log || ! kill -0 $running 2>/dev/null; do sleep 0.1; done
kill -TERM $running 2>/dev/null || true
wait $running || true
uid=$(awk '/^run / { print $2; exit }' stopped.log)
lab run "$work/$uid/spec.toml" --resume "$uid" --ui plain >resumed.log || true
losses() { lab export "$1" --metric train/loss --out loss.csv >/dev/null && awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) if ($i == "step" || $i == "value") c[$i] = i } NR > 1 { print $c["step"], $c["value"] }' loss.csv; }
resumed=DIFFERS
grep -q '^resuming at step' resumed.log && [ "$(losses whole)" = "$(losses stopped)" ] && resumed=equal

# --- throughput ---
if [ "$small" ]; then
  batch=8 steps=6 size=32 text='width = 64
depth = 1
heads = 2'
  vit_b16="plugin = \"vit\"
image_size = $size
width = 96
depth = 2
heads = 3"
  rn50="plugin = \"resnet\"
image_size = $size
variant = \"openai\"
pool = \"attention\"
layers = [1, 1, 1, 1]
pool_heads = 8
output = 64"
  vit_width=64 rn50_width=64
else
  batch=256 steps=40 size=224 text='width = 512
depth = 12
heads = 8'
  vit_b16='plugin = "vit"
pre_norm = true
patch_bias = false
init = "clip"'
  rn50='plugin = "resnet"
variant = "openai"
pool = "attention"'
  vit_width=512 rn50_width=1024
fi

# open_clip's training step on random tensors on the device: MODEL
cat >open_clip_step.py <<'PYTHON'
import statistics, sys, time
import torch, open_clip
from open_clip.loss import ClipLoss
name, device, batch, steps, small = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "yes"
if small:
    vision = dict(image_size=32, patch_size=16, width=96, layers=2, head_width=32)
    if name == "RN50":
        vision = dict(image_size=32, layers=[1, 1, 1, 1], width=64, patch_size=None)
    text = dict(context_length=77, vocab_size=49408, width=64, heads=2, layers=1)
    model = open_clip.model.CLIP(64, vision, text)
else:
    model = open_clip.create_model(name, pretrained=None)
model = model.to(device).train()
size, context = (32 if small else 224), 77
images = torch.rand(batch, 3, size, size, device=device)
texts = torch.randint(1, 49000, (batch, context), device=device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
loss, kind, seconds = ClipLoss(), torch.device(device).type, []
for _ in range(steps):
    begun = time.perf_counter()
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda"):
        out = model(images, texts)
    scaled = out if isinstance(out, tuple) else (out["image_features"], out["text_features"], out["logit_scale"])
    value = loss(*scaled)
    optimizer.zero_grad(set_to_none=True)
    value.backward()
    optimizer.step()
    value.item()
    seconds.append(time.perf_counter() - begun)
print(batch / statistics.median(seconds[len(seconds) // 2:]))
PYTHON

# A row of the table: NAME IMAGE IMAGE-PROJECTION TEXT-PROJECTION
row() {
  spec "$1" "steps = $steps
batch = $batch
precision = \"$precision\"
log_every = 2" "$2" "$text" "$3" "$4"
  lab run "$1.toml" --ui plain >"$1.log"
  local update wait mfu memory theirs
  update=$(median "$1" time/update_s) wait=$(median "$1" time/data_wait_s) mfu=$(median "$1" speed/mfu)
  memory=$([ "$device" = cpu ] || median "$1" system/gpu_memory_gib)
  theirs=$(timeout 60 "$python" open_clip_step.py "$1" "$device" $batch $steps "$small" 2>python.log || true)
  awk -v name="$1" -v b=$batch -v u="$update" -v w="$wait" -v m="$mfu" -v g="$memory" -v t="$theirs" 'BEGIN {
    # The step alone; the whole run is slower by the time that it waits for data. MFU is that of the step.
    ours = b / u
    printf "| %s | %d | %.4g | %s | %s | %.1f%% | %.0f%% | %s |\n", name, b, ours, t ? sprintf("%.4g", t) : "-",
      t ? sprintf("%.2f", ours / t) : "-", 100 * m * (u + w) / u, 100 * w / (u + w), g ? sprintf("%.1f", g) : "-" }'
}
# The attention pool of RN50 ends in a projection. 16-bit numbers are slow on CPUs.
precision=$([ "$device" = cpu ] && echo fp32 || echo bf16)
rows=$(
  row ViT-B-16 "$vit_b16" "$(linear $vit_width)" "$(linear $vit_width)"
  row RN50 "$rn50" 'plugin = "identity"' "$(linear $rn50_width)"
)

name=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1 || true)
cat <<REPORT
$device${name:+ ($name)}, libtorch $("$bin/clip-lab-core" probe | sed 's/.*"libtorch":"\([^"]*\)".*/\1/')${small:+, small form}:
tests $result; losses of a stopped and resumed run: $resumed.

| model | batch | clip-lab, pairs/s | open_clip, pairs/s | ratio | MFU | waits for data | GiB |
|---|--:|--:|--:|--:|--:|--:|--:|
$rows
REPORT
[ "$result" != FAILED ] && [ "$resumed" = equal ]
