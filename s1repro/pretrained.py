"""Pretrained models as files: which one it is, and its tokenizer.

A model is a folder in the Hugging Face layout or a hub id. Loading weights belongs to the engines and to training.

    model_mark("data/demo/base", "model.base")              # the same as long as the files are
    tokenizer = load_tokenizer("data/demo/base", "model.base", trust_remote_code=False)
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from s1repro.artifacts import fingerprint

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PIECE = 1 << 20
"""Bytes read at either end of a file to tell models apart."""
READ_BY_ENGINES = {".safetensors", ".json", ".jinja", ".txt", ".model"}
"""Suffixes of the files that a model consists of."""

GENERIC = ("TokenizersBackend", "PreTrainedTokenizerFast")
"""Tokenizer classes that say no more than `tokenizer.json` does."""


def model_mark(model: str, key: str) -> str:
    """16 hex digits that tell models apart: for a folder its files' names, sizes, first and last MiB.

    Not the whole of the weights: those can be 60 GB, and a finished stage must answer at once. A hub id stands for
    itself. Raises `ValueError`, naming the config's `key`, for a folder without weights and for what is neither a
    folder nor can be a hub id.
    """
    folder = Path(model)
    if not folder.is_dir():
        if model.count("/") > 1 or model.startswith((".", "/", "~")):
            raise ValueError(f"{key}: no folder {model}; make it first (`train` writes a checkpoint), or give a hub id")
        return fingerprint(model)
    if not list(folder.glob("*.safetensors")):
        raise ValueError(f"{key}: {model} holds no *.safetensors weights; make it again or give another folder")
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in READ_BY_ENGINES):
        size = path.stat().st_size
        with open(path, "rb") as file:
            digest.update(f"{path.name} {size} ".encode() + file.read(PIECE))
            file.seek(max(0, size - PIECE))
            digest.update(file.read())
    return fingerprint(digest.hexdigest())


def load_tokenizer(model: str, key: str, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    """The model's tokenizer. Raises `ValueError`, naming the config's `key`, where there is none.

    A folder whose tokenizer is a generic one gets just that: transformers 5 would put Qwen2's own in its place for any
    folder with a Qwen2 model, which silently splits text in another way than the model was trained on.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    settings = Path(model) / "tokenizer_config.json"
    try:
        generic = settings.is_file() and json.loads(settings.read_text()).get("tokenizer_class") in GENERIC
        loader = PreTrainedTokenizerFast if generic else AutoTokenizer
        tokenizer: PreTrainedTokenizerBase = loader.from_pretrained(model, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{key}: cannot load a tokenizer from {model!r}: {reason}") from error
    return tokenizer
