"""Every update rule: its definition, its compiled form, its state and its settings."""

from __future__ import annotations

import re
import subprocess
import sys

import naive_optim
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules import RULES, label, penalised

from glove_adagrad import optim
from glove_adagrad.errors import InputError

ROWS, WIDTH = 6, 19


@pytest.fixture
def start():
    return np.random.default_rng(1).normal(size=(ROWS, WIDTH))


@pytest.fixture
def updates():
    """Hundreds of updates of a few rows each: noisy gradients of every size, some of them 0."""
    rng = np.random.default_rng(2)
    scale = 10 ** rng.uniform(-2, 1, size=WIDTH)
    found = []
    for _ in range(300):
        rows = rng.choice(ROWS, size=rng.integers(1, 4), replace=False)
        g = rng.normal(size=(len(rows), WIDTH)) * scale + 0.3
        found.append((rows, g * (rng.random(g.shape) < 0.9)))
    return found


def train(rule, w, updates):
    state = rule.init(w)
    for rows, g in updates:
        rule.update(w, g.astype(w.dtype), state, rows)
    return state


def compiled():
    """A kernel for one update of one row, and its like for the full-matrix rule."""
    from glove_adagrad.kernels import rules
    from glove_adagrad.kernels.jit import fast_kernel

    def one(step, i, row_index, now, w, g, state, row_state):
        norm = 0.0
        for k in range(w.shape[1]):
            norm += g[k] * g[k]
        rows, values = ((), row_state), (state, ())
        row, scalars = rules.begin(step, rules.get(rows, 1, row_index), now, norm)
        rules.put(rows, 1, row_index, row)
        w_i, width = w[i], w.shape[1]
        for k in range(width):
            w_i[k], value = rules.step(step, scalars, w_i[k], g[k], rules.get(values, 0, i * width + k))
            rules.put(values, 0, i * width + k, value)

    def full(step, i, row_index, now, w, g, state, row_state):
        rules.update_row(step, int(row_state[0][i]), w[i], g, state[0][i], state[1][i])
        row_state[0][i] += 1

    return fast_kernel(one), fast_kernel(full)


@pytest.fixture(scope="module")
def kernels():
    pytest.importorskip("numba")
    return compiled()


