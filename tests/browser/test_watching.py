"""The browser tests' own tools can fail: each is shown what it has to notice."""

import pytest

from tests.browser.profiles import Profile, origin
from tests.browser.serving import serve
from tests.browser.watching import Record, axe_violations, settled

SLOW = """
import time, streamlit as st
if st.button("Work"):
    st.write("begun")
    time.sleep(1.5)
    st.write("finished")
st.slider("Units", 1, 64, 8, key="units")
st.write(f"units: {st.session_state.units}")
if "fail" in st.query_params:
    raise ValueError("on purpose")
"""


@pytest.fixture
def slow_app(tmp_path):
    """A script that takes its time, and fails when it is asked to."""
    script = tmp_path / "slow.py"
    script.write_text(SLOW, encoding="utf-8")
    return script


def test_settled_waits_for_the_whole_run(slow_app, open_page):
    with serve(slow_app) as url:
        page = open_page(url)
        page.get_by_role("button", name="Work").click()
        assert settled(page).get_by_text("finished").is_visible()
        page.locator(".st-key-units input").press("ArrowRight")
        assert settled(page).get_by_text("units: 9").is_visible()
        assert not page.get_by_text("finished").is_visible()


def test_an_exception_is_noticed_in_the_page_and_in_the_log(slow_app, browser):
    with pytest.raises(AssertionError, match="on purpose"), serve(slow_app) as url:  # noqa: PT012
        page = browser.new_page()
        page.goto(f"{url}/?fail")
        with pytest.raises(AssertionError, match="shows"):
            settled(page)
        page.close()


STORE = """async () => {
    document.cookie = "own=1"
    localStorage.own = sessionStorage.own = "1"
    await (await caches.open("own")).put("/own", new Response("1"))
    await new Promise(done => indexedDB.open("own").onsuccess = done)
}"""
STORED = """async () => [document.cookie.match(/\\bown=/g)?.length ?? 0, localStorage.length,
    sessionStorage.length, (await caches.keys()).length, (await indexedDB.databases()).length]"""


def test_the_next_visitor_of_a_profile_finds_nothing_stored(server, browser):
    profile, url = Profile(browser), f"{server}/_stcore/health"
    first = profile.tab
    for theme in ("light", "dark"):
        page = profile.enter(theme=theme, width=390, height=844)
        page.goto(url)
        assert page.evaluate(STORED) == [0, 0, 0, 0, 0]
        assert page.evaluate(f"matchMedia('(prefers-color-scheme: {theme})').matches")
        assert page.evaluate("history.length") <= 2  # with the empty page that it opened with
        page.screenshot()  # once drawn, what is under the pointer knows it
        assert page.locator(":hover").count() == 0
        page.evaluate(STORE)
        assert page.evaluate(STORED) == [1, 1, 1, 1, 1]
        page.goto(f"{url}?again")
        page.mouse.move(50, 50)
        with page.expect_popup():
            page.evaluate("open('about:blank')")
        profile.leave(origin(url))
        assert profile.context.pages == [profile.keeper, first]
        assert page.url == "about:blank"
    profile.context.close()


def test_a_tab_that_ends_elsewhere_or_is_closed_is_not_given_to_the_next_visitor(server, browser):
    profile, url = Profile(browser), f"{server}/_stcore/health"
    for leave in (lambda page: page.goto("about:blank"), lambda page: page.close()):
        page = profile.enter(theme="light", width=390, height=844)
        page.goto(url)
        leave(page)
        profile.leave(origin(url))
        assert page.is_closed()
        assert not profile.tab.is_closed()
    profile.context.close()


def test_a_record_ends_with_the_visit(browser):
    page = browser.new_page()
    record, next_one = Record.of(page), Record()
    record.end(page)
    page.evaluate("console.error('late'); setTimeout(() => { throw new Error('late') })")
    page.wait_for_timeout(200)
    page.close()
    assert record == next_one


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match=r"missing\.py"), serve(tmp_path / "missing.py"):
        pass


def test_requests_to_other_hosts_and_errors_are_noticed(browser):
    page = browser.new_page()
    record = Record.of(page)
    page.set_content("<img src='http://elsewhere.example/x.png'><script>throw new Error('unseen')</script>")
    page.wait_for_timeout(200)
    page.close()
    assert record.hosts == {"elsewhere.example"}
    assert "unseen" in record.page_errors[0]
    with pytest.raises(AssertionError, match=r"elsewhere\.example"):
        record.assert_clean("http://127.0.0.1:8501")


def test_axe_finds_faint_text(browser):
    page = browser.new_page()
    page.set_content("<html lang='en'><title>t</title><main><p style='color: #aaa'>faint</p></main>")
    assert [line.split()[1] for line in axe_violations(page)] == ["color-contrast"]
    page.close()
