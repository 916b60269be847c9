"""What a visitor does on an open page, and what they see there: for the tests of all pages."""

from urllib.parse import parse_qs, urlencode, urlsplit

from gru_viz.lessons import from_link
from gru_viz.theme import THEMES
from tests.browser.watching import settled
from tests.saying import plain

# -- what a visitor does -----------------------------------------------------------------------------------------------


def address(server, **query):
    return f"{server}/?{urlencode(query)}"


def keyed(page, key):
    return page.locator(f".st-key-{key}")


def press(page, key, name):
    """One button of a row, or a button by itself."""
    keyed(page, key).get_by_role("button", name=name, exact=True).or_(
        keyed(page, key).get_by_role("radio", name=name, exact=True)
    ).click()
    return settled(page)


def write(page, field, text, *, done="Enter"):
    box = page.get_by_role("textbox", name=field, exact=True)
    box.fill(text)
    box.press(done)
    return settled(page)


def slide(page, field, key, times=1):
    """Move a slider with the keyboard."""
    keyed(page, f"experiment_{field}").locator("input").focus()
    for _ in range(times):
        page.keyboard.press(key)
    return settled(page)


def unfold(page, name):
    """Open what has that name, each of several."""
    for each in page.locator("summary", has_text=name).all():
        each.click()
        settled(page)
    return page


def main(page):
    return page.get_by_test_id("stMain")


def in_both_themes(page):
    """Show the page in the theme that its device has, then in the other, where it stays: which one it is."""
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    yield "dark" if dark else "light"
    theme = "light" if dark else "dark"
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(HAS_GROUND, arg=THEMES[theme].ground)
    settled(page)
    yield theme


# Whether the page, and each of its figures, has this ground.
HAS_GROUND = """ground => {
    const rgb = `rgb(${[1, 3, 5].map(k => parseInt(ground.slice(k, k + 2), 16)).join(", ")})`
    return getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor === rgb
        && [...document.querySelectorAll(".js-plotly-plot")].every(each => each.layout.paper_bgcolor === ground)
}"""


# -- what a visitor sees -----------------------------------------------------------------------------------------------


def text(locator):
    return [plain(words) for words in locator.all_inner_texts()]


def figures(page):
    """What each figure says of itself to those who do not see it."""
    return main(page).get_by_role("figure").evaluate_all("found => found.map(each => each.getAttribute('aria-label'))")


def page_says(page):
    """Everything that is made of numbers: title, findings, sentences, and the words of the figures."""
    return [*text(main(page).get_by_role("heading")), *text(main(page).get_by_role("paragraph")), *figures(page)]


def findings(page):
    return text(main(page).get_by_role("heading", level=3))


def experiment(page):
    """The one that the address bar names."""
    found, notes = from_link(parse_qs(urlsplit(page.url).query, keep_blank_values=True))
    assert not notes
    return found


def alerts(page):
    return text(page.get_by_role("alert"))


def colours(page):
    return page.evaluate("[...document.querySelectorAll('.js-line')].map(line => line.style.stroke)")


def ticks(page, figure=0):
    """The labels of the steps."""
    return main(page).get_by_role("figure").nth(figure).locator(".xtick text").all_text_contents()


def overflow(page):
    """By how many px the page is wider than the screen."""
    return page.evaluate("document.scrollingElement.scrollWidth") - page.viewport_size["width"]
