"""The project's grader as lm-eval's metric, so that `lm_eval --include_path evals` scores what `s1repro.evaluate` does.

    metric_list:
      - metric: !function scoring.exact_match
        kind: math          # exact, math or choice: what metadata.kind says
        aggregation: mean
        higher_is_better: true

Aggregation over several answers a question (`repeats`) is not covered.
"""

from __future__ import annotations

from collections.abc import Sequence

from s1repro.grading import grade
from s1repro.records import AnswerKind


def exact_match(references: Sequence[str], predictions: Sequence[str], kind: AnswerKind) -> float:
    """1.0 where the answer is right and 0.0 where not; lm-eval hands over one reference and one response."""
    (reference,), (response,) = references, predictions
    return float(grade(response, reference, kind).correct)
