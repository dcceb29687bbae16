"""The hub's real client, in a process of its own, against a stand-in on the loopback interface."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from s1repro.curate.hub import is_id, resolve
from tests.commands import IN_TURN
from tests.curate.loopback_hub import COMMIT, Hub, serve
from tests.curate.published_sets import ROWS, featurized, make_set, s1k, write_parquet
from tests.test_config import composed

REPOSITORY = Path(__file__).resolve().parents[2]
READ = """
import sys, time
from s1repro.curate.sources import find, read
time.sleep = lambda seconds: None  # between the client's attempts
for place in sys.argv[1:]:
    try:
        rows = list(read(find(*place.split("@")), lambda column: True))
        print(len(rows), rows[-1].where)
    except ValueError as error:
        print("error:", error)
"""


@pytest.fixture
def hub(tmp_path):
    folder = make_set(tmp_path / "set", "s1K", files=2)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "rows.csv").write_text("question\n")
    sets = {"some/set": folder, "some/gated": folder, "some/tables": tmp_path / "tables"}
    with serve(Hub(sets, gated=("some/gated",))) as served:
        yield served


def start(hub, *command, **environment):
    cache = {"HF_ENDPOINT": hub.url, "HF_HOME": str(hub.sets["some/set"].parent / "home"), "HF_HUB_OFFLINE": "0"}
    variables = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
    return subprocess.run(
        [sys.executable, *command],
        env=variables | cache | {"PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def read(hub, *places, **environment):
    """What a process of its own says of places (`set@revision`): the number of rows and the last one, or the error."""
    hub.asked.clear()
    done = start(hub, "-c", READ, *places, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LAST = f"{ROWS} some/set/data/train-00001-of-00002.parquet, row {ROWS // 2}"
PINNED = f"some/set@{COMMIT}"
OTHER = "0" * 40


def test_a_pinned_commit_is_fetched_once(hub):
    assert read(hub, PINNED) == LAST
    assert sum("/resolve/" in path for path in hub.asked) >= 2
    hub.broken = True
    assert read(hub, PINNED) == LAST
    assert not [path for path in hub.asked if "/datasets/" in path]


def test_a_branch_is_looked_up_and_its_commit_told(hub):
    told = f"data.pool: some/set at main is commit {COMMIT}; to get the same again: data.revision={COMMIT}"
    assert read(hub, "some/set") == f"{told}\n{LAST}"
    assert read(hub, "some/set@main", PINNED, HF_HUB_OFFLINE="1") == f"{told}\n{LAST}\n{LAST}"


def test_another_commit_than_the_cached_one_is_never_taken_for_it(hub):
    error = f"error: data.revision: some/set has no revision {OTHER}; see its page for its commits"
    assert read(hub, PINNED, f"some/set@{OTHER}") == f"{LAST}\n{error}"
    assert "the hub cannot be reached for it (HF_HUB_OFFLINE is set)" in read(
        hub, f"some/set@{OTHER}", HF_HUB_OFFLINE="1"
    )


def test_what_the_hub_does_not_give_is_one_line(hub):
    says = {
        "some/gated": f"is gated; accept its terms at {hub.url}/datasets/some/gated and set HF_TOKEN",
        "some/nothing": "",
        "some/tables": "holds no parquet files; give a folder or data set that does",
    }
    pinned = read(hub, *(f"{place}@{COMMIT}" for place in says)).splitlines()
    latest = read(hub, *says).splitlines()
    assert latest[2].startswith("data.pool: some/tables at main is commit ")  # which had to be looked up
    for lines in (pinned, latest[:2] + latest[3:]):
        for line, (place, why) in zip(lines, says.items(), strict=True):
            expected = f"{place} {why}" if why else f"no file or folder {place} here, and no data set of that name on"
            assert line.startswith(f"error: data.pool: {expected}")


@pytest.mark.parametrize("how", ["offline", "refused", "broken"])
def test_a_hub_out_of_reach_is_one_line_that_says_what_to_do(hub, how):
    hub.broken = True
    closed = {"HF_ENDPOINT": "http://127.0.0.1:9"}  # where nothing listens
    environment = {"offline": {"HF_HUB_OFFLINE": "1"}, "refused": closed, "broken": {}}[how]
    reason = {"offline": "HF_HUB_OFFLINE is set", "refused": "Connection refused", "broken": "500"}[how]
    said = read(hub, PINNED, **environment)
    assert said.startswith("error: data.pool: no file or folder some/set here, and the hub cannot be reached for it (")
    assert reason in said
    assert said.endswith(
        "; connect to a network once, point HF_HOME to a cache that holds it, or set data.pool to files you have"
    )
    assert "\n" not in said


@pytest.mark.parametrize(
    ("place", "can_be"),
    [("some/set", True), ("simplescaling/s1K-1.1", True), ("set", False), ("a/b/c", False), ("./set", False)],
)
def test_an_id_is_an_owner_and_a_name(place, can_be):
    assert is_id(place) == can_be


def test_a_full_hash_is_not_looked_up(monkeypatch):
    monkeypatch.setattr("s1repro.curate.hub.download", lambda *_: pytest.fail("looked up"))
    assert resolve("some/set", COMMIT, "data.pool", "data.revision") == COMMIT


def test_the_shipped_data_groups_are_fetched_and_curated(hub, tmp_path, tiny_qwen):
    groups = {  # data: the schema of its pool, the selection, how many are kept
        "s1k": ("s1K", "published", ROWS),
        "s1k-1.1": ("s1K-1.1", "published", ROWS),
        "s1k-59k": ("data_ablation_full59K", "diverse", 3),
    }
    hub.sets["qfq/train_featurized"] = tmp_path / "known"
    write_parquet(tmp_path / "known" / "data" / "train-0.parquet", [featurized(i) for i in range(ROWS)])
    told = {}
    for data, (schema, selection, _) in groups.items():
        configured = composed("name=x", f"data={data}").data
        hub.sets[configured.pool] = make_set(tmp_path / data, schema)
        hub.commits[configured.pool] = configured.revision
        told[data] = [f"name={data}", f"data={data}", "data.benchmarks=[]", f"model.base={tiny_qwen}"]
        told[data] += [f"runs={tmp_path}/runs", f"selection={selection}"]
    told["s1k-59k"] += ["selection.size=3"]
    commands = [" ".join(["curate", *overrides]) for overrides in told.values()]
    done = start(hub, "-c", IN_TURN, *commands)
    assert done.returncode == 0, done.stderr
    written = {
        data: [json.loads(line) for line in (tmp_path / "runs" / data / "curate/s1k.jsonl").read_text().splitlines()]
        for data in groups
    }
    assert {data: len(rows) for data, rows in written.items()} == {data: kept for data, (_, _, kept) in groups.items()}
    sources = {data: {row["source_type"] for row in rows} for data, rows in written.items()}
    own = {s1k(0)["source_type"]}
    assert sources == {"s1k": own, "s1k-1.1": own, "s1k-59k": {"qq8933/AIME_1983_2024"}}
    third = written["s1k-1.1"][2]
    assert third["attempt"] == "deepseek says 4" and third["grades"] == {"teacher": False}
    assert {row["domain"] for row in written["s1k-59k"]} == {"11"}
    again = start(hub, "-c", IN_TURN, *commands, HF_HUB_OFFLINE="1")
    assert again.stdout.count("curate: done already") == len(groups), again.stderr


def test_a_failed_fetch_leaves_no_run_folder(hub, tmp_path, tiny_qwen):
    overrides = ["name=x", "data.pool=some/gated", f"data.revision={COMMIT}", f"model.base={tiny_qwen}"]
    done = start(hub, "-m", "s1repro.curate", *overrides, "data.benchmarks=[]", f"runs={tmp_path}/runs")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: data.pool: some/gated is gated")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
