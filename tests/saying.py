"""Reading the numbers out of sentences, and holding them against numbers that were computed elsewhere."""

import html
import math
import re

from tests.expected import TITLES

NUMBER = r"[−-]?\d[\d,\u202f]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
IN_CELL = " in the (" + "|".join(sorted(map(re.escape, TITLES.values()), key=len, reverse=True)) + ")"
PLAIN_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def plain(markdown):
    """What a reader sees of a sentence: references resolved, joiners gone, and every blank a plain one."""
    return html.unescape(markdown).replace("\u2060", "").replace("\u00a0", " ")


def parts(number):
    """2.4·10⁻¹⁴ as 2.4 and -14."""
    digits, _, power = number.replace("−", "-").replace("\u202f", "").replace(",", "").partition("·10")
    return float(digits), int(power.translate(PLAIN_SUPERSCRIPTS) or 0)


def read(number):
    """2.4·10⁻¹⁴ as a float."""
    digits, power = parts(number)
    return float(f"{digits!r}e{power}")


def by_cell(sentence):
    """Title -> the last number before each "in the …"."""
    pieces = re.split(IN_CELL, sentence)
    return {title: re.findall(NUMBER, words)[-1] for words, title in zip(pieces[::2], pieces[1::2], strict=False)}


def assert_shows(shown, log10, digits=2):
    """A number that is shown is 10**log10, rounded to so many digits."""
    if log10 == -math.inf:
        assert shown == "0"
        return
    exponent = math.floor(log10)
    mantissa, power = parts(shown)
    found, wanted = mantissa * 10.0 ** (power - exponent), 10 ** (log10 - exponent)
    assert abs(found - wanted) <= 0.50001 * 10 ** (1 - digits), f"{shown} is shown for {wanted}·10^{exponent}"


def assert_first_step(sentence, found):
    """The share of each cell's gradient that is left at the first step; ``found`` is title -> Facts."""
    if len(next(iter(found.values())).norm) == 1:
        assert re.search(r"\d", sentence) is None
        return
    shown = by_cell(sentence)
    assert list(shown) == list(found)
    for title, number in shown.items():
        assert_shows(number, found[title].share)


def assert_reaches(sentence, found):
    """How far back each gradient reaches, in whichever way it is said."""
    steps = len(next(iter(found.values())).norm)
    reaches = {title: each.reach for title, each in found.items()}
    if steps == 1:
        assert re.search(r"\d", sentence) is None
    elif said := re.search(r"or more over (?:all (\d+)|both) steps in", sentence):
        assert set(reaches.values()) == {steps} == {int(said[1] or 2)}
        assert re.findall(r"the (.+?)(?=, the |\.$)", sentence.partition(" in ")[2]) == list(found)
    elif "back the gradient is" in sentence:
        assert set(reaches.values()) == {steps}
        assert read(re.match(r"([\d,]+) steps? back", sentence)[1]) == steps - 1
        assert max(each.share for each in found.values()) > math.log10(2)
        for title, number in by_cell(sentence).items():
            assert_shows(number, found[title].share)
    elif said := re.search(r"below 1 % within ([\d,]+) steps", sentence):
        assert max(reaches.values()) + 1 == read(said[1])
    else:
        pieces = re.split(IN_CELL, sentence)
        assert {title: read(shown) for title, shown in by_cell(sentence).items()} == reaches
        assert [" all " in words for words in pieces[:-1:2]] == [reach == steps for reach in reaches.values()]


def assert_finding(sentence, found, curve):
    """The title of the main figure, for whichever gradient it draws."""
    steps = len(next(iter(found.values())).norm)
    if curve == "state":
        assert_reaches(sentence, found)
    elif steps == 1:
        assert re.search(r"\d", sentence) is None
    elif curve == "input":
        assert "by the input" in sentence
        for title, number in by_cell(sentence).items():
            assert_shows(number, found[title].input_norm[0])
    else:
        several = {title: each.parts for title, each in found.items() if len(each.parts) > 1}
        assert (re.search(r"\d", sentence) is None) == (not several)
        assert list(by_cell(sentence)) == list(several)
        for title, number in by_cell(sentence).items():
            assert_shows(number, several[title]["c"][0])


def assert_left_over(sentence, distances):
    """What is left of each largest difference; ``distances`` is title -> the distance at each step."""
    if sentence.endswith("no h changes."):
        assert not any(distance.any() for distance in distances.values())
        return
    if "the last h is another one" in sentence:
        assert {len(distance) for distance in distances.values()} == {1}
        return
    pieces = re.split(IN_CELL, sentence)
    words = dict(zip(pieces[1::2], pieces[::2], strict=False))
    assert list(words) == list(distances)
    for title, distance in distances.items():
        left = distance[-1] / (distance.max() or 1.0)
        if "no h changes" in words[title]:
            assert not distance.any()
        elif "less than 10⁻¹⁴" in words[title]:
            assert 0 <= left < 1e-14
            assert distance.any()
        elif re.search(r"(^|, )all\b", words[title]):
            assert left == 1
        elif "nearly all" in words[title]:
            assert 0.995 <= left < 1
        else:
            assert_shows(re.findall(NUMBER, words[title])[-1], math.log10(left))
