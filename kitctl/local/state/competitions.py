"""Competitions: their rules, submissions and scores.

A folder that stands for one may hold `competition.json` (title, metric, code_only, rules_accepted,
max_daily_submissions), `solution.csv`, and the data itself in `files/`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kitctl.local.state import archives
from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.datasets import Datasets
from kitctl.local.state.errors import ApiError, bad_request, not_found
from kitctl.local.state.names import COMPETITIONS
from kitctl.local.state.records import Competition, Submission
from kitctl.local.state.scoring import METRICS, ScoringError, score
from kitctl.local.state.settings import ServerSettings

DESCRIPTION, SOLUTION, FILES = "competition.json", "solution.csv", "files"
DAY_SECONDS = 24 * 3600.0


class Competitions:
    """The competitions that folders stand for, and the account's submissions to them."""

    def __init__(
        self,
        database: Database,
        settings: ServerSettings,
        clock: ServerClock,
        datasets: Datasets,
        folder: Path,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._datasets = datasets
        self._folder = folder

    def register_folder(self, slug: str, folder: Path) -> None:
        """Make a folder the competition of this slug."""
        # Its data alone may be named, too.
        whole = folder.parent if folder.name == FILES else folder
        described = (whole / DESCRIPTION).is_file()
        details = _details(whole / DESCRIPTION) if described else {}
        self._datasets.register_folder(
            f"{COMPETITIONS}/{slug}", whole / FILES if described else folder
        )
        self._database.execute(
            "INSERT INTO competitions VALUES (?, ?, ?, ?) ON CONFLICT (slug) DO UPDATE SET"
            " details = excluded.details, solution = excluded.solution",
            slug,
            json.dumps(details),
            str((whole / SOLUTION).resolve()),
            self._clock.now(),
        )

    def update_details(self, slug: str, details: Mapping[str, Any]) -> None:
        """Change some of what a competition's competition.json says."""
        row = self._row(slug)
        self._database.execute(
            "UPDATE competitions SET details = ? WHERE slug = ?",
            json.dumps({**json.loads(row["details"]), **details}),
            slug,
        )

    def set_solution(self, slug: str, solution: Path) -> None:
        self._database.execute(
            "UPDATE competitions SET solution = ? WHERE slug = ?", str(solution), slug
        )

    def find(self, slug: str) -> Competition:
        """Return a competition.

        Raises:
            ApiError: there is none of this slug.
        """
        return _competition(self._row(slug))

    def all(self) -> list[Competition]:
        """Return all competitions, the newest first."""
        rows = self._database.fetch_all(
            "SELECT * FROM competitions ORDER BY created_at DESC, rowid DESC"
        )
        return [_competition(row) for row in rows]

    def submit(
        self,
        competition: Competition,
        name: str,
        description: str,
        place: Callable[[Path], object],
    ) -> Submission:
        """Take a submission whose file `place` writes; its score shows after a while.

        Raises:
            ApiError: the rules are not accepted, or the day's submissions are used up.
        """
        self.require_rules(competition)
        if competition.submissions_disabled:
            raise bad_request("Submissions are disabled for this competition.")
        if self.left_today(competition) < 1:
            raise bad_request(
                "You have used all of your daily submissions"
                f" ({competition.max_daily_submissions}). They are renewed at midnight UTC."
            )
        now = self._clock.now()
        number = self._database.execute(
            "INSERT INTO submissions (competition, name, description, created_at, scored_at)"
            " VALUES (?, ?, ?, ?, ?)",
            competition.slug,
            name,
            description,
            now,
            now + self._settings["scoring_seconds"],
        )
        path = self._folder / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        place(path)
        self._score(number, competition, path)
        return self.get(number)

    def require_rules(self, competition: Competition) -> None:
        """Refuse what an account may not do before it has accepted the rules."""
        if not competition.rules_accepted:
            raise ApiError(
                403,
                "You must accept this competition's rules before you'll be able to submit to it.",
            )

    def left_today(self, competition: Competition) -> int:
        """Return how many submissions are left of the day, by UTC."""
        return max(0, competition.max_daily_submissions - self.today(competition))

    def today(self, competition: Competition) -> int:
        now = self._clock.now()
        row = self._database.fetch_one(
            "SELECT COUNT(*) AS number FROM submissions WHERE competition = ? AND created_at >= ?",
            competition.slug,
            now - now % DAY_SECONDS,
        )
        assert row is not None
        return int(row["number"])

    def submissions(self, competition: Competition) -> list[Submission]:
        """Return the account's submissions, the newest first."""
        rows = self._database.fetch_all(
            "SELECT * FROM submissions WHERE competition = ? ORDER BY id DESC", competition.slug
        )
        return [self._submission(row) for row in rows]

    def get(self, number: int) -> Submission:
        """Return a submission by its number.

        Raises:
            ApiError: there is none.
        """
        row = self._database.fetch_one("SELECT * FROM submissions WHERE id = ?", number)
        if row is None:
            raise not_found("Submission not found")
        return self._submission(row)

    def leaderboard_archive(
        self, competition: Competition, name: str, lines: Sequence[str]
    ) -> Path:
        """Write the lines of a leaderboard into an archive and return it."""
        table = self._folder / "leaderboards" / competition.slug / name
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("\n".join(lines) + "\n", "utf-8")
        archive = table.with_name(f"{competition.slug}.zip")
        archives.pack({name: table}, archive)
        return archive

    def _row(self, slug: str) -> sqlite3.Row:
        row = self._database.fetch_one("SELECT * FROM competitions WHERE slug = ?", slug.lower())
        if row is None:
            raise not_found(f"Competition {slug} not found")
        return row

    def _score(self, number: int, competition: Competition, path: Path) -> None:
        public = private = error = None
        try:
            if not competition.solution.is_file():
                raise ScoringError(f"This competition's folder has no {SOLUTION}.")
            scores = score(competition.solution, path, competition.metric)
            public, private = (f"{value:.5f}" for value in scores)
        except ScoringError as reason:
            error = str(reason)
        self._database.execute(
            "UPDATE submissions SET public_score = ?, private_score = ?, error = ? WHERE id = ?",
            *(public, private, error, number),
        )

    def _submission(self, row: sqlite3.Row) -> Submission:
        scored = row["scored_at"] <= self._clock.now()
        status = "PENDING" if not scored else "ERROR" if row["error"] else "COMPLETE"
        return Submission(
            id=row["id"],
            competition=row["competition"],
            name=row["name"],
            description=row["description"],
            path=self._folder / str(row["id"]),
            created_at=row["created_at"],
            status=status,
            error=(row["error"] or "") if scored else "",
            public_score=(row["public_score"] or "") if scored else "",
            private_score=(row["private_score"] or "") if scored else "",
        )


def _details(path: Path) -> dict[str, Any]:
    try:
        details = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise bad_request(f"{path} is not valid JSON: {error}") from None
    metric = details.get("metric", "accuracy") if isinstance(details, dict) else None
    if not isinstance(metric, str) or metric not in METRICS:
        raise bad_request(f"{path} must name one of the metrics {', '.join(METRICS)}.")
    if type(details.get("max_daily_submissions", 5)) is not int:
        raise bad_request(f"{path}: max_daily_submissions must be a whole number.")
    return dict(details)


def _competition(row: sqlite3.Row) -> Competition:
    details = json.loads(row["details"])
    return Competition(
        slug=row["slug"],
        title=str(details.get("title", row["slug"])),
        metric=str(details.get("metric", "accuracy")),
        is_code_only=bool(details.get("code_only", False)),
        rules_accepted=bool(details.get("rules_accepted", True)),
        submissions_disabled=bool(details.get("submissions_disabled", False)),
        max_daily_submissions=int(details.get("max_daily_submissions", 5)),
        solution=Path(row["solution"]),
        created_at=row["created_at"],
    )
