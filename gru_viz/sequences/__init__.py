"""What a person enters ──► Sequence, and the sentences they read when it cannot be one.

Text is read by user-perceived character or by word, one a step; numbers one a step or a row a step; a signal is made
from its name, length and seed; a table is read row by row. The weights of an input belong to its name, so `tokens` is
identity (NFC, canonical numbers) while `labels` is only what a page shows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from gru_viz.errors import InputError
from gru_viz.labels import number_text, quoted
from gru_viz.sequences.base import MAX_CHARACTERS, MAX_COLUMNS, MAX_INPUTS, MAX_STEPS, Replacement, Sequence
from gru_viz.sequences.numbers import from_numbers, from_rows, read_number
from gru_viz.sequences.replacing import default_replacement, replace
from gru_viz.sequences.signals import from_signal
from gru_viz.sequences.tables import MAX_FILE, from_csv
from gru_viz.sequences.texts import from_text, from_words

__all__ = [
    "KINDS",
    "MAX_CHARACTERS",
    "MAX_COLUMNS",
    "MAX_FILE",
    "MAX_INPUTS",
    "MAX_STEPS",
    "Replacement",
    "Sequence",
    "default_replacement",
    "from_csv",
    "from_numbers",
    "from_rows",
    "from_signal",
    "from_text",
    "from_words",
    "number_text",
    "parse_sequence",
    "read_number",
    "replace",
]

KINDS: dict[str, Callable[[str], Sequence]] = {
    "text": from_text,
    "words": from_words,
    "numbers": from_numbers,
    "rows": from_rows,
    "signal": from_signal,
    "csv": from_csv,
}
_MAX_KEPT = 32_000_000  # bytes of all sequences that are kept: two of the largest
_kept: OrderedDict[tuple[str, str], Sequence] = OrderedDict()  # the last one used stands last
_lock = threading.Lock()


def parse_sequence(kind: str, text: str) -> Sequence:
    """The one door: what was typed, read as `kind` says. Raises InputError for all that cannot be read.

    The last few sequences are kept, as every part of a page asks for the same one. Their arrays are read-only.
    """
    if not (isinstance(kind, str) and kind in KINDS):
        raise InputError(f"The kind of sequence is {quoted(kind)}: one of {', '.join(KINDS)} is expected.")
    if not isinstance(text, str):
        return KINDS[kind](text)  # which says why not
    with _lock:
        if known := _kept.get((kind, text)):
            _kept.move_to_end((kind, text))
            return known
    sequence = KINDS[kind](text)
    with _lock:
        _kept[kind, text] = sequence
        while sum(_size(key, each) for key, each in _kept.items()) > _MAX_KEPT and len(_kept) > 1:
            _kept.popitem(last=False)
    return sequence


def _size(key: tuple[str, str], sequence: Sequence) -> int:
    """Bytes that a kept sequence takes, roughly: its array, its text, and some 200 for each token and label."""
    return sequence.values.nbytes + 4 * len(key[1]) + 400 * len(sequence.tokens)
