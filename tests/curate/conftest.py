"""What the tests of `curate` share: a row with every field filled, and a byte-level tokenizer on disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s1repro.records import Row


@pytest.fixture(scope="session")
def make_row() -> Callable[..., Row]:
    def make(id: str = "r", **fields: Any) -> Row:
        values: dict[str, Any] = {
            "question": f"What is question {id}?",
            "solution": "4",
            "thinking_trajectories": (fields.pop("trace", "two and two"),),
            "attempt": "Answer: 4",
            "cot_type": "math",
            "source_type": "demo",
            "metadata": '{"kind": "exact"}',
            "domain": "11",
            **fields,
        }
        return Row(id=id, **values)

    return make


@pytest.fixture(scope="session")
def base_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tokenizer of one token a byte, and an end-of-text token; made for 512 tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE(vocab={char: number for number, char in enumerate(alphabet)}, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    folder = tmp_path_factory.mktemp("base")
    PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token="<|endoftext|>").save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "qwen2", "max_position_embeddings": 512}')
    (folder / "model.safetensors").write_bytes(b"never read: the engine is scripted")
    return folder
