"""The README tells the truth: its map is the tree, and its commands exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from s1repro.config import Config
from s1repro.evaluate.arguments import the_point, to_config

REPO = Path(__file__).resolve().parent.parent
README = (REPO / "README.md").read_text()


def mapped() -> list[str]:
    """The paths of the file map, folders ending in a slash."""
    block = README.split("## What is where")[1].split("```")[1]
    folders: list[str] = []
    paths: list[str] = []
    for line in block.strip("\n").splitlines():
        indent, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        del folders[indent:]
        paths.append("".join(folders) + name)
        if name.endswith("/"):
            folders.append(name)
    return paths


def test_the_version_is_one() -> None:
    version = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"]
    citation = yaml.safe_load((REPO / "CITATION.cff").read_text())
    assert citation["version"] == version
    assert f"\n## {version}" in (REPO / "CHANGELOG.md").read_text()


def test_the_map_names_only_what_is_there() -> None:
    assert [path for path in mapped() if not (REPO / path).exists()] == []


def test_the_map_names_every_module() -> None:
    modules = {
        str(path.relative_to(REPO)) for path in (REPO / "s1repro").rglob("*.py") if not path.name.startswith("__")
    }
    assert modules - set(mapped()) == set()
    assert len(mapped()) == len(set(mapped()))


def test_the_pictures_and_links_are_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)
    assert "recipes/demo-curve.png" in links
    assert [link for link in links if not (REPO / link.partition("#")[0]).exists()] == []


COMMANDS = [
    line.split(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    for line in block.replace("\\\n", "").splitlines()
]
LM_EVAL = [command for command in COMMANDS if "-m s1repro.evaluate.harness" in command]


@pytest.mark.parametrize("command", [c for c in COMMANDS if "-m s1repro." in c and c not in LM_EVAL])
def test_the_stage_commands_compose(command: str) -> None:
    words = shlex.split(command)
    if "--multirun" in words:  # the first of its jobs
        words = [re.sub(r"^(\w+=\w+),.*", r"\1", word) for word in words if word != "--multirun"]
    words = [word for word in words if not word.startswith("hydra")]  # a launcher, which may not be installed
    assert (REPO / "s1repro" / words[2].removeprefix("s1repro.") / "__main__.py").is_file()
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        assert compose("config", words[3:]).keys() == Config.__dataclass_fields__.keys()


@pytest.mark.parametrize("command", LM_EVAL)
def test_the_model_arguments_for_lm_eval_are_settings(command: str) -> None:
    words = shlex.split(command)
    pairs = (pair.split("=") for pair in words[words.index("--model_args") + 1].split(","))
    told = {name: int(value) if value.isdigit() else value for name, value in pairs}  # as lm-eval reads them
    assert the_point(to_config(told)) == (512, 1)


STARTS_VLLM = [REPO / path for path in ("README.md", "recipes/README.md", "benchmarks/servers.py")]
STARTS_VLLM += (REPO / "conf" / "engine").glob("*.yaml")


def test_vllm_is_started_by_a_module_that_it_has_and_does_not_call_deprecated() -> None:
    named = {name for path in STARTS_VLLM for name in re.findall(r"\bvllm\.entrypoints[\w.]+", path.read_text())}
    spec = find_spec("vllm")
    assert spec is not None and spec.submodule_search_locations
    for name in named:
        source = Path(spec.submodule_search_locations[0], *name.split(".")[1:]).with_suffix(".py").read_text()
        assert '__name__ == "__main__"' in source and "is deprecated" not in source, name
    assert len(named) == 1, "one way to start it"


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_the_make_targets_exist(command: str) -> None:
    assert re.search(rf"^{command.split()[1]}:", (REPO / "Makefile").read_text(), flags=re.MULTILINE)


GUIDE = (REPO / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```diff\n(.*?)```", GUIDE, flags=re.S))
def test_the_diffs_of_the_guide_are_of_this_tree(block: str) -> None:
    head, *lines = block.splitlines()
    source = (REPO / head.removeprefix("+++ b/")).read_text().splitlines()
    assert lines and all(line[1:] in source for line in lines)


def test_the_guide_s_targets_exist() -> None:
    targets = set(re.findall(r"^make (\w+)", GUIDE, flags=re.M))
    assert targets and targets <= set(re.findall(r"^(\w+):.*## ", (REPO / "Makefile").read_text(), flags=re.M))
