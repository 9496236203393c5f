"""Credentials are recognised by their form, and hashes are not taken for them."""

from __future__ import annotations

import pytest

from kitctl.domain.job import secrets

HEX = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "text",
    [
        f'{{"username":"ada","key":"{HEX}"}}',
        f"KAGGLE_KEY = '{HEX}'",
        f'os.environ["KAGGLE_KEY"] = "{HEX}"',
        f'os.environ.setdefault("KAGGLE_KEY", "{HEX}")',
        f"token = 'KGAT_{HEX}'",
        f'hf = "hf_{"a" * 34}"',
        f"ghp_{'a' * 36}",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_a_credential_is_found_with_its_line(text: str) -> None:
    assert [line for line, _ in secrets.find_credentials(f"# a job\n{text}\n")] == [2]


@pytest.mark.parametrize(
    "text",
    [f'sha256 = "{HEX}{HEX}"', f'md5 = "{HEX}"', "key = 'short'", "hf_hub_download", "KGAT_"],
)
def test_a_text_that_only_resembles_a_credential_is_accepted(text: str) -> None:
    assert not list(secrets.find_credentials(text))
