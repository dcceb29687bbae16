"""The dashboard: what each stage shows on wandb, in one group a recipe and one job type a stage.

Whether it goes to a server or stays in the stage's folder is settled before the work (`s1repro.wandb_mode`), and
nothing here costs a run: a dashboard that fails says so in one line, and the stage goes on without it. The only module
that imports wandb. A curve is a series of points with an x axis of its own, log2 of the mean thinking tokens; Waits,
which push past the natural end, are another series beside it. A training's metrics are sent by the trainer, into the
run that is open. A stage that goes on where it was stopped goes on in the same run. Offline each start leaves a folder
of its own with the run's id, for `wandb sync` to put together; that was not tried against a server.

    with tracked(config, "evaluate", folder, settled(config)) as dashboard:
        dashboard.point(point)
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s1repro.artifacts import write_text
from s1repro.config import Config
from s1repro.reasons import first_line
from s1repro.records import Kept, Point, Transcript
from s1repro.wandb_mode import Mode, settled_mode

AXIS = "log2_tokens"
"""The x axis of a curve's series: log2 of the mean thinking tokens."""
SERIES = ("accuracy", "ci_low", "ci_high", "thinking_tokens", "budget", "waits", "n", "seeds")
"""What a point has on its axis."""
SAMPLES = 200
"""The most samples in a table, taken evenly from all."""
TEXT = 2000
"""Characters of a text in a table; of a longer one, the two ends."""
SHOWN = ("correct", "finish", "thinking_tokens", "answer_tokens", "extracted", "reference", "thinking", "answer")
"""A sample's columns behind its key; the question is its id."""
UNFINISHED = "wandb-run"
"""The file with the id of a run that did not come to its end."""
SECRET = "gpqa"
"""Its authors ask that no question is put online, and thinking repeats the question: these have no texts."""


class Dashboard:
    """One stage's run on wandb; without one, all that it is told is dropped."""

    def __init__(self, run: Any | None = None, name: str = "") -> None:
        self._run, self._name = run, name
        self._series: set[str] = set()

    @property
    def live(self) -> bool:
        """Whether there is a run."""
        return self._run is not None

    def point(self, point: Point) -> None:
        """A point of a curve."""
        self._send(lambda run: self._on_axis(run, point))

    def samples(self, samples: Sequence[Kept], read: Callable[[Kept], Transcript]) -> None:
        """A table of at most `SAMPLES` of them as they are `read`, their texts cut."""
        self._send(lambda run: {"samples": _table(*sample_rows(samples, read))})

    def funnel(self, steps: Sequence[tuple[str, int, int, str]]) -> None:
        """Steps of the funnel as (step, kept, dropped, reason): a table, and bars of what each step kept."""
        last = {step: (step, kept) for step, kept, _, _ in steps}
        self._send(
            lambda run: {
                "funnel": _table(("step", "kept", "dropped", "reason"), steps),
                "funnel_kept": _bars(("step", "kept"), list(last.values())),
            }
        )

    def curve(self, points: Sequence[Point], picture: Path, title: str) -> None:
        """All points as a table and a line plot, and the picture that was drawn of them."""
        for point in points:
            self.point(point)
        columns = tuple(Point.__dataclass_fields__)
        rows = [tuple(vars(point).values()) for point in points]
        self._send(lambda run: {"curve": _table(columns, rows), **_pictures(columns, rows, picture, title)})

    def summary(self, name: str, value: float) -> None:
        """One number that stands for the run."""
        self._send(lambda run: run.summary.update({name: value}) or {})

    def finish(self, exit_code: int = 0) -> None:
        """Write the rest. A run with an `exit_code` is shown as failed."""
        self._send(lambda run: run.finish(exit_code) or {})
        self._run = None

    def _on_axis(self, run: Any, point: Point) -> dict[str, float]:
        series = series_of(point, self._name)
        if series not in self._series:
            self._series.add(series)
            run.define_metric(f"{series}/{AXIS}", hidden=True)
            for name in SERIES:
                run.define_metric(f"{series}/{name}", step_metric=f"{series}/{AXIS}", step_sync=False)
        values = {AXIS: math.log2(max(point.thinking_tokens, 1.0)), **{name: getattr(point, name) for name in SERIES}}
        return {f"{series}/{name}": value for name, value in values.items()}

    def _send(self, make: Callable[[Any], Mapping[str, Any]]) -> None:
        if self._run is None:
            return
        try:
            data = make(self._run)
            if data:
                self._run.log(data)
        except Exception as error:  # whatever it is, it is not worth the run
            self._run = None
            _give_up(error)


def series_of(point: Point, own: str) -> str:
    """The name of the curve that a point is on: the same in all runs for their `own`, so that they lie in one chart."""
    if point.run == own:
        return curve_series(point.benchmark, point.method, point.waits > 0)
    return _series(f"baseline/{point.run}", point.benchmark, point.method, point.waits > 0)


