"""The result of `kitctl submit` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kitctl.domain.runs.counts import counted

if TYPE_CHECKING:
    from rich.console import Console

    from kitctl.operations.submit import SubmitResult


def draw_submit(result: SubmitResult, console: Console) -> None:
    submission = result.submission
    console.print(
        f"submission {submission.ref} to {result.competition.slug}: {submission.status.lower()}",
        soft_wrap=True,
    )
    console.print(f"{result.file} of {result.run}", soft_wrap=True)
    if not result.sent:
        console.print("handed in by an earlier call; --again hands it in once more")
    if submission.public_score:
        console.print(f"public score  {submission.public_score}", soft_wrap=True)
    if submission.private_score:
        console.print(f"private score {submission.private_score}", soft_wrap=True)
    if result.left_today is not None:
        console.print(f"{counted(result.left_today, 'submission')} left today")
    console.print(f"{result.competition.url}/submissions", soft_wrap=True)
