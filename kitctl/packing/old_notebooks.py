"""Notebooks of format 3, as IPython wrote them before 2015, brought to format 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def from_format_3(notebook: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the notebook in format 4, without outputs; None where it has no worksheets."""
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
        return None
    cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not all(isinstance(cell, dict) for cell in cells):
        return None
    metadata = notebook.get("metadata")
    return {
        "cells": [_cell(cell) for cell in cells],
        "metadata": metadata if isinstance(metadata, dict) else {},
        "nbformat": 4,
        "nbformat_minor": 0,
    }


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    metadata = cell.get("metadata") or {}
    if kind == "code":
        source = cell.get("input", "")
        more: dict[str, Any] = {"execution_count": None, "outputs": []}
        return {"cell_type": "code", "metadata": metadata, "source": source, **more}
    source = cell.get("source", "")
    if kind == "heading":
        level = cell.get("level")
        text = "".join(source) if isinstance(source, list) else source
        source = f"{'#' * (level if isinstance(level, int) else 1)} {text}"
        kind = "markdown"
    return {"cell_type": kind, "metadata": metadata, "source": source}
