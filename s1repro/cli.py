"""The command line of the stages: Hydra in, a checked `Config` out, and one clear line for each mistake.

A stage is a function of the typed `Config`; `run_stage` composes it from `conf/`, `recipes/` and the overrides on the
command line. A user's mistake ends in exactly one `error: ...` line and exit code 2 (set HYDRA_FULL_ERROR=1 for the
traceback), an interruption in exit code 130. In a multirun (`-m`) each failed job gets its line, and the whole
command fails. Bugs keep their traceback. Paths are relative to where the command is started; Hydra leaves no files
there.

    if __name__ == "__main__":
        run_stage(run)      # python -m s1repro.curate recipe=demo selection.size=100

What is no stage but takes the same settings composes them with `composed`, and has its mistakes told by `one_line`.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from traceback import print_exc
from typing import Any, NoReturn, cast

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from s1repro.config import Config, check
from s1repro.reasons import first_line, whole_message

CONF = Path(__file__).resolve().parent.parent / "conf"
"""Where `config.yaml` and the config groups are."""

MISTAKES = (ValueError, OSError, HydraException, OmegaConfBaseException, YAMLError)
"""What a user can cause: shown as one line."""


def run_stage(stage: Callable[[Config], None]) -> None:
    """Run `stage` with the config that `sys.argv` asks for; leave the process on a mistake or an interruption."""
    debug = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints and exits by itself, over many lines
    # Hydra's parser takes no override that comes both before and after a flag.
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda argument: argument not in ("-m", "--multirun"))

    def job(composed: DictConfig) -> None:
        try:
            config = typed(composed)
            recipe = HydraConfig.get().runtime.choices.get("recipe")
            config.report.wandb_group = config.report.wandb_group or recipe or config.name
            stage(config)
        except Exception as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                # A launcher may have the job run elsewhere: the error is all that comes back from there.
                raise ValueError(f"not all jobs of the multirun succeeded: {_report_job(error)}") from None
            if debug or not isinstance(error, MISTAKES):
                raise
            _leave(error)  # from here, where Hydra does not add lines of its own

    with one_line(debug):
        hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)()


def composed(overrides: Sequence[str]) -> Config:
    """The checked config that `overrides` ask for, as on a stage's command line."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return typed(compose("config", list(overrides)))


@contextmanager
def one_line(debug: bool) -> Iterator[None]:
    """Leave the process with one line on a user's mistake (with its traceback for `debug`) or an interruption."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted; run the same command again to resume", file=sys.stderr)
        sys.exit(130)
    except MISTAKES as error:
        if debug:
            raise
        _leave(error)


def _leave(error: BaseException) -> NoReturn:
    print(f"error: {_explain(error)}", file=sys.stderr)
    sys.exit(2)


def _report_job(error: Exception) -> str:
    """Report a failed job of a multirun at once: Hydra goes on, and in the end raises the first failure only.

    Returns what was said.
    """
    current = HydraConfig.get().job
    if not isinstance(error, MISTAKES):
        print_exc()
    what = _explain(error) if isinstance(error, MISTAKES) else type(error).__name__
    told = f"job {current.num} ({current.override_dirname}): {what}"
    print(f"error: {told}", file=sys.stderr)
    return told


def typed(composed: DictConfig) -> Config:
    """The composed tree as a checked `Config`."""
    tree = cast("dict[str, Any]", OmegaConf.to_container(composed, resolve=False))
    missing = _missing(tree)
    if missing:
        recipes = ", ".join(f"recipe={path.stem}" for path in sorted((CONF / "recipe").glob("*.yaml")))
        raise ValueError(f"no value for {', '.join(missing)}: give {missing[0]}=... or one of {recipes}")
    # Merged anew, because Hydra lets +key=value add what the schema does not have.
    schema = OmegaConf.structured(Config)
    _choose(schema, composed)
    config = cast(Config, OmegaConf.to_object(OmegaConf.merge(schema, tree)))
    check(config)
    return config


def _choose(schema: DictConfig, composed: DictConfig) -> None:
    """Give each group of `schema` the type that the group's option named."""
    for group in map(str, schema):
        chosen = OmegaConf.get_type(composed, group)
        if is_dataclass(chosen):
            schema[group] = OmegaConf.structured(chosen)
            _choose(schema[group], composed[group])


def _missing(tree: dict[str, Any], prefix: str = "") -> list[str]:
    """The dotted keys that have no value yet."""
    keys: list[str] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            keys += _missing(value, f"{prefix}{key}.")
        elif value == MISSING:
            keys.append(f"{prefix}{key}")
    return keys


def _explain(error: BaseException) -> str:
    """One line that names what is wrong and, where there are choices, the choices."""
    source = _source(error)
    reason = first_line(source)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options is not None:
        group, _, option = error.missing_cfg_file.rpartition("/")
        return f"{group}={option}: no such option; choose from: {', '.join(error.options)}"
    if isinstance(error, OverrideParseException):
        return f"{error.override}: not a valid override ({reason}); write key=value"
    if isinstance(source, OmegaConfBaseException) and source.full_key:
        if isinstance(source, ConfigKeyError | ConfigAttributeError):
            return _unknown_key(source.full_key, source.object_type)
        if "is not a subclass of" in reason:  # a value where there is a group of options
            return f"{source.full_key}: a group of options; choose one by {source.full_key.replace('.', '/')}=..."
        return f"{source.full_key}: {reason}"
    return whole_message(error)


def _source(error: BaseException) -> BaseException:
    """What Hydra's own exceptions were raised for, or the error itself."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__
    return cause or error


def _unknown_key(key: str, owner: type | None) -> str:
    """Explain a dotted key that its `owner`, a type of the tree, does not have: the nearest one, and all there are."""
    *groups, last = key.split(".")
    if not is_dataclass(owner):  # a key below a leaf
        return f"{key}: no such key; {'.'.join(groups)} has none below it"
    names = [field.name for field in fields(owner)]
    prefix = "".join(f"{group}." for group in groups)
    close = difflib.get_close_matches(last, names, n=1)
    hint = f"did you mean {prefix}{close[0]}? " if close else ""
    name = getattr(owner, "name", None)
    kind = f" ({name})" if groups and isinstance(name, str) else ""
    if not names:
        return f"{key}: no such key; {'.'.join(groups)} has none as it is chosen, another option of it may"
    where = ".".join(groups) or ("the config" if owner is Config else owner.__name__)  # an entry of a list has no path
    return f"{key}: no such key; {hint}{where}{kind} has: {', '.join(names)}"
