"""The question is found within the prompt, and what an evaluation injects is read from its folder."""

from __future__ import annotations

import json
from pathlib import Path

from s1repro.chat import FORMATS
from s1repro.report.page.wording import Wording, read_wording


def test_the_question_of_a_format(tmp_path: Path) -> None:
    said = {"model.format": "qwen", "method.wait_strings": ["Hm", "Wait"], "method.final_string": "So:"}
    (tmp_path / "journal_config.json").write_text(json.dumps({**said, "benchmarks": {}}))
    wording, fmt = read_wording(tmp_path), FORMATS["qwen"]
    assert (wording.wait_strings, wording.final_string) == (("Hm", "Wait"), "So:")
    prompt = f"{fmt.before_question}What is <|im_end|> for?{fmt.after_question}{fmt.thinking_opening}"
    assert wording.question(prompt) == "What is <|im_end|> for?"


def test_a_prompt_of_another_kind_is_shown_whole(tmp_path: Path) -> None:
    assert read_wording(tmp_path) == Wording()
    assert Wording("A: ", " B:").question("Q: why? B:") == "Q: why? B:"
