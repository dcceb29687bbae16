"""Fixtures every test may use: small real tokenizers, a tiny model, one real engine a session, a stand-in of wandb."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.wandb_server import WandbServer, serving

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Before anything imports torch or the hub's client, which read them once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
# In the processes of stages too. The tests of the dashboard choose a mode of their own.
os.environ.setdefault("WANDB_MODE", "disabled")

# A shell that runs the tests in the background has them ignore Ctrl-C, and every process that they start with them; the
# tests of interruptions send one.
signal.signal(signal.SIGINT, signal.default_int_handler)

LINES = [
    "What is the sum of 12 and 30? Think step by step.",
    "First I add the tens, then the ones. 10 + 30 = 40, and 40 + 2 = 42.\n",
    "Wait, let me check: 42 - 30 = 12. Yes.\nFinal Answer: 42",
    "Answer: the largest prime below 20 is 19.\n\nHmm, Alternatively, try $x^2 + 1$.",
    "user assistant system think answer You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
]


QWEN_SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
QWEN_ADDED = ["<|fim_pad|>", "<tool_call>"]  # in Qwen2.5 these are added tokens that are not flagged special
LLAMA_SPECIAL = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|end_of_text|>"]
DEEPSEEK_SPECIAL = ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"]
DEEPSEEK_ADDED = ["<｜User｜>", "<｜Assistant｜>"]
THINK = ["<think>", "</think>"]
THINK_LINES = ["Yes.</think>\n\nAnswer: 42", "So it is 42.</think>\nDone", "12 + 30 </think>\n\nNo"] * 3
VOCAB_PADDING = 57
"""Rows of the tiny model's embedding that no token has, as in the real Qwen."""


def _train_tokenizer(
    special: list[str], added: list[str], lines: list[str] = LINES, **names: str
) -> PreTrainedTokenizerBase:
    """A byte-level BPE with Qwen2's pre-tokenizer, trained on `lines`."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False))
    bpe.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    bpe.add_tokens([AddedToken(token, special=False, normalized=False) for token in added])
    return PreTrainedTokenizerFast(tokenizer_object=bpe, **names)


@pytest.fixture(scope="session")
def qwen_tokenizer() -> PreTrainedTokenizerBase:
    """A Qwen-like tokenizer."""
    return _train_tokenizer(QWEN_SPECIAL, QWEN_ADDED, eos_token="<|im_end|>", pad_token="<|endoftext|>")


@pytest.fixture(scope="session")
def llama_tokenizer() -> PreTrainedTokenizerBase:
    """A tokenizer with Llama 3's special tokens."""
    return _train_tokenizer(LLAMA_SPECIAL, [], bos_token="<|begin_of_text|>", eos_token="<|eot_id|>")


@pytest.fixture(scope="session")
def plain_tokenizer() -> PreTrainedTokenizerBase:
    """Llama 3's special tokens, and `</think>` in many tokens that may hold the text around it: `.</`, `>\\n\\n`."""
    names = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
    return _train_tokenizer(LLAMA_SPECIAL, [], LINES + THINK_LINES, **names)


@pytest.fixture(scope="session")
def qwen3_tokenizer() -> PreTrainedTokenizerBase:
    """A Qwen3-like tokenizer: `</think>` is one token, and not flagged special."""
    return _train_tokenizer(QWEN_SPECIAL, QWEN_ADDED + THINK, eos_token="<|im_end|>", pad_token="<|endoftext|>")


@pytest.fixture(scope="session")
def deepseek_tokenizer() -> PreTrainedTokenizerBase:
    """A tokenizer like that of the R1 distillations."""
    return _train_tokenizer(DEEPSEEK_SPECIAL, DEEPSEEK_ADDED + THINK, eos_token=DEEPSEEK_SPECIAL[1])


@pytest.fixture(scope="session")
def tiny_qwen(qwen_tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer Qwen2, its vocabulary padded above the tokenizer's."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("tiny_qwen")
    config = Qwen2Config(
        vocab_size=len(qwen_tokenizer) + VOCAB_PADDING,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        eos_token_id=qwen_tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(config)
        torch.nn.init.normal_(model.lm_head.weight, std=0.3)  # else every token is about as likely as the next
        model.save_pretrained(folder)
    qwen_tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """`run(coroutine)` on one event loop for the whole session: an engine belongs to the loop of its first use."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="test-loop", daemon=True)
    thread.start()

    def run_on_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=600)

    yield run_on_loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def vllm_engine(tiny_qwen: Path, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Any]:
    """The one real vLLM engine of the session, over `tiny_qwen`."""
    from s1repro.engines import load_engine
    from s1repro.engines.vllm import Vllm

    config = Vllm(max_model_len=256, max_concurrency=64, enforce_eager=True, gpu_memory_utilization=0.3)
    engine = load_engine(config, str(tiny_qwen))
    yield engine
    run(engine.close())


@pytest.fixture
def wandb_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WandbServer]:
    """A server of this machine in place of wandb's, and no settings or login of the user's."""
    for name in [name for name in os.environ if name.startswith("WANDB_") or name == "NETRC"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving() as standing_in:
        monkeypatch.setenv("WANDB_BASE_URL", standing_in.url)
        yield standing_in
