import re
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1repro.chat import FORMATS
from s1repro.control import instruct
from s1repro.demo.base import SHAPE
from s1repro.demo.documents import draw_document
from s1repro.demo.problem import LABELS, draw
from s1repro.demo.teacher import think
from s1repro.demo.tokens import CHAT_WORDS, SPECIAL_TOKENS, make_tokenizer
from s1repro.demo.worlds import FAMILIES
from s1repro.encoding import plain_ids

DIGITS = "0123456789"
SIGNS = "+-*^&|<=:,;.?()"
OPERATION = r"[-+*^<A-Z][0-9]"
"""The one merge that numbers and signs take part in."""
ARCHITECTURES = ["qwen2", "llama"]
OPENERS = ("<|im_start|>", "<|start_header_id|>")


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def pieces(tokenizer, text):
    return [tokenizer.decode([token]) for token in ids(tokenizer, text)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_digits_and_signs_never_merge_but_in_an_operation(demo_tokenizers, architecture):
    """No token holds two digits, or a sign and anything but the one digit it is applied with."""
    merged = [
        token
        for token in demo_tokenizers[architecture].get_vocab()
        if token not in SPECIAL_TOKENS[architecture]
        and len(token) > 1
        and set(token) & set(DIGITS + SIGNS)
        and not re.fullmatch(OPERATION, token)
    ]
    assert merged == []


@given(st.lists(st.sampled_from([*DIGITS, *SIGNS, *"ABCESW"]), max_size=30).map("".join))
@settings(deadline=None)
def test_numbers_look_the_same_wherever_they_stand(demo_tokenizer, text):
    split = pieces(demo_tokenizer, text)
    assert "".join(split) == text
    assert all(len(piece) == 1 or re.fullmatch(OPERATION, piece) for piece in split)
    digits = [piece[-1] for piece in split if piece[-1] in DIGITS]
    assert digits == [character for character in text if character in DIGITS]


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.listed], ids=lambda family: family.name)
def test_an_operation_is_the_same_tokens_in_the_question_and_in_the_step(reader, demo_tokenizer, family):
    """Each is one token, or a letter or sign by itself; so copying it from the question is a single step."""
    problem = draw(family, family.max_steps, Random(1))
    states = problem.states()
    for i, part in enumerate(reader.listed(problem.text)):
        line = problem.line(i, states[i], states[i + 1])
        assert pieces(demo_tokenizer, "\n" + line)[:4] == ["\n", LABELS[i], part, ";"]
        question = pieces(demo_tokenizer, problem.text)
        assert [LABELS[i], part] in [question[j : j + 2] for j in range(len(question))]


def test_a_step_is_split_where_its_parts_meet(demo_tokenizer):
    for label in LABELS[:12]:
        assert pieces(demo_tokenizer, f"\n{label}+5;7=2") == ["\n", label, "+5", ";", "7", "=", "2"]
    assert pieces(demo_tokenizer, "-9;Tue=Sun") == ["-9", ";", "Tue", "=", "Sun"]
    assert pieces(demo_tokenizer, "*;78=6") == list("*;78=6")
    assert pieces(demo_tokenizer, "S3;4=3") == ["S3", ";", "4", "=", "3"]
    assert pieces(demo_tokenizer, "1;A1C") == ["1", ";", "A1", "C"]
    assert pieces(demo_tokenizer, "Result: 42") == ["Result", ":", " ", "4", "2"]


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_comes_back(demo_tokenizer, text):
    assert demo_tokenizer.decode(plain_ids(demo_tokenizer, text)) == text


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_worlds_texts_come_back(demo_tokenizers, demo_world, architecture):
    tokenizer = demo_tokenizers[architecture]
    for row in demo_world[0][:400]:
        for text in (row["question"], (row["thinking_trajectories"] or [""])[0], row["attempt"] or ""):
            assert tokenizer.decode(ids(tokenizer, text)) == text


def test_counterparts_have_the_same_id_in_both_architectures(demo_tokenizers):
    qwen, llama = (demo_tokenizers[name] for name in ARCHITECTURES)
    assert len(SPECIAL_TOKENS["qwen2"]) == len(SPECIAL_TOKENS["llama"])
    for i, (ours, theirs) in enumerate(zip(SPECIAL_TOKENS["qwen2"], SPECIAL_TOKENS["llama"], strict=True)):
        assert qwen.convert_tokens_to_ids(ours) == llama.convert_tokens_to_ids(theirs) == i
        assert ids(qwen, f"a{ours}b")[1:-1] == ids(llama, f"a{theirs}b")[1:-1] == [i]
    assert qwen.eos_token_id == llama.eos_token_id == 0
    assert qwen.pad_token_id == llama.pad_token_id == 3
    counterparts = dict(zip(SPECIAL_TOKENS["qwen2"], SPECIAL_TOKENS["llama"], strict=True))
    assert {counterparts.get(t, t): i for t, i in qwen.get_vocab().items()} == llama.get_vocab()