@pytest.mark.parametrize("rule", RULES, ids=label)
class TestEveryRule:
    def test_is_its_definition(self, rule, start, updates):
        expected = getattr(naive_optim, rule.name.replace("-", "_"))(rule.options(), start.copy(), updates)
        w = start.copy()
        rule.settle(w, train(rule, w, updates))
        assert np.allclose(w, expected, rtol=1e-9, atol=1e-12)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_compiled_is_the_same(self, rule, start, updates, kernels, dtype):
        # a row at a time here and there, as in training; where a float32 sum of signs wanders off 0, it does so twice
        singles = [(rows[k : k + 1], g[k : k + 1]) for rows, g in updates for k in range(len(rows))]
        reference, w = start.astype(dtype), start.astype(dtype)
        train(rule, reference, singles)

        state = rule.init(w)
        full = rule.name == "adagrad-full"
        if full and dtype == "float64":
            pytest.skip("training uses it in float32, and it takes long to compile")
        names = ("matrix", "inverse_root") if full else rule.slots
        per_value, per_row = tuple(state[s] for s in names), tuple(state[s] for s in rule.row_slots)
        per_value = per_value if full else tuple(values.reshape(-1) for values in per_value)
        step = rule.vector_settings()
        step = optim.as_float32(step) if dtype == "float32" else step
        for now, (rows, g) in enumerate(singles, 1):
            i = rows[0]
            kernels[full](step, i, 0 if rule.shared else i, float(now), w, g[0].astype(dtype), per_value, per_row)
        tolerance = {"float32": 2e-4, "float64": 1e-9}[dtype]
        assert w.dtype == dtype
        assert np.allclose(w, reference, rtol=tolerance, atol=tolerance)

    def test_finds_a_minimum(self, rule):
        goal = np.random.default_rng(3).normal(size=(3, 4))
        w = rule.minimize(lambda w: w - goal, np.zeros((3, 4)), steps=2000)
        assert np.abs(w - goal).max() < (0.9 if penalised(rule) else 0.35)
        assert np.square(w - goal).sum() < 0.3 * np.square(goal).sum()

    def test_first_gradients_of_zero_change_nothing(self, rule, start):
        w = start.copy()
        state = rule.init(w)
        rule.update(w, np.zeros_like(w), state)
        assert all(np.isfinite(array).all() for array in [w, *state.values()])
        assert penalised(rule) or np.allclose(w, start, rtol=1e-14)

    def test_rows_without_a_gradient_stay(self, rule, start):
        w = start.copy()
        rule.update(w, np.ones((2, WIDTH)), rule.init(w), np.array([4, 1]))
        moved = (w != start).any(axis=1)
        assert moved.tolist() == [False, True, False, False, True, False]

    def test_state_survives_save_and_load(self, rule, start, updates, tmp_path):
        whole = start.copy()
        train(rule, whole, updates[:40])

        w = start.copy()
        np.savez(tmp_path / "state.npz", w=w, **train(rule, w, updates[:20]))
        with np.load(tmp_path / "state.npz") as file:
            state = dict(file)
        w = state.pop("w")
        for rows, g in updates[20:40]:
            rule.update(w, g, state, rows)
        assert w.tobytes() == whole.tobytes()

    def test_float32_stays_float32(self, rule, start, updates):
        w = start.astype(np.float32)
        state = train(rule, w, updates[:3])
        assert {state[slot].dtype for slot in rule.slots} <= {np.dtype("float32")}

    def test_effective_rate_is_that_of_a_steady_gradient(self, rule):
        plain = type(rule)(**{k: 0.0 if k in ("l1", "l2", "weight_decay") else v for k, v in rule.options().items()})
        w, g = np.zeros((2, 3)), np.array([[0.1, 1, 10], [2, 0.2, 0.4]])
        if rule.name == "adagrad-full":
            g[:, 1:] = 0  # of the matrix, the effective rates are the diagonal
        state = plain.init(w)
        for _ in range(3000):
            before = w.copy()
            plain.update(w, g, state)
        expected = 2 * (before - w) if rule.name == "adagrad-da" else before - w  # of a quotient, whose divisor grows
        assert np.allclose(plain.effective_rate(state) * g, expected, rtol=5e-3)

    def test_options_rebuild_it(self, rule):
        assert optim.make(rule.name, **rule.options()) == rule
        assert optim.make(rule.name, **{k: str(v) for k, v in rule.options().items()}) == rule

    def test_rate_below_zero_is_refused(self, rule):
        with pytest.raises(InputError, match=f"{rule.name}: learning_rate = -0.1: expected a number above 0"):
            type(rule)(**{**rule.options(), "learning_rate": -0.1})

    def test_a_row_named_twice_is_refused(self, rule, start):
        with pytest.raises(InputError, match="twice"):
            rule.update(start, np.ones((2, WIDTH)), rule.init(start), np.array([1, 1]))


def test_every_rule_is_tested():
    assert {rule.name for rule in RULES} == set(optim.available())


class TestPublishedValues:
    def test_keras_adagrad(self):
        w = np.array([1.0, 2.0, 3.0, 4.0])
        rule = optim.make("adagrad", preset="keras", learning_rate=0.5)
        rule.update(w, np.array([1.0, 6.0, 7.0, 2.0]), rule.init(w))
        assert w.round(4).tolist() == [0.5233, 1.5007, 2.5005, 3.5061]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, [[-0.904534, -1.603567], [-0.094821, -0.189358]]),
            ({"l1": 0.001}, [[-0.895489, -1.59555], [-0.085339, -0.17989]]),
            ({"l1": 0.001, "l2": 2.0}, [[-0.046907, -0.093659], [-0.004275, -0.009023]]),
        ],
    )
    def test_tensorflow_adagrad_da(self, options, expected):
        w = np.zeros((2, 2))
        rule = optim.DualAveragingAdaGrad(learning_rate=3.0, initial_accumulator=0.1, **options)
        rule.update(w, np.array([[0.1, 0.2], [0.01, 0.02]]), rule.init(w))
        assert np.allclose(w, expected, atol=1e-6)


