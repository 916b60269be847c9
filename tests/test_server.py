"""The server's own answers: the headers that tell a browser what a page may do."""

import urllib.request
from collections.abc import Iterator

import pytest

from tests.browser.serving import serve


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve() as url:
        yield url


def headers_of(url: str) -> dict[str, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize("path", ["/", "/gates?keep=1", "/_stcore/health", "/static/nothing-here"])
def test_every_answer_limits_what_a_page_may_do(server, path):
    found = headers_of(server + path)
    policy = dict(part.strip().split(" ", 1) for part in found["content-security-policy"].split(";"))
    for what in ("default-src", "script-src", "connect-src", "img-src", "font-src", "worker-src"):
        allowed = set(policy[what].split())
        assert "'self'" in allowed
        assert not any("*" in source or source.startswith(("http", "ws", "//")) for source in allowed), what
    assert not {"'unsafe-inline'", "'unsafe-eval'", "data:"} & set(policy["script-src"].split())
    assert policy["object-src"] == "'none'"
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] == "no-referrer"
