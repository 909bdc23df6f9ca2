#!/bin/sh
# Install torch's CPU build, or the one that TORCH names, into an environment:  infra/torch.sh ENV
# PyPI's torch for Linux is the CUDA build, some 4.7 GB more. The CPU build is taken from what pip is set up with (its index
# or wheel folders) where that has one, else from PyTorch's own CPU index; TORCH_INDEX names another, such as a mirror.
set -eu
torch=${TORCH:-torch==2.13.0+cpu}
python="$1/bin/python"
"$python" -c 'import torch' 2>/dev/null && exit 0
echo "torch: installing $torch into $1" >&2
[ -z "${TORCH_INDEX:-}" ] && "$python" -m pip install --quiet --disable-pip-version-check "$torch" 2>/dev/null && exit 0
index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}
exec "$python" -m pip install --quiet --disable-pip-version-check --extra-index-url "$index" "$torch"