class TestIdentities:
    def test_stanford_is_adagrad_at_rate_1_one_step_late(self):
        """eta g / sqrt(1 + sum (eta g)^2), as Stanford's program steps, against the textbook's sums and rate 1."""
        eta, rng = 0.05, np.random.default_rng(5)
        stanford = optim.StanfordAdaGrad(learning_rate=eta)
        textbook = optim.AdaGrad(learning_rate=1.0, initial_accumulator=eta**-2, epsilon=0.0)
        w, late, theirs = np.zeros((3, 4, 5))
        accumulator = np.ones_like(theirs)
        state, textbook_state = stanford.init(w), textbook.init(late)
        for _ in range(200):
            g = 30 * rng.normal(size=w.shape)
            stanford.update(w, g, state)
            theirs -= eta * g / np.sqrt(accumulator)
            accumulator += (eta * g) ** 2
            late -= g * textbook.effective_rate(textbook_state)  # the rate of before this gradient
            textbook.update(np.zeros_like(late), g, textbook_state)
        assert np.allclose(w, theirs, rtol=1e-12)
        assert np.allclose(w, late, rtol=1e-12)
        assert np.allclose(state["sum_of_squares"], accumulator / eta**2)
        assert stanford.bias_start() == {"sum_of_squares": 1.0}

    def test_lazy_shrinkage_is_eager_shrinkage(self, start):
        rule = optim.MirrorDescentAdaGrad(learning_rate=0.3, l1=0.02, initial_accumulator=0.01)
        rng, eager, lazy = np.random.default_rng(6), start.copy(), start.copy()
        eager_state, lazy_state = rule.init(eager), rule.init(lazy)
        for _ in range(200):
            row = rng.integers(ROWS, size=1)
            g = np.zeros_like(eager)
            g[row] = rng.normal(size=(1, WIDTH))
            rule.update(eager, g, eager_state)
            rule.update(lazy, g[row], lazy_state, row)
        rule.settle(lazy, lazy_state)
        assert np.allclose(lazy, eager, rtol=1e-12, atol=1e-12)
        assert 0 < (eager == 0).mean() < 1
        assert ((eager == 0) == (lazy == 0)).all()

    @pytest.mark.parametrize("name", ["adagrad-l1", "adagrad-proximal", "adagrad-da"])
    def test_penalty_gives_exact_zeros(self, name):
        goal = np.array([[0.05, -0.05, 2.0, -3.0]])
        w = optim.make(name, learning_rate=0.5, l1=0.2).minimize(lambda w: w - goal, np.full((1, 4), 0.3), steps=2000)
        assert (w == 0).tolist() == [[True, True, False, False]]
        assert np.allclose(w[0, 2:], [1.8, -2.8], atol=0.05)

    def test_full_matrix_without_correlations_is_the_diagonal(self):
        w = np.ones((3, 4))
        full = optim.FullMatrixAdaGrad(learning_rate=0.5, initial_accumulator=0.1, refresh=1)
        diagonal = optim.AdaGrad(learning_rate=0.5, initial_accumulator=0.1, epsilon=0.0)
        goal = np.eye(3, 4)  # only one component a row has a gradient

        def gradient(w):
            return goal * w

        assert np.allclose(full.minimize(gradient, w, 30), diagonal.minimize(gradient, w, 30))

    def test_decay_and_penalties_spare_biases(self):
        for rule in RULES:
            spared = type(rule)(
                **{k: 0.0 if k in ("l1", "l2", "weight_decay") else v for k, v in rule.options().items()}
            )
            assert rule.bias_settings() == spared.bias_settings()


bounded = st.floats(-10, 10, allow_subnormal=False).map(lambda x: round(x, 3))
rounds = st.lists(st.lists(bounded, min_size=4, max_size=4), min_size=1, max_size=60)


