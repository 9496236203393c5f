"""Error responses of the API."""

from __future__ import annotations

# Of a kernel without any session, and of one whose session is not shown yet.
NO_RUNS = "No runs found for this kernel"


class ApiError(Exception):
    """A response other than 2xx, with Kaggle's own message where it is known."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class DatasetRefused(Exception):
    """No version is made; Kaggle says so in a response with status 200."""


class TitleTaken(DatasetRefused):
    """A data set has this title already."""


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def forbidden(permission: str) -> ApiError:
    """Return Kaggle's error for what belongs to another account and for what does not exist."""
    return ApiError(403, f"Permission '{permission}' was denied")


def not_found(message: str = "Not found") -> ApiError:
    return ApiError(404, message)
