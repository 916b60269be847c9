"""The ready cells written by hand in NumPy, as fast as we can write them: what the compiled engine is measured against.

``FORWARD[cell](params, x)`` gives every named value of every step; ``BACKWARD[cell](params, x, values)`` the gradients
of the sum of the last h by all of them and by x, and log10 of the carried gradient's norm. One sequence, no batch,
states that begin at zero, no checks. As in the engine, products with the input are one product before the loop,
recurrent matrices of one operand are stacked, and sigmoids are 1 / (1 + exp(-a)), the sign folded into the stack.
"""

import numpy as np
from numpy import add, exp, multiply, reciprocal, subtract, tanh

Arrays = dict[str, np.ndarray]


def rows(params: Arrays, prefix: str, gates: str, negative: str = "") -> np.ndarray:
    """The blocks of these gates below one another, those in ``negative`` with the other sign."""
    return np.concatenate([(-1 if gate in negative else 1) * params[f"{prefix}_{gate}"] for gate in gates])


def blocks(stacked: np.ndarray, names: str) -> Arrays:
    """The block of each gate in (T, len(names) * H)."""
    return dict(zip(names, np.split(stacked, len(names), axis=1), strict=True))


def states(x: np.ndarray, hidden: int) -> np.ndarray:
    """(T + 1, H): a state from before the first step on."""
    state = np.empty((len(x) + 1, hidden))
    state[0] = 0.0
    return state


def gradients(x: np.ndarray, hidden: int) -> np.ndarray:
    """(T + 1, H): the gradient by a state before and after each step; row 0 and the last row are its ends."""
    carried = np.empty((len(x) + 1, hidden))
    carried[-1] = 0.0
    return carried


def log10_norm(*carried: np.ndarray) -> np.ndarray:
    return 0.5 * np.log10(sum(np.einsum("th,th->t", each[1:], each[1:]) for each in carried))


def shifted(state: np.ndarray) -> np.ndarray:
    """A state before each step, from its values after."""
    before = np.empty_like(state)
    before[0], before[1:] = 0.0, state[:-1]
    return before


# -- rnn ---------------------------------------------------------------------------------------------------------------


def rnn(p: Arrays, x: np.ndarray) -> Arrays:
    inputs = x @ p["W_h"].T
    inputs += p["b_h"]
    h = states(x, len(p["b_h"]))
    u_dot = p["U_h"].dot
    for before, after, row in zip(h, h[1:], inputs, strict=False):
        u_dot(before, after)
        add(after, row, after)
        tanh(after, after)
    return {"h": h[1:]}


def rnn_backward(p: Arrays, x: np.ndarray, values: Arrays) -> Arrays:
    h = values["h"]
    slope = 1 - h * h
    carried, delta = gradients(x, h.shape[1]), np.empty_like(h)
    carried[-1] = 1.0
    u_dot = np.ascontiguousarray(p["U_h"].T).dot
    for after, before, d, factor in zip(carried[:0:-1], carried[-2::-1], delta[::-1], slope[::-1], strict=True):
        multiply(after, factor, d)
        u_dot(d, before)
    return {"h": carried[1:], "x": delta @ p["W_h"], "norm": log10_norm(carried)}


# -- lstm --------------------------------------------------------------------------------------------------------------


def lstm(p: Arrays, x: np.ndarray) -> Arrays:
    hidden = len(p["b_f"])
    inputs = x @ rows(p, "W", "fiog", "fio").T
    inputs += rows(p, "b", "fiog", "fio")
    gates = np.empty((len(x), 4 * hidden))
    h, c, squashed = states(x, hidden), states(x, hidden), np.empty((len(x), hidden))
    ones, scratch = np.ones(3 * hidden), np.empty(hidden)
    u_dot = rows(p, "U", "fiog", "fio").dot
    named = blocks(gates, "fiog")
    walked = (h, h[1:], c, c[1:], squashed, inputs, gates, gates[:, : 3 * hidden], *named.values())
    for h_before, h_after, c_before, c_after, s, row, whole, sigmoids, f, i, o, g in zip(*walked, strict=False):
        u_dot(h_before, whole)
        add(whole, row, whole)
        exp(sigmoids, sigmoids)
        add(sigmoids, ones, sigmoids)
        reciprocal(sigmoids, sigmoids)
        tanh(g, g)
        multiply(f, c_before, c_after)
        multiply(i, g, scratch)
        add(c_after, scratch, c_after)
        tanh(c_after, s)
        multiply(o, s, h_after)
    return {**named, "c": c[1:], "h": h[1:], "tanh(c)": squashed}


def lstm_backward(p: Arrays, x: np.ndarray, values: Arrays) -> Arrays:
    f, i, o, squashed = (values[name] for name in ("f", "i", "o", "tanh(c)"))
    through_h = o * (1 - squashed * squashed)
    return lstm_walk(p, x, values, shifted(values["c"]), f * (1 - f), i * (1 - i), o * (1 - o), f, through_h)


