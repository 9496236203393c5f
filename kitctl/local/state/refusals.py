"""What the local Kaggle says no with."""

from __future__ import annotations


class Refusal(Exception):
    """An answer other than 2xx, with Kaggle's words where they are known."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def bad_request(message: str) -> Refusal:
    return Refusal(400, message)


def forbidden(permission: str) -> Refusal:
    """Kaggle answers alike for what is another's and for what does not exist."""
    return Refusal(403, f"Permission '{permission}' was denied")


def not_found(message: str = "Not found") -> Refusal:
    return Refusal(404, message)
