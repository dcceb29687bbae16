#!/usr/bin/env bash
# Makes .venv-sglang, the environment of SGLang's server on a CPU, which the tests marked `server` start. Its versions
# do not go with those of .venv. vLLM's server needs nothing more than .venv has.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! .venv-sglang/bin/python -c 'import sglang' >/dev/null 2>&1; then
    echo "servers: making .venv-sglang (3 GB on disk, some minutes)"
    .venv/bin/python -m venv --clear .venv-sglang
    pip() { .venv-sglang/bin/python -m pip --disable-pip-version-check "$@"; }
    torch=torch==2.13.0+cpu
    pip install --quiet --no-deps "$torch" 2>/dev/null ||
        pip install --quiet --no-deps --index-url https://download.pytorch.org/whl/cpu "$torch"
    pip install --quiet --no-deps --requirement locks/sglang.txt
fi
echo "servers: done; make test ARGS='-m server'"
