"""`kaggle models …` against the local Kaggle."""

from __future__ import annotations

import json
from pathlib import Path

from support.official_session import OfficialSession


def test_a_model_with_a_variation_is_created_versioned_and_listed(
    official: OfficialSession, tmp_path: Path
) -> None:
    model, variation = tmp_path / "model", tmp_path / "variation"
    model.mkdir()
    variation.mkdir()
    described = {
        "ownerSlug": "local",
        "slug": "my-classifier",
        "title": "My classifier",
        "subtitle": "",
        "isPrivate": True,
        "description": "Cars and trucks",
    }
    (model / "model-metadata.json").write_text(json.dumps(described), "utf-8")
    instance = {
        "ownerSlug": "local",
        "modelSlug": "my-classifier",
        "instanceSlug": "default",
        "framework": "keras",
        "overview": "Small",
        "usage": "",
        "licenseName": "Apache 2.0",
    }
    (variation / "model-instance-metadata.json").write_text(json.dumps(instance), "utf-8")
    (variation / "model.keras").write_text("weights", "utf-8")
    assert "my-classifier" in official("models", "create", "-p", str(model))
    official("models", "variations", "create", "-p", str(variation))
    name = "local/my-classifier/keras/default"
    official("models", "variations", "versions", "create", name, "-p", str(variation), "-n", "two")
    files = official("models", "variations", "versions", "files", f"{name}/2")
    assert "model.keras" in files
