"""The recurrences of PyTorch, Keras and ONNX, from the systems' own arrays.

``REFERENCES`` computes the states as each system's documentation says (torch.nn's documentation; Keras 3,
keras/src/layers/rnn, the cells' ``call``; ONNX, Operators.md, Equations). No table of ``gru_viz`` is used in it.
"""

import numpy as np
import torch
from torch import nn

T, H, INPUTS = 9, 5, 3


def numbers(*shape, seed=0, scale=1.0):
    return scale * np.random.default_rng([seed, *shape]).normal(size=shape)


X = numbers(T, INPUTS, seed=1)
STATES = {"h": numbers(H, seed=2), "c": numbers(H, seed=3)}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def relu(a):
    return np.maximum(a, 0)


def torch_states(kind, **options):
    def states(given):
        made = getattr(nn, kind)(INPUTS, H, dtype=torch.float64, **options)
        made.load_state_dict({name: torch.from_numpy(array) for name, array in given.items()}, strict=True)
        h, c = (torch.from_numpy(STATES[name])[None] for name in "hc")
        found = []
        for x in torch.from_numpy(X)[:, None]:
            if kind == "LSTM":
                _, (h, c) = made(x, (h, c))
            else:
                _, h = made(x, h)
            found.append((h[0].detach().numpy(), c[0].detach().numpy()))
        h, c = map(np.stack, zip(*found, strict=True))
        return {"h": h, "c": c} if kind == "LSTM" else {"h": h}

    return states


def over_time(step, *names):
    """The states after each step of x, from the states ``names``."""
    now, found = [STATES[name] for name in names], []
    for x in X:
        now = step(x, *now)
        found.append(now)
    return dict(zip(names, map(np.stack, zip(*found, strict=True)), strict=True))


def keras_rnn(activation):
    def states(given):
        def step(sequence, prev_output):
            h = sequence @ given["kernel"] + given["bias"]
            return (activation(h + prev_output @ given["recurrent_kernel"]),)

        return over_time(step, "h")

    return states


def keras_lstm(given):
    def step(inputs, h_tm1, c_tm1):
        z = inputs @ given["kernel"] + h_tm1 @ given["recurrent_kernel"] + given["bias"]
        z0, z1, z2, z3 = np.split(z, 4)
        i, f = sigmoid(z0), sigmoid(z1)
        c = f * c_tm1 + i * np.tanh(z2)
        o = sigmoid(z3)
        return o * np.tanh(c), c

    return over_time(step, "h", "c")


def keras_gru(reset_after):
    def states(given):
        kernel, recurrent_kernel = given["kernel"], given["recurrent_kernel"]
        input_bias, recurrent_bias = given["bias"] if reset_after else (given["bias"], np.zeros(3 * H))

        def step(inputs, h_tm1):
            x_z, x_r, x_h = np.split(inputs @ kernel + input_bias, 3)
            inner = h_tm1 @ recurrent_kernel + recurrent_bias
            z = sigmoid(x_z + inner[:H])
            r = sigmoid(x_r + inner[H : 2 * H])
            recurrent_h = r * inner[2 * H :] if reset_after else (r * h_tm1) @ recurrent_kernel[:, 2 * H :]
            hh = np.tanh(x_h + recurrent_h)
            return (z * h_tm1 + (1 - z) * hh,)

        return over_time(step, "h")

    return states


def onnx_rnn(f):
    def states(given):
        (w,), (r,), (b,) = given["W"], given["R"], given["B"]
        wb, rb = np.split(b, 2)
        return over_time(lambda x, h: (f(x @ w.T + h @ r.T + wb + rb),), "h")

    return states


