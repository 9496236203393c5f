"""The certificates of secure connections."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.http_server import BODY, RecordingServer, make_certificate, post

from kitctl.adapters.http import HttpClient, TransportError
from kitctl.errors import InvalidInput


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_server_is_trusted_by_the_certificates_that_the_environment_names(
    server: RecordingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    certificate, key = make_certificate(tmp_path)
    server.use_tls(certificate, key)
    base = f"https://localhost:{server.server_port}"
    with pytest.raises(TransportError, match="of localhost is not trusted") as untrusted:
        HttpClient(base, direct=False).send(post())
    assert untrusted.value.code == "certificates" and untrusted.value.lasting
    assert "REQUESTS_CA_BUNDLE=FILE" in untrusted.value.hint
    monkeypatch.setenv(variable, str(certificate))
    assert HttpClient(base, direct=False).send(post()).body == BODY


def test_certificates_that_cannot_be_read_are_named_with_their_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(InvalidInput, match=r"none\.pem cannot be read") as caught:
        HttpClient("https://kaggle.example", direct=False).send(post())
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"no certificates", b"\xff\xfe\x00"])
def test_a_file_without_certificates_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "empty.pem").write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(InvalidInput, match=r"empty\.pem cannot be read: it holds no certificates"):
        HttpClient("https://kaggle.example", direct=False).send(post())


def test_certificates_of_somebody_else_are_named_with_their_variable(
    server: RecordingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.use_tls(*make_certificate(tmp_path))
    (tmp_path / "other").mkdir()
    other, _ = make_certificate(tmp_path / "other")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    with pytest.raises(TransportError) as untrusted:
        HttpClient(f"https://localhost:{server.server_port}", direct=False).send(post())
    assert f"{other}: fix REQUESTS_CA_BUNDLE" in untrusted.value.hint
