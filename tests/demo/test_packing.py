from random import Random

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from s1repro.demo import packing
from s1repro.demo.documents import Document, draw_document
from s1repro.demo.packing import IGNORED, WINDOW, WINDOWS, batches


@pytest.fixture(scope="module")
def made(demo_tokenizer):
    """A few batches of short problems."""
    return list(batches(demo_tokenizer, Random(1), 4, 0, (4,)))


def documents_in(batch, row):
    """The (start, end) of the documents of one window, from its positions alone, padding left out."""
    mask, positions = batch.mask[row, 0], batch.positions[row].tolist()
    starts = [i for i, position in enumerate(positions) if position == 0 and mask[i, i]]
    ends = [*starts[1:], WINDOW]
    return [
        (start, end)
        for start, end in zip(starts, ends, strict=True)
        if end - start > 1 and bool((batch.labels[row, start:end] != IGNORED).any())
    ]


def test_shapes_are_fixed(made):
    assert len(made) == 4
    for batch in made:
        assert batch.ids.shape == batch.labels.shape == batch.positions.shape == (WINDOWS, WINDOW)
        assert batch.mask.shape == (WINDOWS, 1, WINDOW, WINDOW)
        assert (batch.ids.dtype, batch.mask.dtype) == (torch.long, torch.bool)


def test_labels_are_exactly_the_told_part(made, demo_tokenizer):
    """Each document is decoded again; what is learnt begins behind its opening and ends with the end of text."""
    openings = ("\nFinal Answer:", "\nLook up:", "\nSolution:\n", "\nShortcut:\n")
    seen = usual = 0
    for row in range(WINDOWS):
        for start, end in documents_in(made[0], row):
            ids, labels = made[0].ids[row, start:end], made[0].labels[row, start:end]
            given = int((labels == IGNORED).sum())
            assert (labels[:given] == IGNORED).all()
            assert torch.equal(labels[given:], ids[given:])
            assert int(ids[-1]) == demo_tokenizer.eos_token_id
            assert (ids[:-1] != demo_tokenizer.eos_token_id).all()
            text = demo_tokenizer.decode(ids[:given])
            if text.startswith("Problem: "):
                assert text.endswith(openings)
                assert sum(text.count(opening) for opening in openings) == 1
                usual += 1
            seen += 1
    assert seen > usual > WINDOWS / 2


def test_what_is_packed_are_the_documents_and_nothing_else(demo_tokenizer):
    rng = Random(2)
    documents = [draw_document(rng, 12) for _ in range(300)]
    encoded = packing._encode(demo_tokenizer, documents)
    for document, (ids, given) in zip(documents, encoded, strict=True):
        assert demo_tokenizer.decode(ids[:given]) == document.given
        assert demo_tokenizer.decode(ids[given:-1]) == document.told
    windows = packing._fill(encoded)
    assert all(sum(len(ids) for ids, _ in window) <= WINDOW for window in windows)
    packed = sorted(document for window in windows for document in window)
    assert packed == sorted(document for document in encoded if len(document[0]) <= WINDOW)
    used = sum(len(ids) for ids, _ in packed) / (len(windows) * WINDOW)
    assert used > 0.9  # little compute is spent on padding


def test_few_documents_are_too_long_for_a_window(demo_tokenizer):
    rng = Random(3)
    encoded = packing._encode(demo_tokenizer, [draw_document(rng, 12) for _ in range(2000)])
    assert sum(len(ids) > WINDOW for ids, _ in encoded) / 2000 < 0.02


def test_a_document_too_long_is_left_out(demo_tokenizer):
    fits, long = Document("1" * (WINDOW - 11), "2" * 10), Document("1" * (WINDOW - 10), "2" * 10)
    encoded = packing._encode(demo_tokenizer, [long, fits])
    assert [len(ids) for ids, _ in encoded] == [WINDOW + 1, WINDOW]
    assert packing._fill(encoded) == [[encoded[1]]]


