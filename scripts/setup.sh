#!/usr/bin/env bash
# Makes .venv and installs what this machine can run: with a GPU the extra `gpu`, without one the exact CPU lock. Which it
# is says S1REPRO_DEVICE (gpu or cpu), where it is set: a cluster's login node has no GPU, and its jobs do.
# Called by `make setup` with the stamp file to write when all is done.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=$1

case ${S1REPRO_DEVICE:-cpu} in
    gpu | cpu) ;;
    *) echo "error: S1REPRO_DEVICE is '$S1REPRO_DEVICE'; set it to gpu or cpu, or not at all" >&2 && exit 1 ;;
esac

find_python() { # the lock is made for 3.11 and 3.12; a shim may exist without its Python
    for python in python3.11 python3.12 python3; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "error: no Python 3.11 or newer with venv found; install one (Debian: python3 and python3-venv)" >&2
    return 1
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "setup: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

device=${S1REPRO_DEVICE:-$(nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)}
if [ "$device" = gpu ]; then
    echo "setup: for a GPU, installing the extras gpu, eagle and dev"
    pip install --quiet --editable '.[gpu,eagle,dev]'
else
    echo "setup: for the CPU, installing locks/cpu.txt (4 GB on disk, some minutes)"
    # torch first, by itself: other packages would bring its CUDA build. Some machines' pip finds the CPU build as it is.
    torch=torch==2.13.0+cpu
    pip install --quiet --no-deps "$torch" 2>/dev/null ||
        pip install --quiet --no-deps --index-url https://download.pytorch.org/whl/cpu "$torch"
    # Without dependencies: they would add torchvision, torchaudio and torchcodec, whose CUDA builds break this torch.
    pip install --quiet --no-deps --requirement locks/cpu.txt
    pip install --quiet --no-deps --no-build-isolation --editable .
fi

rm -f .venv/.setup-*
touch "$stamp"
echo "setup: done"
