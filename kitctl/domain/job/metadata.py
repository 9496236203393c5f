"""kernel-metadata.json: a job as Kaggle knows it, checked for every mistake at once.

Source of the rules: `kernels_push` of Kaggle's own client (kaggle 2.2.4), whose checks stop at the
first mistake, and the issues of its users.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from slugify import slugify

from kitctl.domain.job import accelerators, source_names
from kitctl.domain.job.accelerators import Accelerator
from kitctl.domain.job.metadata_fields import Fields
from kitctl.domain.job.metadata_text import read_object
from kitctl.errors import InvalidInput, NextCommand, Problem

ENDINGS = {
    ("script", "python"): (".py",),
    ("script", "r"): (".r",),
    ("script", "rmarkdown"): (".rmd",),
    ("notebook", "python"): (".ipynb",),
    ("notebook", "r"): (".ipynb", ".irnb"),
    ("notebook", "rmarkdown"): (".ipynb", ".irnb"),
}
SHORTEST_TITLE = 5
_NOTEBOOK_FIX = 'Write "kernel_type": "notebook".'


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

    def without(self, names: Collection[str]) -> Sources:
        """Return the other sources; a name without a version stands for all versions."""

        def others(sources: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(
                name for name in sources if not {name, name.rpartition("/")[0]} & set(names)
            )

        return Sources(
            datasets=others(self.datasets),
            kernels=others(self.kernels),
            competitions=others(self.competitions),
            models=others(self.models),
        )


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A job as Kaggle knows it; `owner` is "" where the account is the owner.

    `slug` is that of the id, or what the title makes where only `id_no` names the kernel. `title`
    is "" where the kernel, which must then exist, keeps its own.
    """

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
    has_id: bool = True
    docker_image: str = ""
    docker_image_pinning_type: str = ""

    @property
    def id(self) -> str:
        return f"{self.owner}/{self.slug}" if self.owner else self.slug

    @property
    def title_slug(self) -> str:
        """The name that Kaggle makes of the title for a new kernel."""
        return slugify(self.title) or self.slug

    @property
    def new_kernel_warnings(self) -> tuple[str, ...]:
        """What to say of a kernel that does not exist yet, as far as is known."""
        if self.id_no is not None or not self.has_id:
            return ()
        if not self.title:
            return (
                "title: there is none. A kernel that exists keeps its own; Kaggle makes no new "
                "one without.",
            )
        named = self.title_slug
        if named == self.slug:
            return ()
        return (
            f"title: {self.title!r} makes {named}, not {self.slug}: a new kernel would become "
            f'{named}. Use "id": "{self.owner or "…"}/{named}", or a title that makes {self.slug}.',
        )

    @property
    def sent_language(self) -> str:
        """The language of the request: Kaggle knows no notebook of R Markdown."""
        is_r = self.kernel_type == "notebook" and self.language == "rmarkdown"
        return "r" if is_r else self.language

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
        """Return the same job on another machine; "" leaves it as it is.

        Raises UsageError with all names where this can be none.
        """
        if not accelerator:
            return self
        return replace(self, accelerator=accelerators.require(accelerator))

    def with_kernel_source(self, kernel: str) -> Metadata:
        """Return the job with the outputs of a kernel (`owner/slug`) among its sources."""
        kernels = tuple(dict.fromkeys((*self.sources.kernels, kernel)))
        return replace(self, sources=replace(self.sources, kernels=kernels))

    def with_dataset_sources(self, datasets: Sequence[str]) -> Metadata:
        """Return the job with these data sets (`owner/slug`) among its sources."""
        names = tuple(dict.fromkeys((*self.sources.datasets, *datasets)))
        return replace(self, sources=replace(self.sources, datasets=names))

    def with_input(self, place: str) -> Metadata:
        """Return the job with the source that Kaggle mounts at a place below /kaggle/input.

        That is `notebooks/owner/slug` or `datasets/owner/slug`.
        """
        kind, _, name = place.partition("/")
        if kind == "notebooks":
            return self.with_kernel_source(name)
        return self.with_dataset_sources([name])

    def to_json(self) -> str:
        """Return the file, complete and in a fixed order, as Kaggle's client takes it."""
        values: dict[str, object] = {
            **({"id": self.id} if self.has_id else {}),
            **({"id_no": self.id_no} if self.id_no is not None else {}),
            **({"title": self.title} if self.title else {}),
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
            hint=("Fix what is listed, then: ", NextCommand("doctor")),
            problems=problems,
        )