@pytest.mark.parametrize(("config", "kind"), [(Qwen2Config, Qwen2ForCausalLM), (LlamaConfig, LlamaForCausalLM)])
def test_a_packed_document_is_to_the_model_as_if_alone(made, demo_tokenizer, config, kind):
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind(config(vocab_size=len(demo_tokenizer), num_key_value_heads=1, **shape)).eval()
    for parameter in model.parameters():
        parameter.data *= 5  # else attention is flat, and looking elsewhere would hardly show
    batch = made[0]
    with torch.no_grad():
        packed = model(
            input_ids=batch.ids[:2], position_ids=batch.positions[:2], attention_mask=batch.mask[:2], use_cache=False
        ).logits
        blind = model(input_ids=batch.ids[:2], use_cache=False).logits
        seen = 0
        for row in range(2):
            for start, end in documents_in(batch, row):
                alone = model(input_ids=batch.ids[row : row + 1, start:end], use_cache=False).logits[0]
                torch.testing.assert_close(packed[row, start:end], alone, rtol=1e-3, atol=1e-3)
                if start:
                    assert (blind[row, start:end] - alone).abs().max() > 0.1  # it would show
                    seen += 1
    assert seen >= 2


def test_no_token_looks_ahead_or_elsewhere(made):
    for row in range(WINDOWS):
        mask = made[1].mask[row, 0]
        for start, end in documents_in(made[1], row):
            inside = torch.ones(end - start, end - start, dtype=torch.bool).tril()
            own = mask[start:end, start:end]
            learnt = int((made[1].labels[row, start:end] != IGNORED).nonzero().max()) + 1  # behind it may be padding
            assert torch.equal(own[:learnt, :learnt], inside[:learnt, :learnt])
            assert not mask[start : start + learnt, :start].any()
            assert not mask[start : start + learnt, start + learnt :].any()
        assert mask.any(dim=1).all()  # a row that sees nothing would be not-a-number


def test_problems_grow(demo_tokenizer):
    """The first third holds short problems only; the others the longest too."""
    stream = list(batches(demo_tokenizer, Random(4), 60, 0, (2, 12, 12)))
    letters = demo_tokenizer.convert_tokens_to_ids(["l", "c"])
    twelfth, third = (torch.stack([batch.ids == letter for batch in stream]) for letter in letters)
    assert len(stream) == 60
    assert not third[:20].any()
    assert not twelfth[:20].any()
    assert third[35:].any()
    assert twelfth[35:].any()


def test_look_ups_come_first(demo_tokenizer):
    stream = list(batches(demo_tokenizer, Random(6), 20, 3, (4,)))
    solutions = [int((batch.ids == demo_tokenizer.convert_tokens_to_ids("Solution")).sum()) for batch in stream]
    assert len(stream) == 20
    assert solutions[:3] == [0, 0, 0]
    assert solutions[-1] > 5


def test_look_ups_are_as_long_as_any_from_the_start(demo_tokenizer):
    stream = list(batches(demo_tokenizer, Random(7), 60, 3, (2, 12)))
    solution, twelfth = demo_tokenizer.convert_tokens_to_ids(["Solution", "l"])
    first = next(i for i, batch in enumerate(stream) if (batch.ids == solution).any())
    assert 3 <= first < 25
    assert all((batch.ids == twelfth).any() for batch in stream[:3])
    assert not any((batch.ids == twelfth).any() for batch in stream[first:30])
    assert any((batch.ids == twelfth).any() for batch in stream[40:])


def test_batches_are_seeded(demo_tokenizer, made):
    again = next(batches(demo_tokenizer, Random(1), 4, 0, (4,)))
    other = next(batches(demo_tokenizer, Random(5), 4, 0, (4,)))
    assert torch.equal(again.ids, made[0].ids)
    assert not torch.equal(other.ids, made[0].ids)
