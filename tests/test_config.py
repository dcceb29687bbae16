"""Every recipe and every option composes into a checked config, and every field says what it is."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from pathlib import Path
from typing import cast

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf

from s1repro.config import Config, check
from s1repro.control import CONTROLS
from s1repro.engines.speculation import SPECULATIONS
from s1repro.engines.vllm import Vllm
from s1repro.settings.teacher import TeacherConfig
from s1repro.settings.training import LoraConfig, SftConfig

REPO = Path(__file__).resolve().parent.parent
CONF = REPO / "conf"
RECIPES = sorted(path.stem for path in (REPO / "recipes").glob("*.yaml"))
GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "recipe")
OPTIONS = [f"{group}={path.stem}" for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
OVERRIDES = ["sft=lora", "selection=code", "selection.size=10", "method.budgets=[64,128]", "method.waits=[0]"]
OVERRIDES += ["name=other", "checkpoint=data/demo/base", "runs=elsewhere"]


def composed(*overrides: str) -> Config:
    """What the command line would hand to a stage."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = cast(Config, OmegaConf.to_object(compose("config", list(overrides))))
    check(config)
    return config


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_composes_alone_and_with_overrides(recipe: str) -> None:
    assert composed(f"recipe={recipe}").name == recipe
    config = composed(f"recipe={recipe}", *OVERRIDES)
    assert (config.name, config.checkpoint, config.runs) == ("other", "data/demo/base", "elsewhere")
    assert (type(config.sft), config.selection.preset, config.selection.size) == (LoraConfig, "code", 10)
    assert config.method.budgets == [64, 128]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_of_every_group_composes(option: str) -> None:
    reward, teacher = ["method.reward_model=mine"], ["teacher.model=gpt", "selection=paper"]
    needs = {"method=best-of-n": reward, "method=rebase": reward, "teacher=openai": teacher}
    needs["teacher=real-small"] = ["selection=paper"]
    assert composed(option, "name=x", *needs.get(option, [])).name == "x"