def curve_series(benchmark: str, method: str, waits: bool) -> str:
    """The name of a run's own curve, or of the points with Waits beside it."""
    return _series("curve", benchmark, method, waits)


def _series(of: str, benchmark: str, method: str, waits: bool) -> str:
    parts = (of, benchmark, method)
    name = "/".join(re.sub(r"[^A-Za-z0-9_/-]+", "_", part).strip("_") for part in parts)  # what wandb takes
    return f"{name}-waits" if waits else name


def account() -> str:
    """Whose project the runs are in, a user's or a team's: `WANDB_ENTITY`, else what the server says of the key."""
    import wandb

    server = wandb.Api()
    name = server.settings["entity"] or server.default_entity
    if not name:
        raise ValueError("the server says no user or team for the key; set WANDB_ENTITY")
    return str(name)


def settled(config: Config) -> Mode:
    """Where the dashboard of a stage goes, looked at before the work. Of several processes the first has it."""
    first = os.environ.get("RANK", "0") == "0"
    return settled_mode() if config.report.wandb and first else "disabled"


@contextmanager
def tracked(config: Config, stage: str, folder: Path, mode: Mode, state: Path | None = None) -> Iterator[Dashboard]:
    """The dashboard of a stage, as `settled`; its files go to `folder/wandb`.

    Ended early, it is shown as failed, and the next start goes on with its run: `state` keeps the id, or `folder` where
    none is given.
    """
    if mode == "disabled":
        yield Dashboard()
        return
    kept = (state or folder) / UNFINISHED
    dashboard = Dashboard(_start(config, stage, folder, mode, kept), config.name)
    try:
        yield dashboard
    except BaseException:  # an interruption too
        dashboard.finish(1)
        raise
    dashboard.finish()
    with suppress(OSError):  # whatever it is, it is not worth the run
        kept.unlink()


def sample_rows(
    samples: Sequence[Kept], read: Callable[[Kept], Transcript]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns and the rows of a table of samples: every so many of them, in order."""
    ordered = sorted(samples, key=lambda sample: sample.key)
    step = max(1, math.ceil(len(ordered) / SAMPLES))
    columns = (*ordered[0].key.__dataclass_fields__, *SHOWN) if ordered else SHOWN
    return columns, [_row(read(sample)) for sample in ordered[::step]]


def _row(sample: Transcript) -> tuple[Any, ...]:
    hidden = SECRET in sample.key.benchmark.lower()
    shown = [getattr(sample, name) for name in SHOWN]
    texts = [
        ("" if hidden else _cut(value)) if name in ("thinking", "answer") else value
        for name, value in zip(SHOWN, shown, strict=True)
    ]
    return (*vars(sample.key).values(), *texts)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[: TEXT // 2]} [...] {text[-TEXT // 2 :]}"


def _start(config: Config, stage: str, folder: Path, mode: Mode, kept: Path) -> Any | None:
    """The run that is open now, that of `kept` where there is one; None where wandb cannot open one."""
    try:
        import wandb  # slow to import, and not wanted where there is no dashboard

        folder.mkdir(parents=True, exist_ok=True)
        run = wandb.init(
            id=kept.read_text() if kept.is_file() else None,
            resume="allow",  # whether there is such a run on the server or not
            project=config.report.wandb_project,
            name=f"{config.name}-{stage}",
            group=config.report.wandb_group or config.name,
            job_type=stage,
            config=asdict(config),  # holds no secrets: wandb's key comes from the environment
            dir=str(folder.resolve()),
            mode=mode,
            settings=wandb.Settings(silent=True, console="off", disable_git=True, x_disable_meta=True),
        )
        write_text(kept, run.id)
        return run
    except Exception as error:  # whatever it is, it is not worth the run
        _give_up(error)
        return None


def _give_up(error: Exception) -> None:
    print(f"wandb: nothing more is logged, because of {type(error).__name__}: {first_line(error)}", file=sys.stderr)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    import wandb

    return wandb.Table(columns=list(columns), data=[list(row) for row in rows])


def _bars(columns: tuple[str, str], rows: Sequence[Sequence[Any]]) -> Any:
    import wandb

    return wandb.plot.bar(_table(columns, rows), *columns, title="The funnel: rows kept")


def _pictures(columns: Sequence[str], rows: Sequence[Sequence[Any]], picture: Path, title: str) -> dict[str, Any]:
    import wandb

    line = wandb.plot.line(_table(columns, rows), x="thinking_tokens", y="accuracy", stroke="run", title=title)
    return {"accuracy_by_thinking_tokens": line, "picture": wandb.Image(str(picture))}