def lstm_walk(p, x, values, c, f_slope, i_slope, o_slope, kept, through_h) -> Arrays:
    """Both LSTMs: dc' by dc is ``kept``, dc' by dh' is ``through_h``; peepholes have been added to them."""
    i, g, squashed = (values[name] for name in ("i", "g", "tanh(c)"))
    hidden = c.shape[1]
    of_c = np.stack([c * f_slope, g * i_slope, i * (1 - g * g)], axis=1)  # (T, 3, H)
    of_h = squashed * o_slope
    delta = np.empty((len(x), 4, hidden))  # f i g o
    dh, dc, total = gradients(x, hidden), gradients(x, hidden), np.empty_like(c)
    dh[-1] = 1.0
    u_dot = np.ascontiguousarray(rows(p, "U", "figo").T).dot
    flat = delta.reshape(len(x), 4 * hidden)
    walked = (dh[:0:-1], dh[-2::-1], dc[:0:-1], dc[-2::-1])
    walked += tuple(each[::-1] for each in (total, flat, delta[:, :3], delta[:, 3], of_c, of_h, kept, through_h))
    for h_after, h_before, c_after, c_before, t, d, d_fig, d_o, by_c, by_h, keep, through in zip(*walked, strict=True):
        multiply(h_after, through, t)
        add(t, c_after, t)
        multiply(by_c, t, d_fig)
        multiply(h_after, by_h, d_o)
        multiply(t, keep, c_before)
        u_dot(d, h_before)
    return {
        "f": total * c,
        "i": total * g,
        "o": dh[1:] * squashed,
        "g": total * i,
        "c": total,
        "h": dh[1:],
        "x": flat @ rows(p, "W", "figo"),
        "norm": log10_norm(dh, dc),
    }


def lstm_peephole(p: Arrays, x: np.ndarray) -> Arrays:
    hidden = len(p["b_f"])
    inputs = x @ rows(p, "W", "fiog", "fio").T
    inputs += rows(p, "b", "fiog", "fio")
    gates = np.empty((len(x), 4 * hidden))
    h, c, squashed = states(x, hidden), states(x, hidden), np.empty((len(x), hidden))
    ones, one, scratch, pair = np.ones((2, hidden)), np.ones(hidden), np.empty(hidden), np.empty((2, hidden))
    peep, peep_o = np.stack([p["p_f"], p["p_i"]]), p["p_o"]
    u_dot = rows(p, "U", "fiog", "fio").dot
    named = blocks(gates, "fiog")
    first = gates[:, : 2 * hidden].reshape(len(x), 2, hidden)
    walked = (h, h[1:], c, c[1:], squashed, inputs, gates, first, *named.values())
    for h_before, h_after, c_before, c_after, s, row, whole, both, f, i, o, g in zip(*walked, strict=False):
        u_dot(h_before, whole)
        add(whole, row, whole)
        multiply(peep, c_before, pair)
        subtract(both, pair, both)
        exp(both, both)
        add(both, ones, both)
        reciprocal(both, both)
        tanh(g, g)
        multiply(f, c_before, c_after)
        multiply(i, g, scratch)
        add(c_after, scratch, c_after)
        multiply(peep_o, c_after, scratch)
        subtract(o, scratch, o)
        exp(o, o)
        add(o, one, o)
        reciprocal(o, o)
        tanh(c_after, s)
        multiply(o, s, h_after)
    return {**named, "c": c[1:], "h": h[1:], "tanh(c)": squashed}


def lstm_peephole_backward(p: Arrays, x: np.ndarray, values: Arrays) -> Arrays:
    f, i, o, g, squashed = (values[name] for name in ("f", "i", "o", "g", "tanh(c)"))
    c = shifted(values["c"])
    f_slope, i_slope, o_slope = f * (1 - f), i * (1 - i), o * (1 - o)
    kept = f + c * f_slope * p["p_f"] + g * i_slope * p["p_i"]
    through_h = o * (1 - squashed * squashed) + squashed * o_slope * p["p_o"]
    return lstm_walk(p, x, values, c, f_slope, i_slope, o_slope, kept, through_h)


# -- gru ---------------------------------------------------------------------------------------------------------------


def gru(p: Arrays, x: np.ndarray) -> Arrays:
    hidden = len(p["b_r"])
    inputs = x @ rows(p, "W", "rzn", "rz").T
    inputs += rows(p, "b", "rzn", "rz")
    gates = np.empty((len(x), 2 * hidden))
    h, n, looked = states(x, hidden), np.empty((len(x), hidden)), np.empty((len(x), hidden))
    ones, scratch = np.ones(2 * hidden), np.empty(hidden)
    u_dot, u_n_dot = rows(p, "U", "rz", "rz").dot, p["U_n"].dot
    named = blocks(gates, "rz")
    walked = (h, h[1:], inputs[:, : 2 * hidden], inputs[:, 2 * hidden :], gates, *named.values(), n, looked)
    for before, after, row, row_n, both, r, z, candidate, rh in zip(*walked, strict=False):
        u_dot(before, both)
        add(both, row, both)
        exp(both, both)
        add(both, ones, both)
        reciprocal(both, both)
        multiply(r, before, rh)
        u_n_dot(rh, candidate)
        add(candidate, row_n, candidate)
        tanh(candidate, candidate)
        subtract(candidate, before, scratch)
        multiply(z, scratch, scratch)
        add(before, scratch, after)
    return {**named, "n": n, "h": h[1:]}


