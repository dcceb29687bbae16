"""What math-verify alone says of the tests' table, beside grading: python -m benchmarks.math_verify_alone

Every case of `tests/grading_cases.json` whose answer is mathematics goes to math-verify as its README has it (`parse`,
`verify`; a reference without dollars within them), and to grading. The table was made of what goes wrong and is held to
grading's rules, so it says where the two differ, not how often in a benchmark. Half a minute; needs no model.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from math_verify import parse, verify

from s1repro.grading import grade

CASES = Path(__file__).parents[1] / "tests" / "grading_cases.json"
_SECONDS = 3


def alone(response: str, reference: str) -> bool:
    """math-verify's verdict; False where it raises or takes too long."""
    try:
        gold = parse(reference, parsing_timeout=_SECONDS) or parse(f"${reference}$", parsing_timeout=_SECONDS)
        given = parse(response, parsing_timeout=_SECONDS)
        return bool(verify(gold, given, timeout_seconds=_SECONDS))
    except Exception:  # whatever it runs into is no verdict
        return False


def main() -> None:
    """Print how many wrong answers each takes for right, and how many right ones for wrong."""
    cases = [case for case in json.loads(CASES.read_text(encoding="utf-8")) if case["kind"] == "math"]
    said: Counter[tuple[str, bool, bool]] = Counter()
    for case in cases:
        response, reference, right = case["response"], case["reference"], case["correct"]
        said["math-verify alone", right, alone(response, reference)] += 1
        said["s1repro.grading", right, grade(response, reference, "math").correct] += 1
    right = sum(case["correct"] for case in cases)
    print(f"{'':20}{f'wrongly right of {len(cases) - right}':>24}{f'wrongly wrong of {right}':>24}")
    for name in ("math-verify alone", "s1repro.grading"):
        print(f"{name:20}{said[name, False, True]:>24}{said[name, True, False]:>24}")


if __name__ == "__main__":
    main()
