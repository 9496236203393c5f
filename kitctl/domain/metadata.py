"""kernel-metadata.json: a job as Kaggle knows it, checked for every mistake at once.

Source of the rules: `kernels_push` of Kaggle's own client (kaggle 2.2.4), whose checks stop at the
first mistake, and the issues of its users.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from slugify import slugify

from kitctl.domain import accelerators
from kitctl.domain.accelerators import Accelerator
from kitctl.domain.metadata_fields import KEYS, Fields
from kitctl.errors import InvalidInput, NextCommand, Problem

ENDINGS = {
    ("script", "python"): (".py",),
    ("script", "r"): (".r",),
    ("script", "rmarkdown"): (".rmd",),
    ("notebook", "python"): (".ipynb",),
    ("notebook", "r"): (".ipynb",),
    ("notebook", "rmarkdown"): (".ipynb",),
}
SHORTEST_TITLE = 5
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The inputs of a job by kind, each as Kaggle writes it (`owner/slug`)."""

    datasets: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    competitions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.datasets + self.kernels + self.competitions + self.models


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A job as Kaggle knows it; `owner` is "" where the account is the owner."""

    owner: str
    slug: str
    title: str
    code_file: str
    language: str
    kernel_type: str
    is_private: bool = True
    enable_internet: bool = True
    accelerator: Accelerator = accelerators.CPU
    sources: Sources = field(default_factory=Sources)
    keywords: tuple[str, ...] = ()
    id_no: int | None = None
    docker_image: str = ""
    docker_image_pinning_type: str = ""

    @property
    def id(self) -> str:
        return f"{self.owner}/{self.slug}" if self.owner else self.slug

    @property
    def machine_shape(self) -> str:
        return self.accelerator.shape

    @property
    def pool(self) -> accelerators.Pool:
        return self.accelerator.pool

    @property
    def enable_gpu(self) -> bool:
        return self.pool == "gpu"

    @property
    def enable_tpu(self) -> bool:
        return self.pool == "tpu"

    def with_accelerator(self, accelerator: str) -> Metadata:
        """Return the same job on another machine; "" leaves it as it is."""
        if not accelerator:
            return self
        return replace(self, accelerator=accelerators.resolve(accelerator))

    def with_kernel_source(self, kernel: str) -> Metadata:
        """Return the job with the outputs of a kernel (`owner/slug`) among its sources."""
        kernels = tuple(dict.fromkeys((*self.sources.kernels, kernel)))
        return replace(self, sources=replace(self.sources, kernels=kernels))

    def to_json(self) -> str:
        """Return the file, complete and in a fixed order, as Kaggle's client takes it."""
        values: dict[str, object] = {
            "id": self.id,
            **({"id_no": self.id_no} if self.id_no is not None else {}),
            "title": self.title,
            "code_file": self.code_file,
            "language": self.language,
            "kernel_type": self.kernel_type,
            "is_private": str(self.is_private).lower(),
            "enable_gpu": str(self.enable_gpu).lower(),
            "enable_tpu": str(self.enable_tpu).lower(),
            "enable_internet": str(self.enable_internet).lower(),
            "machine_shape": self.machine_shape,
            "keywords": self.keywords,
            "dataset_sources": self.sources.datasets,
            "competition_sources": self.sources.competitions,
            "kernel_sources": self.sources.kernels,
            "model_sources": self.sources.models,
            **({"docker_image": self.docker_image} if self.docker_image else {}),
            **(
                {"docker_image_pinning_type": self.docker_image_pinning_type}
                if self.docker_image_pinning_type
                else {}
            ),
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Inspection:
    """A metadata file as far as it can be read, and what is wrong with it."""

    metadata: Metadata
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def require_no_problems(problems: Sequence[Problem]) -> None:
    """Raise InvalidInput with all the problems of a project, if there are any."""
    if problems:
        count = "One thing is" if len(problems) == 1 else f"{len(problems)} things are"
        raise InvalidInput(
            f"{count} wrong with this project; nothing was sent.",
            code="invalid_metadata",
            hint=("Fix kernel-metadata.json as said, then: ", NextCommand("doctor")),
            problems=problems,
        )


def inspect(text: str) -> Inspection:
    """Read a metadata file without stopping at the first mistake.

    Raises InvalidInput only where it is no JSON object.
    """
    fields = Fields(_object(text))
    fields.check_keys()
    owner, slug = fields.kernel_id()
    kernel_type = fields.choice("kernel_type", ("script", "notebook"))
    language = fields.choice("language", ("python", "r", "rmarkdown"))
    enable_gpu = fields.flag("enable_gpu", default=False)
    enable_tpu = fields.flag("enable_tpu", default=False)
    shape = fields.text("machine_shape")
    machine = accelerators.from_metadata(shape, enable_gpu=enable_gpu, enable_tpu=enable_tpu)
    metadata = Metadata(
        owner=owner,
        slug=slug,
        title=fields.text("title"),
        code_file=fields.text("code_file", required="Name the script or notebook to run."),
        language=language,
        kernel_type=kernel_type,
        is_private=fields.flag("is_private", default=True),
        enable_internet=fields.flag("enable_internet", default=True),
        accelerator=machine,
        sources=Sources(
            datasets=fields.sources("dataset_sources", (2, 3), "owner/slug or owner/slug/version"),
            kernels=fields.sources("kernel_sources", (2, 3), "owner/slug or owner/slug/version"),
            competitions=fields.sources("competition_sources", (1,), "the competition's slug"),
            models=fields.sources("model_sources", (5,), "owner/model/framework/variation/version"),
        ),
        keywords=fields.texts("keywords"),
        id_no=fields.number("id_no"),
        docker_image=fields.text("docker_image"),
        docker_image_pinning_type=fields.choice(
            "docker_image_pinning_type", ("original", "latest"), optional=True
        ),
    )
    _check_title(metadata, fields)
    _check_ending(metadata, fields)
    if enable_gpu and enable_tpu:
        fields.wrong("enable_tpu", "and enable_gpu are both true.", "A run has one or the other.")
    warnings = [*fields.warnings, *([machine.warning] if machine.warning else [])]
    if shape and (enable_gpu, enable_tpu) != (metadata.enable_gpu, metadata.enable_tpu):
        warnings.append(
            f"machine_shape {shape} counts; enable_gpu and enable_tpu say otherwise and are set "
            "to match it."
        )
    return Inspection(metadata, tuple(fields.problems), tuple(warnings))


def _object(text: str) -> dict[str, Any]:
    doubled: set[str] = set()

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        doubled.update(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    try:
        values = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=unique)
    except RecursionError:
        raise InvalidInput(
            "kernel-metadata.json is nested too deeply.",
            code="invalid_metadata",
            hint="Its values are texts, numbers and lists of texts.",
        ) from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"kernel-metadata.json is not valid JSON: {error.msg} in line {error.lineno}.",
            code="invalid_metadata",
            hint="Fix that line; a comma too many or missing is the usual cause.",
        ) from None
    if not isinstance(values, dict):
        raise InvalidInput(
            "kernel-metadata.json holds no JSON object.",
            code="invalid_metadata",
            hint=f"It must be {{…}} with the keys {', '.join(KEYS)}.",
        )
    if doubled:
        raise InvalidInput(
            f"kernel-metadata.json has {' and '.join(sorted(map(ascii, doubled)))} twice.",
            code="invalid_metadata",
            hint="Leave one out: Kaggle takes the last one.",
        )
    if _HALF_CHARACTER.search(json.dumps(values, ensure_ascii=False)):
        raise InvalidInput(
            "kernel-metadata.json holds half a character (such as \\ud800), which is no text.",
            code="invalid_metadata",
            hint="Type the text again; an emoji that was cut is the usual cause.",
        )
    return values