class TestRegret:
    """Regret on random convex losses abs(a.w - b): the sum of g.(w_t - u) is at least as large, for any u."""

    def play(self, rule, losses, shape):
        w, points, gradients = np.zeros(shape), [], []
        state = rule.init(w)
        for *a, b in losses:
            g = np.sign(np.dot(a, w.ravel()) - b) * np.array(a)
            points.append(w.ravel().copy())
            gradients.append(g)
            rule.update(w, g.reshape(shape), state)
        points.append(w.ravel().copy())
        return np.array(points), np.array(gradients)

    def regret(self, losses, points, u):
        return sum(
            abs(np.dot(a, w) - b) - abs(np.dot(a, u) - b) for (*a, b), w in zip(losses, points[:-1], strict=True)
        )

    @settings(max_examples=150)
    @given(rounds, st.lists(bounded, min_size=3, max_size=3), st.floats(0.01, 10))
    def test_adagrad(self, losses, u, rate):
        """Duchi, Hazan, Singer 2011, theorem 5: (D^2 / (2 eta) + eta) sum_i norm(g_i), D in the largest norm."""
        epsilon = 1e-8
        points, gradients = self.play(optim.AdaGrad(learning_rate=rate, epsilon=epsilon), losses, (1, 3))
        diameter = np.abs(points - u).max()
        norms = np.sqrt(np.square(gradients).sum(axis=0)) + epsilon
        bound = (diameter**2 / (2 * rate) + rate) * norms.sum()
        assert self.regret(losses, points, u) <= bound * (1 + 1e-9) + 1e-9

    @settings(max_examples=150)
    @given(rounds, st.lists(bounded, min_size=3, max_size=3), st.floats(0.01, 10), st.sampled_from(["row", "model"]))
    def test_adagrad_norm(self, losses, u, rate, scope):
        """(D^2 / (2 eta) + eta) sqrt(b_0^2 + sum norm(g_t)^2), D in the Euclidean norm."""
        rule = optim.AdaGradNorm(learning_rate=rate, initial_accumulator=0.01, scope=scope)
        points, gradients = self.play(rule, losses, (1, 3) if scope == "row" else (3, 1))
        diameter = np.sqrt(np.square(points - u).sum(axis=1)).max()
        bound = (diameter**2 / (2 * rate) + rate) * np.sqrt(0.01 + np.square(gradients).sum())
        assert self.regret(losses, points, u) <= bound * (1 + 1e-9) + 1e-9


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("sgd", {"momentum": 1.0}, "momentum = 1.0"),
            ("rmsprop", {"rho": 1.5}, "rho = 1.5"),
            ("rmsprop", {"rho": -0.5}, "rho = -0.5"),
            ("adadelta", {"rho": float("nan")}, "rho = nan"),
            ("adam", {"beta1": 1.0}, "beta1 = 1.0"),
            ("adamax", {"beta2": "2"}, "beta2 = 2.0"),
            ("adagrad-textbook", {"epsilon": 0.0}, "epsilon = 0.0"),
            ("adagrad-textbook", {"epsilon": -1.0, "initial_accumulator": 2.0}, "epsilon = -1.0"),
            ("adagrad-l1", {"delta": 0.0, "initial_accumulator": 0.0}, "delta = 0.0"),
            ("adagrad-l1", {"l1": -1.0}, "l1 = -1.0"),
            ("adagrad-proximal", {"initial_accumulator": 0.0}, "initial_accumulator = 0.0"),
            ("adagrad-da", {"l2": "-1"}, "l2 = -1.0"),
            ("adagrad-norm", {"initial_accumulator": 0.0}, "initial_accumulator = 0.0"),
            ("adagrad-norm", {"scope": "word"}, "scope = word: expected row or model"),
            ("adagrad-full", {"initial_accumulator": 0.0}, "delta = 0.0"),
            ("adagrad-full", {"refresh": 0}, "refresh = 0"),
            *((name, {"epsilon": 0}, "epsilon = 0.0") for name in ("rmsprop", "adadelta", "adam", "amsgrad")),
            ("adam", {"learning_rate": "fast"}, "learning_rate = fast: expected a number"),
            ("adam", {"learning_rate": "inf"}, "learning_rate = inf"),
            ("adagrad-full", {"refresh": "2.5"}, "refresh = 2.5: expected a whole number"),
            ("adagrad-textbook", {"epsilon_inside": "maybe"}, "epsilon_inside = maybe: expected true or false"),
            ("adam", {"rho": 0.9}, "option 'rho' is not known; it has: learning_rate, beta1, beta2, epsilon"),
            ("adagrad", {"epsilon": 0.9}, "it has: learning_rate; preset=torch has more"),
            ("adagrad", {"preset": "jax"}, "expected one of: stanford, torch, keras, optax"),
            ("adamsky", {}, "choose one of: adagrad, "),
        ],
    )  # fmt: skip
    def test_refused_by_name(self, name, options, message):
        with pytest.raises(InputError, match=re.escape(message)) as error:
            optim.make(name, **options)
        assert "\n" not in str(error.value)

    def test_presets(self):
        assert optim.make("adagrad") == optim.make("adagrad", preset="stanford") == optim.StanfordAdaGrad()
        assert optim.make("adagrad", preset="torch") == optim.AdaGrad()
        keras = optim.make("adagrad", preset="keras", epsilon="1e-5")
        assert (keras.learning_rate, keras.epsilon, keras.epsilon_inside) == (0.001, 1e-5, True)

    @pytest.mark.parametrize(("rows", "width", "message"), [(1, 129, "at most 128"), (60_000, 120, "GiB")])
    def test_full_matrix_refuses_what_it_cannot_hold(self, rows, width, message):
        w = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (rows, width), (0, 0))
        with pytest.raises(InputError, match=message):
            optim.FullMatrixAdaGrad().init(w)

    @pytest.mark.parametrize("w", [np.zeros(3, int), np.array(1.0)])
    def test_parameters_are_rows_of_floats(self, w):
        with pytest.raises(InputError, match="float"):
            optim.make("sgd").init(w)

    def test_gradient_has_the_rows_shape(self, start):
        rule = optim.make("sgd")
        with pytest.raises(InputError, match="expected \\(2, 19\\)"):
            rule.update(start, np.ones((3, WIDTH)), rule.init(start), np.array([0, 1]))

    def test_nothing_compiled_is_loaded(self):
        code = "import sys, glove_adagrad.optim; sys.exit('numba' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
