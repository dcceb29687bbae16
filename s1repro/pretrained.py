"""Pretrained models as files: which one it is, whether it can be served, and its tokenizer.

A model is a folder in the Hugging Face layout or a hub id, which may be pinned to a commit (`revision`; without one it
is `main`). Loading weights belongs to the engines and to training.

    model_mark("data/demo/base", "model.base")              # the same as long as the files are
    require_model("data/demo/base", max_model_len=1024)     # its configuration; an error before an engine starts
    tokenizer = load_tokenizer("data/demo/base", "model.base", trust_remote_code=False)
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from s1repro.artifacts import fingerprint
from s1repro.reasons import first_line

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

WEIGHTS = "*.safetensors"
"""The one format that is read: others are unpickled, which can run code."""
END = 1 << 20
"""Bytes read at either end of a file to tell models apart."""
PIECES, PIECE = 64, 1 << 14
"""Pieces read of the whole of a file, evenly spread, and the bytes of each."""
READ_BY_ENGINES = {".safetensors", ".json", ".jinja", ".txt", ".model"}
"""Suffixes of the files that a model consists of."""

GENERIC = ("TokenizersBackend", "PreTrainedTokenizerFast")
"""Tokenizer classes that say no more than `tokenizer.json` does."""


def model_mark(model: str, key: str, revision: str = "") -> str:
    """16 hex digits that tell models apart: for a folder its files' names, sizes, first and last MiB, and 64 pieces.

    Not the whole of the weights: those can be 60 GB, and a finished stage must answer at once. So a difference of less
    than a 64th of a file may be missed between its ends. A hub id stands for itself, or with its `revision` for that
    commit. Raises `ValueError`, naming the config's `key`, for a folder without weights or with a revision, and for
    what is neither a folder nor can be a hub id.
    """
    folder = Path(model)
    _require_id(model, revision, f"{key}: ")
    if not folder.is_dir():
        if model.count("/") > 1 or model.startswith((".", "/", "~")):
            raise ValueError(f"{key}: no folder {model}; make it first (`train` writes a checkpoint), or give a hub id")
        return fingerprint([model, revision] if revision else model)
    if not list(folder.glob(WEIGHTS)):
        raise ValueError(f"{key}: {model} holds no {WEIGHTS} weights; make it again or give another folder")
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in READ_BY_ENGINES):
        size = path.stat().st_size
        spread = [(size * number // PIECES, PIECE) for number in range(PIECES)]
        digest.update(f"{path.name} {size} ".encode())
        with open(path, "rb") as file:
            for start, length in ((0, END), *spread, (max(0, size - END), END)):
                file.seek(start)
                digest.update(file.read(length))
    return fingerprint(digest.hexdigest())


def _require_id(model: str, revision: str, where: str = "") -> None:
    """Raise `ValueError` where a folder is asked for at a commit."""
    if revision and Path(model).is_dir():
        raise ValueError(f"{where}{model} is a folder, which has no revisions: leave {revision} out, or give a hub id")


def require_model(
    model: str, max_model_len: int, trust_remote_code: bool = False, revision: str = ""
) -> PretrainedConfig:
    """The model's configuration, once it is clear that the model can be served; `ValueError` in one line otherwise."""
    from transformers import AutoConfig

    folder = Path(model)
    _require_id(model, revision)
    is_id = model.count("/") <= 1 and not model.startswith((".", "/", "~"))
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ValueError(f"{model} is not a model: it has no config.json")
        if not any(folder.glob(WEIGHTS)):
            raise ValueError(f"{model} holds no weights ({WEIGHTS}): was its training interrupted?")
    elif not is_id:
        raise ValueError(f"there is no model in {model}: train it first, or set the path to one")
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(
            model, trust_remote_code=trust_remote_code, revision=revision or "main"
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot load the model {model}: {first_line(error)}") from error
    limit = _positions(config)
    if limit is not None and max_model_len > limit:
        raise ValueError(f"engine.max_model_len is {max_model_len}, but {model} is made for {limit} tokens: lower it")
    return config


def local_folder(model: str, revision: str) -> str:
    """Where the files of a hub's model at a commit lie on this machine, once it was loaded; `model` without a commit.

    For libraries that take no revision.
    """
    if not revision:
        return model
    from transformers.utils.hub import cached_file

    found = cached_file(model, "config.json", revision=revision)
    assert found is not None
    return str(Path(found).parent)


def context_length(model: str, trust_remote_code: bool = False, revision: str = "") -> int | None:
    """How many tokens the model is made for, None where that is not known."""
    from transformers import AutoConfig

    return _positions(
        AutoConfig.from_pretrained(model, trust_remote_code=trust_remote_code, revision=revision or "main")
    )


def _positions(config: PretrainedConfig) -> int | None:
    text = config.get_text_config()
    stretched = "factor" in (getattr(text, "rope_scaling", None) or {})  # then the limit is another one
    limit: int | None = None if stretched else getattr(text, "max_position_embeddings", None)
    return limit


def load_tokenizer(model: str, key: str, trust_remote_code: bool, revision: str = "") -> PreTrainedTokenizerBase:
    """The model's tokenizer. Raises `ValueError`, naming the config's `key`, where there is none.

    A folder whose tokenizer is a generic one gets just that: transformers 5 would put Qwen2's own in its place for any
    folder with a Qwen2 model, which silently splits text in another way than the model was trained on.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    settings = Path(model) / "tokenizer_config.json"
    try:
        generic = settings.is_file() and json.loads(settings.read_text()).get("tokenizer_class") in GENERIC
        loader = PreTrainedTokenizerFast if generic else AutoTokenizer
        tokenizer: PreTrainedTokenizerBase = loader.from_pretrained(
            model, trust_remote_code=trust_remote_code, revision=revision or "main"
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"{key}: cannot load a tokenizer from {model!r}: {first_line(error)}") from error
    return tokenizer
