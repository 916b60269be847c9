"""A server that is killed, a line that breaks, a proxy, as a visitor in a browser sees them: nothing is lost."""

import re

import pytest

from tests.browser.line import line
from tests.browser.serving import serve
from tests.browser.watching import settled
from tests.nginx import killable, nginx


def findings(page):
    return page.locator("h3").all_inner_texts()


def type_text(page, text):
    field = page.get_by_role("textbox", name="Sequence")
    field.fill(text)
    field.press("Enter")
    settled(page)


def wait_for_connection(page, seconds=60):
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]').dataset.testConnectionState === 'CONNECTED'",
        timeout=1000 * seconds,
    )
    settled(page)


@pytest.mark.parametrize("seconds", [3, 30])
def test_a_line_that_breaks_loses_nothing(server, browser, seconds):
    with line(server) as way:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{way.url}/?keep=1")
        settled(page)
        type_text(page, "Nobody reads this twice")
        before, address = findings(page), page.url
        way.cut()
        page.wait_for_timeout(1000 * seconds)
        way.mend()
        wait_for_connection(page)
        assert findings(page) == before
        assert page.url == address
        type_text(page, "And on we go")
        assert findings(page) != before
        context.close()


def test_a_killed_server_finds_the_same_experiment_in_the_link(browser):
    """Another process takes its place at the same address, as a process manager or a platform would start one."""
    with killable() as (url, kill):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{url}/gates?keep=1")
        settled(page)
        type_text(page, "Nobody reads this twice")
        before, address = findings(page), page.url
        assert "Nobody" in address
        kill()
        with serve(port=int(url.rpartition(":")[2])):
            wait_for_connection(page)
            assert findings(page) == before
            assert page.url == address
            page.get_by_role("button", name="Next seed", exact=True).click()
            settled(page)
            assert re.search(r"[?&]seed=8\b", page.url)
            assert findings(page) != before
        context.close()


# Bytes of all that the page fetched, without the page itself: as they are, and as they came.
FETCHED = """() => ["decodedBodySize", "encodedBodySize"].map(
    size => performance.getEntriesByType("resource").reduce((sum, each) => sum + each[size], 0))"""


def test_a_first_visit_through_the_proxy_is_a_third_as_large(server, open_page, tmp_path, capsys):
    with nginx(tmp_path, server) as proxy:
        page = open_page(proxy.url)
        assert len(findings(page)) == 3
        whole, packed = page.evaluate(FETCHED)
        page.close()
    with capsys.disabled():
        print(f"\nA first visit fetches {whole / 1e6:.1f} MB, through nginx {packed / 1e6:.1f} MB.")
    assert whole > 3e6
    assert packed < 0.4 * whole
