"""How the figures are read: for each page what the axes and the marks are; what is measured; what it does not say."""

from __future__ import annotations

GENERAL = {
    "The cells": "RNN, LSTM and GRU read the same sequence, one step at a time. Each cell has its colour, its dash and "
    "its marker, the same on every page, and they stand in that order.",
    "A gradient": "How much a small change of the state that a cell hands on after a step would move L, the sum of the "
    "last h. That state is h; in an LSTM it is h and c together. A gradient is no memory: it says how much learning "
    "would feel that step.",
    "Reach": "How many steps back the gradient still has 1 % of the last step's norm, both ends counted.",
    "Random weights": "Drawn from the seed, before any learning. With them no gate opens because of a letter; what is "
    "seen follows from the sizes of the weights and the biases.",
    "Hand-set weights": "Chosen by a person so that a cell does one task, such as counting brackets. Nothing was "
    "learned.",
    "Logarithmic scale": "The lines of the grid are powers of ten: 10⁻³ is a thousandth. On a straight line "
    "each step has the same factor.",
}
FIGURES: dict[str, dict[str, str]] = {
    "contrast": {
        "Gradient": "To the right the steps, each named by what the cell reads there; upwards the norm of the gradient "
        "on a logarithmic scale. Read it from right to left: that is the way the gradient goes. A marker stands at the "
        "farthest step with 1 % of the last step's norm. With 200 seeds: shade where 80 % of the seeds lie, thin line "
        "their median.",
        "Hidden states": "A row for each unit, a column for each step. Colour is the value: purple below 0, orange "
        "above, that of the page at 0. Below 0 only the lower half is filled.",
        "Difference": "Two runs, one with a part of the sequence replaced. Upwards how far apart their h are, as a "
        "share of the largest distance. It starts where the replacement does.",
    },
    "step": {
        "Diagram": "One step of each cell. A wire is a vector; its number is that of the unit in view. A gate is drawn "
        "as open as its value. Any number can be clicked or tapped: it is the sum that is then shown.",
        "History": "The same values at all steps, the cursor at the one in view. Backward the numbers are gradients.",
    },
    "gates": {
        "All units": "A row for each unit of each gate, a column for each step: the fuller the colour the more open, "
        "from 0 (shut) to 1 (open). Gates that play the same part have the same colour: f and 1 − z keep the old "
        "state, i and z write the new.",
        "Single units": "The same values as lines, from 0 to 1.",
        "Shut and open": "A panel for each gate, a mark for each unit: to the right the share of steps at which it is "
        "below 0.1, upwards the share above 0.9. Several units at one place share a mark.",
        "Half-life": "A mark for each unit, a bar at the median: after how many steps the product of a gate that keeps "
        "falls to a half. That is the direct path alone.",
    },
    "trajectories": {
        "Paths": "Each point is a whole state, seen in the two directions in which the states vary most. The ring "
        "is the start, h = 0, the diamond the end; colour is time.",
        "Two sequences": "The same with a second run in which a part was replaced.",
        "Phase portrait": "With two units the two axes are the units themselves. An arrow points where one step "
        "leads when the input stays the same. Marks: fixed points, from which it does not move.",
    },
    "gradients": {
        "Norms": "As on Contrast. Thin and solid: the direct path only, neither an upper nor a lower bound. Thin and "
        "dashed: bounds, above which no gradient lies.",
        "Saliency": "A row for each cell: how much a small change of each input would move the framed step's h, as a "
        "share of the row's largest.",
        "What if": "A map of one cell: each place is a run with another recurrent gain and other biases of the gates, "
        "the same seed and sequence; colour is the reach. The ring is this experiment.",
        "Four gains": "Norms again, with four recurrent gains, at 32 units; one axis for all four.",
        "Spectra": "The eigenvalues of each step's Jacobian beside the unit circle: inside it a direction shrinks, "
        "outside it grows. Below, the largest factor by which each step stretches any gradient.",
        "Horizon map": "Row t, column s: how much the state after step s still moves h at step t. The line shows how "
        "far back each row reaches.",
        "Memory without gradient": "What a hand-set unit holds, and what is left of its gradient, on one axis.",
    },
    "compare": {
        "What is left": "Each point is a cell at one setting of its gates. To the right the share of the first "
        "step's difference that is left in h, upwards the steps that h takes for 90 % of a change.",
        "Costs": "Parameters and multiplications are counted from the equations, times measured on this server.",
    },
    "equations": {
        "Formulas and diagram": "The same lines, once written and once drawn. ⊙ multiplies unit by unit.",
        "Conventions": "To the right the steps, upwards how far the states move when one convention is read the other "
        "way.",
    },
}
MISCONCEPTIONS = {
    "“LSTMs don't vanish”": "At half-open gates they do: lesson 2.",
    "“The product of f is the gradient”": "It is the direct path only; h carries a part of it, too.",
    "“A spectral radius above 1 explodes”": "It need not, and with tanh a smaller one may: necessary is only a largest "
    "singular value above 1. Measured slopes decide.",
    "“z = 1 keeps”": "Here z writes; PyTorch's z keeps. Equations shows both.",
    "“States lie between −1 and 1”": "h does; the LSTM's c does not.",
    "“Saturation is bad”": "A gate at 1 is memory; a state at ±1 has a dead gradient.",
    "“A zero gradient means forgotten”": "Two units hold a sign to the end while the gradient at it is 10⁻⁶¹ of "
    "the last step's: lesson 7.",
    "“h is the LSTM's memory”": "c is; h is what it shows of it.",
    "“A small gradient means no learning”": "Only the long-range part is lost.",
}