def inspect(text: str) -> Inspection:
    """Read a metadata file without stopping at the first mistake.

    Raises InvalidInput only where it is no JSON object.
    """
    fields = Fields(read_object(text, "kernel-metadata.json"))
    fields.check_keys()
    owner, slug = fields.kernel_id()
    kernel_type = fields.choice("kernel_type", ("script", "notebook"))
    language = fields.choice("language", ("python", "r", "rmarkdown"))
    enable_gpu = fields.flag("enable_gpu", default=False)
    enable_tpu = fields.flag("enable_tpu", default=False)
    shape = fields.text("machine_shape")
    machine = accelerators.from_metadata(shape, enable_gpu=enable_gpu, enable_tpu=enable_tpu)
    if machine is None:
        fields.wrong("machine_shape", f"is {shape!r}.", accelerators.NAMES)
    title, id_no = fields.text("title"), fields.number("id_no")
    if not slug and id_no is None and not fields.is_wrong("id", "id_no"):
        fields.wrong("id", "is missing.", 'Give "id": "your-name/the-title-as-a-slug".')
    metadata = Metadata(
        owner=owner,
        slug=slug if slug or id_no is None else slugify(title) or f"kernel-{id_no}",
        title=title,
        code_file=fields.path("code_file", required="Name the script or notebook to run."),
        language=language,
        kernel_type=kernel_type,
        is_private=fields.flag("is_private", default=True),
        enable_internet=fields.flag("enable_internet", default=True),
        accelerator=machine or accelerators.CPU,
        sources=Sources(
            datasets=fields.sources("dataset_sources", source_names.DATASET),
            kernels=fields.sources("kernel_sources", source_names.KERNEL),
            competitions=fields.sources("competition_sources", source_names.COMPETITION),
            models=fields.sources("model_sources", source_names.MODEL),
        ),
        keywords=fields.texts("keywords"),
        id_no=id_no,
        has_id=bool(slug),
        docker_image=fields.text("docker_image"),
        docker_image_pinning_type=fields.choice(
            "docker_image_pinning_type", ("original", "latest"), optional=True
        ),
    )
    _check_title(metadata, fields)
    _check_ending(metadata, fields)
    warnings = [*fields.warnings, *([machine.warning] if machine and machine.warning else [])]
    if enable_gpu and enable_tpu and not shape:
        warnings.append("enable_gpu and enable_tpu are both true; the run gets the GPU.")
    elif (
        machine and shape and (enable_gpu, enable_tpu) != (metadata.enable_gpu, metadata.enable_tpu)
    ):
        warnings.append(
            f"machine_shape {shape} counts; enable_gpu and enable_tpu say otherwise and are set "
            "to match it."
        )
    return Inspection(metadata, tuple(fields.problems), tuple(warnings))


def _check_title(metadata: Metadata, fields: Fields) -> None:
    if 0 < len(metadata.title) < SHORTEST_TITLE:
        fields.wrong(
            "title",
            f"has {len(metadata.title)} characters; Kaggle wants at least {SHORTEST_TITLE}.",
            "Lengthen it.",
        )


def _check_ending(metadata: Metadata, fields: Fields) -> None:
    endings = ENDINGS.get((metadata.kernel_type, metadata.language))
    ending = PurePosixPath(metadata.code_file).suffix.lower()
    if not endings or not metadata.code_file or ending in endings:
        return
    usual = f"a {metadata.language} {metadata.kernel_type} usually ends in {' or '.join(endings)}"
    if metadata.kernel_type == "script" and ending == ".ipynb":
        fields.wrong("code_file", f"is {metadata.code_file}, but {usual}.", _NOTEBOOK_FIX)
    else:
        fields.warnings.append(f"code_file is {metadata.code_file}; {usual}.")
