"""The kernel that a push saves to: as the job names it, as Kaggle numbers it, or a new one."""

from __future__ import annotations

from dataclasses import dataclass

from kitctl.domain.job.metadata import Metadata
from kitctl.domain.runs.run import KernelRef, kernel_of_job
from kitctl.errors import InvalidInput, NextCommand, Problem, Refused
from kitctl.ports import Kaggle, KernelVersion, Ledger


@dataclass(frozen=True)
class JobKernel:
    """The kernel of a push and its newest version; None for a kernel that is to be made.

    `job_name` is the kernel's name by the job's id. Kaggle makes the name of a new kernel from its
    title, and a kernel's owner may have renamed it. `number` is the id_no to send.
    """

    job_name: KernelRef
    kernel: KernelRef
    newest: KernelVersion | None
    number: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def request_name(self) -> KernelRef:
        """The name that the request has: Kaggle finds a kernel by it, or makes one."""
        return self.job_name if self.newest is None else self.kernel


def find_job_kernel(metadata: Metadata, kaggle: Kaggle, ledger: Ledger) -> JobKernel:
    """Ask Kaggle which kernel the job's id, id_no and title mean.

    Raises InvalidInput where a new kernel has no title or a number names no kernel, Refused where
    another kernel has its title or it is another account's.
    """
    account = kaggle.account()
    name = kernel_of_job(metadata.owner, metadata.slug, lambda: account, kaggle.service)
    _require_owner(name, account)
    newest = kaggle.newest_version(name)
    if metadata.id_no is not None:
        numbered = _by_number(metadata, metadata.id_no, name, newest, kaggle)
        if numbered is not None:
            return numbered
    if newest is not None:
        return JobKernel(name, name, newest)
    return _new_or_renamed(metadata, name, kaggle, ledger)


def _require_owner(kernel: KernelRef, account: str) -> None:
    if kernel.owner.lower() != account.lower():
        raise Refused(
            f"The job's id is {kernel}, but the credentials are {account}'s. Nothing was sent.",
            code="wrong_account",
            hint=f'Write "id": "{kernel.slug}" in kernel-metadata.json: the owner is filled in.',
        )


def _by_number(
    metadata: Metadata, number: int, name: KernelRef, newest: KernelVersion | None, kaggle: Kaggle
) -> JobKernel | None:
    """Return the kernel of an id_no; None where there is none and an id can be used instead."""
    if newest is not None and newest.kernel_number in (number, None):
        return JobKernel(name, name, newest, number)
    kernel = kaggle.kernel_of_number(number)
    if kernel is not None:
        warning = f"id_no {number} is {kernel}, which gets this version; its id says {name}."
        warnings = (warning,) if metadata.has_id and kernel != name else ()
        return JobKernel(name, kernel, kaggle.newest_version(kernel), number, warnings)
    if not metadata.has_id:
        raise _invalid("id_no", f"{number} is no kernel of this account.", 'Give an "id" instead.')
    if kaggle.service == "local":  # The number is a kernel's at kaggle.com.
        return None
    if newest is None:
        return None
    left_out = f"id_no {number} is no kernel of this account; it is left out, and the id counts."
    return JobKernel(name, name, newest, warnings=(left_out,))


def _new_or_renamed(
    metadata: Metadata, name: KernelRef, kaggle: Kaggle, ledger: Ledger
) -> JobKernel:
    """Return the kernel that Kaggle makes from the title, or has made of this job before."""
    if not metadata.title:
        raise _invalid(
            "title",
            f"is missing, and Kaggle shows no {name}: a new kernel needs one.",
            f'For example: "title": "{metadata.slug.replace("-", " ").capitalize()}".',
        )
    titled = KernelRef(name.owner, metadata.title_slug)
    newest = kaggle.newest_version(titled) if titled != name else None
    if newest is None:
        return JobKernel(name, titled, None)
    pushed = ledger.latest(kaggle.service, name)
    if pushed is None or pushed.intent.kernel != titled:
        raise Refused(
            f"Kaggle shows no {name}, and {titled} has its title already; nothing was sent.",
            code="title_taken",
            hint=f'Write "id": "{titled}" to push a version of that one, or change the title.',
        )
    warning = f"Kaggle has this job as {titled}, after its title; write that id."
    return JobKernel(name, titled, newest, warnings=(warning,))


def _invalid(where: str, message: str, fix: str) -> InvalidInput:
    return InvalidInput(
        "One thing is wrong with this project; nothing was sent.",
        code="invalid_metadata",
        hint=("Fix kernel-metadata.json as said, then: ", NextCommand("push")),
        problems=(Problem(where, message, fix),),
    )
