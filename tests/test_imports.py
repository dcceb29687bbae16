"""Imports point one way, heavy libraries have one door each, and starting is quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
PACKAGE = REPO / "s1repro"

FOUNDATION, CONFIG = "foundation", "config"
ARROWS = {
    FOUNDATION: set(),
    "grading": {FOUNDATION},
    "settings": {FOUNDATION},
    "engines": {FOUNDATION, "settings"},
    "scaling": {FOUNDATION, "grading", "settings", "engines"},
    CONFIG: {FOUNDATION, "settings", "engines", "scaling"},
    "curate": {FOUNDATION, "grading", "settings", "engines", CONFIG},
    "train": {FOUNDATION, "settings", "engines", CONFIG},
    "draft": {FOUNDATION, "settings", "engines", "scaling", CONFIG},
    "evaluate": {FOUNDATION, "grading", "engines", "scaling", CONFIG},
    "serve": {FOUNDATION, "engines", "scaling", CONFIG},
    "report": {FOUNDATION, "grading", "engines", "scaling", CONFIG},
    "paper": {FOUNDATION, "scaling", "settings", CONFIG, "report"},
    "demo": {FOUNDATION},
}
"""What each package may import, beside itself. Modules right in `s1repro` are the foundation, but for the config tree,
which holds the settings of engines and methods, the command line that fills it, and the dashboard with its layout."""

EXCEPTIONS = {
    ("report", "s1repro.evaluate.metrics"),
    ("report", "s1repro.evaluate.journal"),
    ("report", "s1repro.evaluate.points"),
    ("report", "s1repro.evaluate.vouched"),
    ("paper", "s1repro.curate.domains"),
    ("paper", "s1repro.evaluate.metrics"),
    ("paper", "s1repro.evaluate.points"),
    ("paper", "s1repro.evaluate.vouched"),
}
"""A verb imports no other verb, but report and paper may use the metrics, the samples' reader and their points, and
paper the names of the domains."""

ONE_DOOR = ("vllm", "trl", "peft", "wandb", "lm_eval", "speculators")


def module_name(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(REPO).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def package_of(module: str) -> str:
    """`engines` for `s1repro.engines.vllm`, the foundation for `s1repro.chat`."""
    parts = module.split(".")
    if module in ("s1repro.config", "s1repro.cli", "s1repro.tracking", "s1repro.layout"):
        return CONFIG
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else FOUNDATION


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in inner)


def test_every_package_has_its_place() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders <= set(ARROWS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_arrows(module: str) -> None:
    here = package_of(module)
    for name in imports(MODULES[module]):
        if name.split(".")[0] == "s1repro":
            there = package_of(name)
            allowed = there == here or there in ARROWS[here] or (here, name) in EXCEPTIONS
            assert allowed, f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_private_names_stay_in_their_module(module: str) -> None:
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom):
            private = [alias.name for alias in node.names if alias.name.startswith("_")]
            assert not private or node.module == "__future__", f"{module} imports {private} from {node.module}"


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name: {other for other in imports(path) if other in MODULES} - {name} for name, path in MODULES.items()}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("library", ONE_DOOR)
def test_a_heavy_library_is_imported_in_one_module(library: str) -> None:
    users = [name for name, path in MODULES.items() if any(used.split(".")[0] == library for used in imports(path))]
    assert len(users) <= 1, users


STARTS = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
    print(module, *HEAVY & set(sys.modules))
"""


def test_starting_does_not_load_heavy_libraries() -> None:
    code = STARTS.replace("HEAVY", str({"torch", *ONE_DOOR}))
    starts = ["s1repro.cli"]
    starts += [f"s1repro.{verb}.__main__" for verb in ("curate", "train", "evaluate", "report", "paper")]
    done = subprocess.run([sys.executable, "-c", code, *starts], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == starts


def test_a_bare_pytest_finds_what_the_tests_import(tmp_path: Path) -> None:
    # Without `python -m` the folder it runs in is not on the path.
    (tmp_path / "test_it.py").write_text("import benchmarks, tests\ndef test_it(): pass\n")
    pytest_alone = [Path(sys.executable).with_name("pytest"), "-q", "-p", "no:cacheprovider"]
    command = [*pytest_alone, "-c", REPO / "pyproject.toml", "--rootdir", REPO, tmp_path / "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
