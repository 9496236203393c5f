"""The packages that a run installs: from the internet, or from a data set of wheels."""

from __future__ import annotations

from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kitctl.domain.job.image_packages import in_image
from kitctl.operations.project.imported_packages import PACKAGES, imported_names, python_texts
from kitctl.operations.project.read_project import Project


def job_packages(project: Project) -> dict[str, Any]:
    """Return the parts of a Launch that say which packages a run installs.

    Without internet these come from a data set: all that a setting or the script itself names, of
    a file that only lies there those that the code imports.
    """
    metadata, asked_for = project.inspection.metadata, project.requirements
    if metadata.enable_internet:
        # A list that only lies there may name versions that nobody can install any more.
        may_lack = bool(asked_for.texts) and not asked_for.is_named
        return {"requirements": tuple(asked_for.texts), "may_lack_packages": may_lack}
    sent = [text for text in _lacking(project) if asked_for.is_named or _is_used(text, project)]
    return {"requirements": tuple(sent), "wheels": f"{metadata.slug}-wheels"} if sent else {}


def package_warnings(project: Project) -> list[str]:
    """Return what to say of packages that a run without internet may lack."""
    asked_for = project.requirements
    if project.inspection.metadata.enable_internet or asked_for.is_named:
        return []
    unused = [text for text in _lacking(project) if not _is_used(text, project)]
    if not unused:
        return []
    return [
        f"{asked_for.source} asks for {', '.join(unused)}, which Kaggle's image may lack and the "
        "code does not import; the job has no internet to install it: with "
        f'requirements = "{asked_for.source}" in [tool.kitctl] of pyproject.toml, push sends it '
        "along as a private data set."
    ]


def _lacking(project: Project) -> list[str]:
    return [text for text in project.requirements.texts if not in_image(text)]


def _is_used(requirement: str, project: Project) -> bool:
    """Return whether the code imports what a package, by its name, provides."""
    try:
        name = canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return False
    return name in {
        canonicalize_name(PACKAGES.get(imported, imported)) for imported in _imports(project)
    }


def _imports(project: Project) -> set[str]:
    metadata = project.inspection.metadata
    sources = [project.code, *project.own_code.files.values()]
    texts = [source.decode("utf-8", "replace") for source in sources]
    parts = python_texts(metadata.kernel_type, texts[0]) + texts[1:]
    return {name for part in parts for name in imported_names(part)}
