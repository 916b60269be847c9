"""Where the search for the diagram of a ready cell has ended; written by `python -m gru_viz.diagram`.

By what it depends on: columns of the parts, rows of the lanes, tracks between them. Of any other cell the layout is
searched for when it is wanted.
"""

FOUND: dict[str, tuple[tuple[int, ...], tuple[int, ...], int]] = {
    "853f4a0dc21d7ef5": ((0, 0, 1, 2), (0, 1), 2),
    "3376295fd1e8e094": ((0, 0, 1, 2), (0, 1), 2),
    "4004cfd734a83fe5": ((0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5), (0, 4, 5, 1, 3, 2, 1), 2),
    "5646664341dbf019": ((0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5), (0, 4, 5, 1, 3, 2, 1), 2),
    "ba5db9a416e6048b": ((0, 0, 1, 2, 2, 2, 3, 2, 2, 4, 5, 6), (0, 4, 4, 2, 3, 1), 2),
    "e6ed7cca36af6a88": ((0, 0, 1, 2, 2, 2, 3, 2, 2, 4, 5, 6), (0, 4, 4, 2, 3, 1), 2),
    "caf7124c19b43477": ((0, 0, 1, 1, 2, 2, 2, 3, 4, 4, 2, 5, 6), (0, 4, 2, 3, 1, 1), 2),
    "f3ed73c63d2ea7d0": ((0, 0, 1, 1, 2, 2, 2, 3, 4, 4, 2, 5, 6), (0, 2, 3, 2, 1, 1), 2),
    "68e5584d4bcf79f5": ((0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 5, 6, 6, 7, 7), (0, 4, 5, 3, 1, 2, 3), 2),
    "d4d7e5782825a1f2": ((0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 5, 6, 6, 7, 7), (0, 4, 5, 3, 1, 2, 3), 2),
}
