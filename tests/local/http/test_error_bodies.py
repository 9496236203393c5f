"""Errors in both of their forms."""

from __future__ import annotations

import pytest
from support.local_kaggle import AnsweredError, LocalKaggle


def body(server: LocalKaggle, path: str, **headers: str) -> object:
    with pytest.raises(AnsweredError) as answered:
        server.open(path, b"{}", **headers)
    return answered.value.body


@pytest.mark.parametrize("nested", [True, False])
def test_every_error_has_the_chosen_form(local_kaggle: LocalKaggle, nested: bool) -> None:
    local_kaggle.write_errors(nested=nested)
    api = "/api/v1/kernels.KernelsApiService"
    local_kaggle.fault("status", "ListKernels", status=503)
    errors = [
        body(local_kaggle, f"{api}/Coffee"),
        body(local_kaggle, f"{api}/GetKernel"),
        body(local_kaggle, f"{api}/ListKernels"),
        body(local_kaggle, "/nowhere"),
        body(local_kaggle, f"{api}/GetKernel", Authorization="Bearer wrong"),
    ]
    keys = {"error"} if nested else {"code", "message"}
    assert all(isinstance(error, dict) and error.keys() == keys for error in errors)


def test_a_nested_error_names_its_status(local_kaggle: LocalKaggle) -> None:
    error = body(local_kaggle, "/nowhere")
    assert error == {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}}
