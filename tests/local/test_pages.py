"""The local Kaggle's pages, in Chromium and by single requests."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.browser import OpenedPage
from support.command_line import Kitctl, write_script
from support.local_kaggle import LocalKaggle

SCRIPT = "<script>window.hacked = 1</script>"
HANDLER = "<img src=x onerror='window.hacked = 1'>"


def link(local_kaggle: LocalKaggle) -> str:
    url: str = local_kaggle.admin("sign-in-link")["url"]
    return url


def get(address: str, path: str | None = None, **headers: str) -> http.client.HTTPResponse:
    """Send a request with these headers, `host` included, and read the response."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.putrequest("GET", path or parts.path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def cookie(local_kaggle: LocalKaggle) -> str:
    return get(link(local_kaggle)).headers["set-cookie"].partition(";")[0]


def test_a_browser_that_is_signed_in_sees_runs_logs_outputs_quota_and_data_sets(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, opened_page: OpenedPage
) -> None:
    write_script(project, "print('hello'); open('out.txt', 'w').write('x')")
    pushed = kitctl("push", "--local", "--json").data
    kitctl("wait", "--local")
    page = opened_page.open(link(local_kaggle))
    assert page.url == f"{local_kaggle.endpoint}/"
    assert "30.00 h" in page.locator("main").inner_text()
    page.goto(pushed["url"])
    page.get_by_role("link", name="local/small-job/1").click()
    assert "hello" in page.locator("#log").inner_text()
    assert page.get_by_role("link", name="out.txt").count() == 1
    assert page.evaluate("document.cookie") == ""
    assert not opened_page.overflows()
    assert opened_page.messages == []
    assert all(url.startswith(local_kaggle.endpoint) for url in opened_page.requests)


def test_the_log_of_a_running_job_grows_in_the_page_until_its_end(
    kitctl: Kitctl, project: Path, local_kaggle: LocalKaggle, opened_page: OpenedPage
) -> None:
    lines = ["import time", "print('first', flush=True)", "time.sleep(1.5)", "print('last')"]
    write_script(project, "\n".join(lines))
    page = opened_page.open(link(local_kaggle))
    page.goto(kitctl("push", "--local", "--json").data["url"])
    page.get_by_role("link", name="local/small-job/1").click()
    page.get_by_text("last").wait_for()
    page.locator("#status", has_text="complete").wait_for()
    assert page.locator("#log").inner_text().split() == ["first", "last"]
    assert opened_page.messages == []


def test_names_and_log_lines_of_a_run_do_not_run_in_the_page(
    local_kaggle: LocalKaggle, opened_page: OpenedPage
) -> None:
    log = [{"stream_name": "stdout", "time": 1.0, "data": f"{SCRIPT}{HANDLER}\n"}]
    files = [{"name": f"{HANDLER}.html", "text": SCRIPT}, {"name": "a.png", "text": SCRIPT}]
    local_kaggle.seed("odd", status="ERROR", failureMessage=HANDLER, log=log, files=files)
    page = opened_page.open(link(local_kaggle))
    page.get_by_role("link", name="local/odd/1").click()
    assert SCRIPT in page.locator("#log").inner_text()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    with page.expect_download() as download:
        page.get_by_role("link", name=".html").click()
    assert download.value.suggested_filename.endswith(".html")
    assert opened_page.messages == []


def test_a_link_signs_in_once(local_kaggle: LocalKaggle) -> None:
    address = link(local_kaggle)
    first = get(address)
    assert first.status == 303
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "samesite=strict" in first.headers["set-cookie"].lower()
    assert get(address).status == 401


@pytest.mark.parametrize("path", ["/", "/runs/1", "/code/local/x", "/outputs/1", "/pictures/1"])
def test_a_browser_that_is_not_signed_in_sees_nothing(local_kaggle: LocalKaggle, path: str) -> None:
    assert get(local_kaggle.endpoint, path).status == 401
    assert get(local_kaggle.endpoint, path, cookie="kitctl_local=guess").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example:80"},
        {"origin": "https://example.org"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_a_request_of_another_site_is_refused_even_with_the_cookie(
    local_kaggle: LocalKaggle, headers: dict[str, str]
) -> None:
    signed_in = cookie(local_kaggle)
    assert get(local_kaggle.endpoint, "/", cookie=signed_in).status == 200
    assert get(local_kaggle.endpoint, "/", cookie=signed_in, **headers).status == 403
    assert get(link(local_kaggle), **headers).status == 403


def test_the_cookie_opens_no_method_of_the_api(local_kaggle: LocalKaggle) -> None:
    signed_in = cookie(local_kaggle)
    for path in ("/_local/health", "/_local/sign-in-link", "/api/v1/kernels/logs/stream/local/x"):
        assert get(local_kaggle.endpoint, path, cookie=signed_in).status in {401, 405}
