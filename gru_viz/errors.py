"""The errors that a person can mend. Their text is shown on a page as it stands."""


class InputError(ValueError):
    """Something that a person entered is not allowed: the message says what came, what is allowed, and where."""