def onnx_lstm(given):
    w, r = (np.split(given[name][0], 4) for name in "WR")
    (wi, wo, wf, wc), (ri, ro, rf, rc) = w, r
    wbi, wbo, wbf, wbc, rbi, rbo, rbf, rbc = np.split(given["B"][0], 8)
    pi, po, pf = np.split(given["P"][0] if "P" in given else np.zeros(3 * H), 3)

    def step(x, h, c):
        it = sigmoid(x @ wi.T + h @ ri.T + pi * c + wbi + rbi)
        ft = sigmoid(x @ wf.T + h @ rf.T + pf * c + wbf + rbf)
        ct = np.tanh(x @ wc.T + h @ rc.T + wbc + rbc)
        new = ft * c + it * ct
        ot = sigmoid(x @ wo.T + h @ ro.T + po * new + wbo + rbo)
        return ot * np.tanh(new), new

    return over_time(step, "h", "c")


def onnx_gru(linear_before_reset):
    def states(given):
        wz, wr, wh = np.split(given["W"][0], 3)
        rz, rr, rh = np.split(given["R"][0], 3)
        wbz, wbr, wbh, rbz, rbr, rbh = np.split(given["B"][0], 6)

        def step(x, h):
            zt = sigmoid(x @ wz.T + h @ rz.T + wbz + rbz)
            rt = sigmoid(x @ wr.T + h @ rr.T + wbr + rbr)
            if linear_before_reset:
                ht = np.tanh(x @ wh.T + rt * (h @ rh.T + rbh) + wbh)
            else:
                ht = np.tanh(x @ wh.T + (rt * h) @ rh.T + rbh + wbh)
            return ((1 - zt) * ht + zt * h,)

        return over_time(step, "h")

    return states


def torch_shapes(gates):
    rows = gates * H
    return {"weight_ih_l0": (rows, INPUTS), "weight_hh_l0": (rows, H), "bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}


def keras_shapes(gates, *biases):
    return {"kernel": (INPUTS, gates * H), "recurrent_kernel": (H, gates * H), "bias": (*biases, gates * H)}


def onnx_shapes(gates):
    return {"W": (1, gates * H, INPUTS), "R": (1, gates * H, H), "B": (1, 2 * gates * H)}


# (system, our cell) -> the states from the system's arrays, the shapes that the documentation gives them, the options
REFERENCES = {
    ("PyTorch", "rnn"): (torch_states("RNN", nonlinearity="tanh"), torch_shapes(1), {"nonlinearity": "tanh"}),
    ("PyTorch", "rnn_relu"): (torch_states("RNN", nonlinearity="relu"), torch_shapes(1), {"nonlinearity": "relu"}),
    ("PyTorch", "gru_reset_after"): (torch_states("GRU"), torch_shapes(3), {}),
    ("PyTorch", "lstm"): (torch_states("LSTM"), torch_shapes(4), {}),
    ("Keras", "rnn"): (keras_rnn(np.tanh), keras_shapes(1), {}),
    ("Keras", "rnn_relu"): (keras_rnn(relu), keras_shapes(1), {"activation": "relu"}),
    ("Keras", "gru"): (keras_gru(reset_after=False), keras_shapes(3), {"reset_after": False}),
    ("Keras", "gru_reset_after"): (keras_gru(reset_after=True), keras_shapes(3, 2), {"reset_after": True}),
    ("Keras", "lstm"): (keras_lstm, keras_shapes(4), {}),
    ("ONNX", "rnn"): (onnx_rnn(np.tanh), onnx_shapes(1), {}),
    ("ONNX", "rnn_relu"): (onnx_rnn(relu), onnx_shapes(1), {"activations": ("Relu",)}),
    ("ONNX", "gru"): (onnx_gru(linear_before_reset=False), onnx_shapes(3), {"linear_before_reset": 0}),
    ("ONNX", "gru_reset_after"): (onnx_gru(linear_before_reset=True), onnx_shapes(3), {"linear_before_reset": 1}),
    ("ONNX", "lstm"): (onnx_lstm, onnx_shapes(4), {}),
    ("ONNX", "lstm_peephole"): (onnx_lstm, onnx_shapes(4) | {"P": (1, 3 * H)}, {}),
}
