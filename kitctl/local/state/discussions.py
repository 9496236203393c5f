"""Topics of discussion: in Kaggle's forums, and of data sets, models, kernels and competitions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kitctl.local.state.clock import ServerClock
from kitctl.local.state.database import Database
from kitctl.local.state.errors import not_found

FORUMS: Mapping[str, str] = {
    "general": "General discussion",
    "getting-started": "The first stop for new members",
    "product-feedback": "Suggestions and bugs",
    "questions-and-answers": "Technical advice",
}
"""Slugs of the forums and what each is for."""


@dataclass(frozen=True)
class Topic:
    """A topic; `comments` are objects with `author`, `content` and `replies`."""

    id: int
    place: str
    title: str
    content: str
    author: str
    comments: tuple[Mapping[str, Any], ...]
    created_at: float

    @property
    def comment_count(self) -> int:
        return _count(self.comments)


class Discussions:
    """All topics. The API has no method that writes one: seeding adds them."""

    def __init__(self, database: Database, clock: ServerClock, account: str) -> None:
        self._database = database
        self._clock = clock
        self._account = account

    def add(
        self, place: str, title: str, content: str, comments: Sequence[Mapping[str, Any]]
    ) -> int:
        """Add a topic by the account and return its id."""
        return self._database.execute(
            "INSERT INTO topics (place, title, content, author, comments, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            place.lower(),
            title,
            content,
            self._account,
            json.dumps([dict(comment) for comment in comments]),
            self._clock.now(),
        )

    def find(self, topic_id: int) -> Topic:
        """Return a topic.

        Raises:
            ApiError: there is none of this id.
        """
        row = self._database.fetch_one("SELECT * FROM topics WHERE id = ?", topic_id)
        if row is None:
            raise not_found("Topic not found")
        return _topic(row)

    def below(self, place: str, search: str) -> list[Topic]:
        """Return the topics of a place, or of all below it, that hold a text; the newest first."""
        rows = self._database.fetch_all(
            "SELECT * FROM topics WHERE place = ? OR place LIKE ? ORDER BY id DESC",
            place.lower(),
            f"{place.lower()}/%",
        )
        topics = [_topic(row) for row in rows]
        return [one for one in topics if search.lower() in f"{one.title} {one.content}".lower()]


def _count(comments: Sequence[Mapping[str, Any]]) -> int:
    return sum(1 + _count(comment.get("replies", ())) for comment in comments)


def _topic(row: sqlite3.Row) -> Topic:
    return Topic(
        id=row["id"],
        place=row["place"],
        title=row["title"],
        content=row["content"],
        author=row["author"],
        comments=tuple(json.loads(row["comments"])),
        created_at=row["created_at"],
    )