@pytest.mark.parametrize("path", sorted((CONF / "engine" / "speculative").glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("engine", ["demo", "vllm-8gpu"])
def test_every_way_to_draft_composes_with_an_engine_that_can(engine: str, path: Path) -> None:
    asked = [f"engine={engine}", f"engine/speculative={path.stem}", "name=x"]
    needs = {"draft-model": ["engine.speculative.model=m"]}
    needs["method"] = [*needs["draft-model"], "engine.speculative.method=medusa"]
    chosen = composed(*asked, *needs.get(path.stem, [])).engine
    assert isinstance(chosen, Vllm)
    assert type(chosen.speculative) is SPECULATIONS[path.stem]
    assert getattr(chosen.speculative, "model", "m") in ("m", "runs/x/draft/head")


def test_recipes_are_composition_and_few_values() -> None:
    for recipe in RECIPES:
        assert (REPO / "recipes" / f"{recipe}.yaml").read_text().startswith("# @package _global_\n")
    assert (CONF / "recipe").is_symlink()
    assert (CONF / "recipe").resolve() == REPO / "recipes"


def test_the_command_line_wins_over_the_recipe() -> None:
    recipe, lora = composed("recipe=demo"), composed("recipe=demo", "sft=lora", "model.base=mine")
    assert (type(recipe.sft), type(lora.sft)) == (SftConfig, LoraConfig)
    assert (recipe.model.base, lora.model.base) == ("data/demo/base", "mine")
    assert lora.engine == recipe.engine


def test_groups_and_fields_match() -> None:
    values = {"name", "runs", "seed", "curated", "checkpoint", "checkpoint_revision"}
    assert set(GROUPS) == {field.name for field in fields(Config)} - values


def test_any_benchmark_may_have_a_file_and_other_keys_stay_closed() -> None:
    data = composed("recipe=demo", "data.files.math500=there/math500.jsonl", "data.files.demo=here.csv").data
    assert data.files == {"math500": "there/math500.jsonl", "demo": "here.csv"}
    with pytest.raises(ConfigCompositionException):
        composed("recipe=demo", "data.file.math500=there/math500.jsonl")


def test_a_limit_is_a_count() -> None:
    assert composed("recipe=demo").data.limit is None
    with pytest.raises(ValueError, match=r"data\.limit is 0; give 1 or more"):
        composed("recipe=demo", "data.limit=0")


COMMIT = "0a1b2c3d" * 5


def test_a_model_is_pinned_by_a_commit_which_never_moves() -> None:
    config = composed("recipe=demo", f"model.revision={COMMIT}", f"checkpoint_revision={COMMIT}")
    assert (config.model.revision, config.checkpoint_revision) == (COMMIT, COMMIT)
    for key in ("model.revision", "checkpoint_revision"):
        for moving in ("main", COMMIT[:7], COMMIT.replace("0", "F")):
            with pytest.raises(ValueError, match=rf"^{key} is '{moving}'; give a commit, 40 hex digits"):
                composed("recipe=demo", f"{key}={moving}")


def test_a_pinned_base_is_not_measured_at_another_commit_unawares() -> None:
    base = ["recipe=demo", "model.base=me/model", "checkpoint=me/model", f"model.revision={COMMIT}"]
    with pytest.raises(ValueError, match=f"checkpoint is model.base, .*, such as checkpoint_revision={COMMIT}$"):
        composed(*base)
    assert composed(*base, f"checkpoint_revision={COMMIT}").checkpoint == "me/model"


def test_the_paper_s_training_is_the_default() -> None:
    sft = composed("name=x").sft
    assert (sft.epochs, sft.batch_size, sft.learning_rate, sft.warmup_ratio) == (5.0, 16, 1e-5, 0.05)
    assert (sft.adam_beta1, sft.adam_beta2, sft.weight_decay, sft.max_length) == (0.9, 0.95, 1e-4, 32768)
    assert sft.bf16
    assert type(sft) is SftConfig
    assert sft.control == "none"


def test_the_paper_s_solvers_are_two_models() -> None:
    solvers = composed("name=x", "selection=paper").selection.solvers
    assert [solver.model for solver in solvers] == ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-32B-Instruct"]
    assert {(solver.temperature, solver.max_tokens, solver.chat) for solver in solvers} == {(0.05, 32768, True)}


def test_one_solver_s_setting_can_be_given_on_the_command_line() -> None:
    first, second = composed("recipe=demo", "selection.solvers.1.max_tokens=64").selection.solvers
    assert (first.max_tokens, second.max_tokens) == (8, 64)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("selection.solvers=[{prompt: nothing}]", r"selection\.solvers\[0\]\.prompt is 'nothing'; put \{question\}"),
        ("selection.solvers=[{},{max_tokens: 0}]", r"selection\.solvers\[1\]\.max_tokens is 0; give 1 or more"),
        ("selection.solvers=[{temperature: -1}]", r"selection\.solvers\[0\]\.temperature is -1"),
        ("selection.solvers=[{temperature: nan}]", r"selection\.solvers\[0\]\.temperature is nan"),
        ("selection.ungradable=maybe", r"selection\.ungradable is 'maybe'; choose from: keep, drop"),
    ],
)
def test_solvers_that_make_no_sense_are_refused(override: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        composed("recipe=demo", override)


@pytest.mark.parametrize("preset", ["full", "published"])
def test_what_takes_every_row_has_no_size(preset: str) -> None:
    assert composed("recipe=demo", f"selection={preset}").selection.preset == preset
    with pytest.raises(ValueError, match=rf"selection\.size is 10, but {preset} takes every row"):
        composed("recipe=demo", f"selection={preset}", "selection.size=10")


def test_a_control_that_does_not_exist_is_refused() -> None:
    for control in CONTROLS:
        assert composed("name=x", f"sft.control={control}").sft.control == control
    with pytest.raises(ValueError, match=r"sft\.control is 'tokens'; choose from: none, token, step, class"):
        composed("name=x", "sft.control=tokens")


def test_a_loss_that_does_not_exist_is_refused() -> None:
    assert composed("name=x").sft.loss == "token"
    assert composed("name=x", "sft.loss=sequence").sft.loss == "sequence"
    with pytest.raises(ValueError, match=r"sft\.loss is 'word'; choose from: token, sequence"):
        composed("name=x", "sft.loss=word")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("sft.epochs=0", r"sft\.epochs is 0\.0; give more than 0"),
        ("sft.epochs=nan", r"sft\.epochs is nan; give more than 0"),
        ("sft.epochs=inf", r"sft\.epochs is inf; give more than 0"),
        ("sft.learning_rate=0", r"sft\.learning_rate is 0\.0; give more than 0"),
        ("sft.learning_rate=-1e-5", r"sft\.learning_rate is -1e-05; give more than 0"),
        ("sft.weight_decay=-1", r"sft\.weight_decay is -1\.0; give 0 or more"),
        ("sft.max_grad_norm=-1", r"sft\.max_grad_norm is -1\.0; give 0 or more"),
        ("sft.adam_beta2=1", r"sft\.adam_beta2 is 1\.0; give 0 to below 1"),
        ("sft.alpha=0", r"sft\.alpha is 0; give 1 or more"),
        ("sft.dropout=1", r"sft\.dropout is 1\.0; give a share of the adapter's inputs, 0 to below 1"),
        ("seed=-1", r"seed is -1; give 0 to 4,294,967,295"),
        ("seed=4294967296", r"seed is 4294967296; give 0 to 4,294,967,295"),
    ],
)
def test_a_training_that_could_not_be_or_would_teach_nothing_is_refused(override: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        composed("name=x", "sft=lora", override)


ASKING = ["name=x", "selection=paper", "teacher=openai", "teacher.model=m"]


def test_a_teacher_is_asked_only_where_one_is_chosen() -> None:
    assert composed("name=x").teacher == TeacherConfig()
    teacher = composed(*ASKING, "+teacher.extra.top_p=0.9", "+teacher.extra.seed=null").teacher
    assert (teacher.base_url, teacher.extra) == ("https://api.openai.com/v1", {"top_p": 0.9, "seed": None})
    with pytest.raises(ConfigCompositionException, match=r"teacher\.limit"):
        composed("name=x", "teacher.limit=5")
    with pytest.raises(ValueError, match="selection=published takes a set as it is"):
        composed(*ASKING, "selection=published")


@pytest.fixture(scope="module")
def asking() -> Config:
    """A config that asks a teacher."""
    return composed(*ASKING)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("base_url", "api.openai.com", r"teacher\.base_url is no http address"),
        ("base_url", "http://me:s3cret@host/v1", r"teacher\.base_url is no http address without a password"),
        ("key_env", "sk-s3cret", r"teacher\.key_env is no name of an environment variable"),
        ("model", "", r"teacher\.model is empty"),
        ("prompt", "Solve it", r"teacher\.prompt is 'Solve it'; put {question}"),
        ("reasoning", "yes", r"teacher\.reasoning is 'yes'; choose from: auto, required"),
        ("concurrency", 0, r"teacher\.concurrency is 0; give 1 or more"),
        ("max_tokens", 0, r"teacher\.max_tokens is 0; give 1 or more"),
        ("retries", -1, r"teacher\.retries is -1; give 0 or more"),
        ("limit", -1, r"teacher\.limit is -1; give 0 or more"),
        ("temperature", float("nan"), r"teacher\.temperature is nan; give 0 or more"),
        ("completion_price", -2.0, r"teacher\.completion_price is -2\.0; give 0 or more"),
        ("timeout", 0.0, r"teacher\.timeout is 0\.0; give more than 0 seconds"),
    ],
)
def test_a_teacher_that_cannot_be_asked_is_refused(asking: Config, setting: str, value: object, says: str) -> None:
    teacher = replace(asking.teacher, **{setting: value})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=says) as caught:
        check(replace(asking, teacher=teacher))
    assert "s3cret" not in str(caught.value)


SETTINGS = ["config", "settings/questions", "settings/teacher", "settings/training", "settings/paper", "scaling/method"]
SETTINGS += ["engines/base", "engines/vllm", "engines/transformers", "engines/completions"]
SETTINGS += ["scaling/forcing", "scaling/conditional", "scaling/rejection", "scaling/candidates", "scaling/rebase"]


@pytest.mark.parametrize("module", SETTINGS)
def test_every_setting_has_a_docstring(module: str) -> None:
    tree = ast.parse((REPO / "s1repro" / f"{module}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and "dataclass" in map(ast.unparse, node.decorator_list):
            for here, after in zip(node.body, [*node.body[1:], None], strict=True):
                constant = isinstance(here, ast.AnnAssign) and "ClassVar" in ast.unparse(here.annotation)
                # A group's class says what it is.
                if isinstance(here, ast.AnnAssign) and not constant and ast.unparse(here.target) not in GROUPS:
                    documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                    assert documented, f"{node.name}.{ast.unparse(here.target)}"
