"""The update rules once more, straight from their definitions, for `test_optim`: one function a rule, float64, slow.

Each takes the settings, a first parameter matrix and a list of (rows, gradients of these rows), and returns the
parameters after the last. Nothing is shared with `glove_adagrad.optim`, and powers are powers.
"""

from __future__ import annotations

import numpy as np


def soft(z, threshold):
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0)


def sgd(o, w, updates):
    v = np.zeros_like(w)
    for rows, g in updates:
        v[rows] = o["momentum"] * v[rows] + g
        w[rows] -= o["learning_rate"] * v[rows]
    return w


def adagrad(o, w, updates):
    s = np.ones_like(w)
    for rows, g in updates:
        w[rows] -= o["learning_rate"] * g / np.sqrt(s[rows])
        s[rows] += (o["learning_rate"] * g) ** 2
    return w


def adagrad_textbook(o, w, updates):
    s, t = np.full_like(w, o["initial_accumulator"]), np.zeros((len(w), 1))
    for rows, gradient in updates:
        t[rows] += 1
        rate = o["learning_rate"] / (1 + (t[rows] - 1) * o["lr_decay"])
        g = gradient + o["weight_decay"] * w[rows]
        s[rows] += g**2
        if o["epsilon_inside"]:
            w[rows] -= rate * g / np.sqrt(s[rows] + o["epsilon"])
        else:
            w[rows] -= rate * g / (np.sqrt(s[rows]) + o["epsilon"])
    return w


def adagrad_full(o, w, updates):
    d = w.shape[1]
    s = [o["initial_accumulator"] * np.eye(d) for _ in w]
    stale, t = [np.zeros((d, d)) for _ in w], np.zeros(len(w), int)
    for rows, gradients in updates:
        for row, g in zip(rows, gradients, strict=True):
            s[row] = s[row] + np.outer(g, g)
            if t[row] % o["refresh"] == 0:
                values, vectors = np.linalg.eigh(s[row])
                root = vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
                stale[row] = np.linalg.inv(o["delta"] * np.eye(d) + root)
            t[row] += 1
            w[row] -= o["learning_rate"] * stale[row] @ g
    return w


def adagrad_norm(o, w, updates):
    squares = np.full((len(w), 1), o["initial_accumulator"])
    for rows, g in updates:
        norm = np.sum(g**2, axis=1, keepdims=True)
        if o["scope"] == "model":
            squares += norm.sum()
        else:
            squares[rows] += norm
        w[rows] -= o["learning_rate"] / np.sqrt(squares[rows]) * g
    return w


def adagrad_l1(o, w, updates):
    """Eagerly: every update shrinks every row."""
    s = np.full_like(w, o["initial_accumulator"])
    for rows, gradient in updates:
        g = np.zeros_like(w)
        g[rows] = gradient
        s += g**2
        h = o["delta"] + np.sqrt(s)
        w = soft(w - o["learning_rate"] * g / h, o["learning_rate"] * o["l1"] / h)
    return w


def adagrad_proximal(o, w, updates):
    s = np.full_like(w, o["initial_accumulator"])
    for rows, g in updates:
        s[rows] += g**2
        e = o["learning_rate"] / np.sqrt(s[rows])
        w[rows] = soft(w[rows] - e * g, e * o["l1"]) / (1 + e * o["l2"])
    return w


def adagrad_da(o, w, updates):
    eta, s = o["learning_rate"], np.full_like(w, o["initial_accumulator"])
    total, t = -w * np.sqrt(s) / eta, np.zeros((len(w), 1))
    for rows, g in updates:
        total[rows] += g
        s[rows] += g**2
        t[rows] += 1
        divisor = o["l2"] * t[rows] * eta + np.sqrt(s[rows])
        w[rows] = -eta * soft(total[rows], o["l1"] * t[rows]) / divisor
    return w


def rmsprop(o, w, updates):
    s = np.zeros_like(w)
    for rows, g in updates:
        s[rows] = o["rho"] * s[rows] + (1 - o["rho"]) * g**2
        w[rows] -= o["learning_rate"] * g / (np.sqrt(s[rows]) + o["epsilon"])
    return w


def adadelta(o, w, updates):
    s, x = np.zeros_like(w), np.zeros_like(w)
    for rows, g in updates:
        s[rows] = o["rho"] * s[rows] + (1 - o["rho"]) * g**2
        u = np.sqrt(x[rows] + o["epsilon"]) / np.sqrt(s[rows] + o["epsilon"]) * g
        x[rows] = o["rho"] * x[rows] + (1 - o["rho"]) * u**2
        w[rows] -= o["learning_rate"] * u
    return w


def adam(o, w, updates, decay=0.0, keep_largest=False):
    m, v, largest, t = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w), np.zeros((len(w), 1))
    for rows, g in updates:
        t[rows] += 1
        m[rows] = o["beta1"] * m[rows] + (1 - o["beta1"]) * g
        v[rows] = o["beta2"] * v[rows] + (1 - o["beta2"]) * g**2
        largest[rows] = np.maximum(largest[rows], v[rows])
        squares = largest[rows] if keep_largest else v[rows]
        mean, squares = m[rows] / (1 - o["beta1"] ** t[rows]), squares / (1 - o["beta2"] ** t[rows])
        w[rows] -= o["learning_rate"] * (mean / (np.sqrt(squares) + o["epsilon"]) + decay * w[rows])
    return w


def adamw(o, w, updates):
    return adam(o, w, updates, decay=o["weight_decay"])


def amsgrad(o, w, updates):
    return adam(o, w, updates, keep_largest=True)


def adamax(o, w, updates):
    m, u, t = np.zeros_like(w), np.zeros_like(w), np.zeros((len(w), 1))
    for rows, g in updates:
        t[rows] += 1
        m[rows] = o["beta1"] * m[rows] + (1 - o["beta1"]) * g
        u[rows] = np.maximum(o["beta2"] * u[rows], np.abs(g) + o["epsilon"])
        w[rows] -= o["learning_rate"] / (1 - o["beta1"] ** t[rows]) * m[rows] / u[rows]
    return w
