"""A checkpoint says how it was made, one from elsewhere does not, and what is none of it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1repro.trained import Training, read_training, write_training


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    write_training(tmp_path, Training("0123456789abcdef", 3))
    assert read_training(str(tmp_path)) == Training("0123456789abcdef", 3)


def test_a_model_from_elsewhere_does_not_say(tmp_path: Path) -> None:
    assert read_training(str(tmp_path)) is None and read_training("simplescaling/s1-32B") is None


@pytest.mark.parametrize("text", ["[]", '{"recipe": "a"}', '{"recipe": "a", "seed": true}', '{"recipe": "a", "see'])
def test_what_is_no_training_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(ValueError, match=r"training\.json: .*delete it, or train again"):
        read_training(str(tmp_path))