def gru_backward(p: Arrays, x: np.ndarray, values: Arrays) -> Arrays:
    r, z, n = (values[name] for name in "rzn")
    h, hidden = shifted(values["h"]), values["h"].shape[1]
    keep, change = 1 - z, n - h
    of_n, of_z, of_r = z * (1 - n * n), change * (z * keep), h * r * (1 - r)
    dh, looked, delta = gradients(x, hidden), np.empty_like(n), np.empty((len(x), 3 * hidden))  # r z n
    dh[-1] = 1.0
    scratch = np.empty(hidden)
    u_dot, u_n_dot = np.ascontiguousarray(rows(p, "U", "rz").T).dot, np.ascontiguousarray(p["U_n"].T).dot
    walked = (dh[:0:-1], dh[-2::-1])
    deltas = (delta[:, : 2 * hidden], *blocks(delta, "rzn").values())
    walked += tuple(each[::-1] for each in (*deltas, looked, of_n, of_z, of_r, keep, r))
    for after, before, d, d_r, d_z, d_n, q, by_n, by_z, by_r, kept, reset in zip(*walked, strict=True):
        multiply(after, by_n, d_n)
        u_n_dot(d_n, q)
        multiply(after, by_z, d_z)
        multiply(q, by_r, d_r)
        u_dot(d, before)
        multiply(after, kept, scratch)
        add(before, scratch, before)
        multiply(q, reset, scratch)
        add(before, scratch, before)
    return {
        "r": looked * h,
        "z": dh[1:] * change,
        "n": dh[1:] * z,
        "h": dh[1:],
        "x": delta @ rows(p, "W", "rzn"),
        "norm": log10_norm(dh),
    }


def gru_reset_after(p: Arrays, x: np.ndarray) -> Arrays:
    hidden = len(p["b_r"])
    inputs = x @ rows(p, "W", "rzn", "rz").T
    inputs += rows(p, "b", "rzn", "rz")
    shift = inputs.copy()
    shift[:, 2 * hidden :] = p["c_n"]
    gates = np.empty((len(x), 3 * hidden))
    h, n = states(x, hidden), np.empty((len(x), hidden))
    ones, scratch = np.ones(2 * hidden), np.empty(hidden)
    u_dot = rows(p, "U", "rzn", "rz").dot
    r_z, looked = gates[:, : 2 * hidden], gates[:, 2 * hidden :]
    named = blocks(r_z, "rz")
    walked = (h, h[1:], shift, inputs[:, 2 * hidden :], gates, r_z, *named.values(), looked, n)
    for before, after, row, row_n, whole, both, r, z, inner, candidate in zip(*walked, strict=False):
        u_dot(before, whole)
        add(whole, row, whole)
        exp(both, both)
        add(both, ones, both)
        reciprocal(both, both)
        multiply(r, inner, candidate)
        add(candidate, row_n, candidate)
        tanh(candidate, candidate)
        subtract(before, candidate, scratch)
        multiply(z, scratch, scratch)
        add(candidate, scratch, after)
    return {**named, "n": n, "h": h[1:], "U_n @ h + c_n": looked}


def gru_reset_after_backward(p: Arrays, x: np.ndarray, values: Arrays) -> Arrays:
    r, z, n, looked = (values[name] for name in ("r", "z", "n", "U_n @ h + c_n"))
    change = shifted(values["h"]) - n
    of_n = (1 - z) * (1 - n * n)
    factors = np.concatenate([of_n * looked * (r * (1 - r)), change * (z * (1 - z)), of_n * r], axis=1)
    factors = factors.reshape(len(x), 3, -1)
    delta = np.empty_like(factors)
    flat = delta.reshape(len(x), -1)
    dh, scratch = gradients(x, n.shape[1]), np.empty(n.shape[1])
    dh[-1] = 1.0
    u_dot = np.ascontiguousarray(rows(p, "U", "rzn").T).dot
    walked = (dh[:0:-1], dh[-2::-1], *(each[::-1] for each in (delta, flat, factors, z)))
    for after, before, d, whole, by, kept in zip(*walked, strict=True):
        multiply(by, after, d)
        u_dot(whole, before)
        multiply(after, kept, scratch)
        add(before, scratch, before)
    inside = dh[1:] * of_n
    through_x = np.concatenate([flat[:, : -n.shape[1]], inside], axis=1)
    return {
        "r": inside * looked,
        "z": dh[1:] * change,
        "n": dh[1:] * (1 - z),
        "h": dh[1:],
        "x": through_x @ rows(p, "W", "rzn"),
        "norm": log10_norm(dh),
    }


FORWARD = {each.__name__: each for each in (rnn, lstm, gru, gru_reset_after, lstm_peephole)}
BACKWARD = {
    "rnn": rnn_backward,
    "lstm": lstm_backward,
    "gru": gru_backward,
    "gru_reset_after": gru_reset_after_backward,
    "lstm_peephole": lstm_peephole_backward,
}