@pytest.mark.parametrize(
    ("architecture", "name"), [("qwen2", "qwen-plain"), ("qwen2", "qwen"), ("llama", "llama-plain")]
)
def test_the_thinking_formats_fit(demo_tokenizers, architecture, name):
    tokenizer = demo_tokenizers[architecture]
    fmt = FORMATS[name].bind(tokenizer)
    prompt, completion = fmt.example_ids("From 5 a+2.", "a+2;5=7\nResult: 7", "Final Answer: 7")
    assert fmt.question_ids("From 5 a+2.") == prompt
    assert completion[-1] == tokenizer.convert_tokens_to_ids(fmt.text.turn_ends[0])
    assert "Answer: Final" not in tokenizer.decode(completion)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_chat_word_is_one_token(demo_tokenizers, architecture):
    """As it stands where it is used: at the start of a line or behind a space."""
    tokenizer = demo_tokenizers[architecture]
    for word in ("user", "assistant", "system", "think", "answer", "Wait", "Final", " Answer", "Result", " check"):
        assert pieces(tokenizer, word) == [word]
        assert len(ids(tokenizer, f"\n{word}\n")) == 3
    words = re.findall(r" ?[A-Za-z]{2,}", CHAT_WORDS)
    assert {word.strip() for word in words} >= {"user", "think", "Alternatively", "Think", "tokens", "steps", "short"}
    for word in words:
        assert pieces(tokenizer, word) == [word]


def test_the_roles_of_a_chat_are_one_token_each(demo_tokenizers):
    for architecture, name in (("qwen2", "qwen-plain"), ("llama", "llama-plain")):
        prompt, completion = FORMATS[name].bind(demo_tokenizers[architecture]).example_ids("?", "", "Final Answer: 7")
        split = [demo_tokenizers[architecture].decode([token]) for token in prompt + completion]
        opened = [after for before, after in pairwise(split) if before in OPENERS]
        assert opened == ["user", "assistant", "think", "answer"]


def test_the_words_that_forcing_and_control_use_are_few_tokens(demo_tokenizer):
    assert pieces(demo_tokenizer, "Wait, check.\n") == ["Wait", ",", " check", ".", "\n"]
    assert pieces(demo_tokenizer, "Final Answer: 7") == ["Final", " Answer", ":", " ", "7"]
    assert len(ids(demo_tokenizer, "Hmm")) <= 2
    assert len(ids(demo_tokenizer, "Alternatively")) <= 4
    split = {control: pieces(demo_tokenizer, instruct("?", control, 16)) for control in ("token", "step")}
    for control, what in (("token", "tokens"), ("step", "steps")):
        assert split[control] == ["?", "\n", "\n", "Think", " for", " up", " to", " ", "1", "6", f" {what}", "."]
    assert pieces(demo_tokenizer, "\n15 steps left\n") == ["\n", "1", "5", " steps", " left", "\n"]
    for amount in ("short", "long"):
        told = [" after", " ", "a", f" {amount}", " amount", " of", " thinking", "."]
        split = pieces(demo_tokenizer, instruct("?", "class", amount))
        assert [split[i : i + len(told)] for i in range(len(split))].count(told) == 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_budget_forcing_puts_in_is_what_the_traces_hold(demo_tokenizers, architecture):
    """`Wait` and `Final Answer:` put in on their own are the ids of the same words in a training text."""
    tokenizer = demo_tokenizers[architecture]
    trace, check = "a+2;5=7\nResult: 7\n", ", check.\na+2;5=7\nResult: 7"
    assert plain_ids(tokenizer, trace + "Wait" + check) == [
        *plain_ids(tokenizer, trace),
        *plain_ids(tokenizer, "Wait"),
        *plain_ids(tokenizer, check),
    ]
    for answer in ("7", "Tue", "B"):
        joint = plain_ids(tokenizer, f"Final Answer: {answer}")
        assert joint[: len(plain_ids(tokenizer, "Final Answer:"))] == plain_ids(tokenizer, "Final Answer:")
        assert joint == [*plain_ids(tokenizer, "Final Answer:"), *plain_ids(tokenizer, f" {answer}")]


def test_the_teachers_wait_is_those_ids_too(demo_tokenizer):
    problem = draw(FAMILIES[0], 12, Random(0))
    trace = next(t.trace for t in (think(problem, Random(seed)) for seed in range(100)) if t.checks == 1)
    found, wait = plain_ids(demo_tokenizer, trace), plain_ids(demo_tokenizer, "Wait")
    assert sum(found[i : i + len(wait)] == wait for i in range(len(found))) == 1


def test_the_vocabulary_keeps_to_its_size_and_fits_the_model(demo_tokenizers):
    for tokenizer in demo_tokenizers.values():
        assert len(tokenizer) <= SHAPE["vocab_size"]
    assert len(make_tokenizer(["abc abd abe " * 50], "qwen2", vocab_size=265)) == 265


def test_training_is_reproducible(demo_tokenizer):
    rng = Random(0)
    documents = [draw_document(rng, 12) for _ in range(2500)]
    again = make_tokenizer((d.given + d.told for d in documents), "qwen2")
    assert again.get_vocab() == demo_tokenizer.get_vocab()