def _check_title(metadata: Metadata, fields: Fields) -> None:
    title, slug = metadata.title, metadata.slug
    if any(problem.where == "title" for problem in fields.problems):
        return
    if len(title) < SHORTEST_TITLE:
        fields.wrong(
            "title",
            f"has {len(title)} characters; Kaggle wants at least {SHORTEST_TITLE}.",
            "Lengthen it, and let the id follow.",
        )
    elif slug and slugify(title) != slug:
        message = f"{title!r} makes the address {slugify(title)}, not {slug}."
        fix = f'Use "id": "…/{slugify(title)}" or a title that gives {slug}.'
        if metadata.id_no is None:
            fields.wrong("title", message, fix)
        else:  # The kernel exists and keeps its address whatever its title.
            fields.warnings.append(f"title: {message}")


def _check_ending(metadata: Metadata, fields: Fields) -> None:
    endings = ENDINGS.get((metadata.kernel_type, metadata.language))
    ending = PurePosixPath(metadata.code_file).suffix.lower()
    if endings and metadata.code_file and ending not in endings:
        fields.wrong(
            "code_file",
            f"is {metadata.code_file}, but a {metadata.language} {metadata.kernel_type} ends in "
            f"{' or '.join(endings)}.",
            "Fix code_file, language or kernel_type.",
        )
