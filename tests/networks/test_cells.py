"""One step of each cell and the loop over time, compared with equations in NumPy, and their gradients."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.networks.keras_backend._cells import ACTIVATIONS, CELLS, SLOPES, sigmoid

UNITS = 3
IN_NUMPY = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "linear": lambda x: x,
}
every_activation = pytest.mark.parametrize("activation", IN_NUMPY)
every_cell = pytest.mark.parametrize("cell", CELLS)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def draw_step(cell):
    """Return the projected input and the recurrent product of all gates, and each part of the state: (2, .) each."""
    shapes = [(2, len(cell.record.gates) * UNITS)] * 2 + [(2, UNITS)] * cell.n_states
    return [tf.constant(draw(*shape, seed=seed)) for seed, shape in enumerate(shapes)]


def draw_loop(cell, *, constant):
    """Return the projected input of two branches, their recurrent kernels and biases, and the mask of four lengths."""
    width = len(cell.record.gates) * UNITS
    projected = draw(2, 4, width) if constant else draw(5, 2, 4, width)
    mask = np.arange(5) < np.array([5, 2, 0, 3])[:, None]
    arrays = projected, draw(2, UNITS, width, seed=1) / 2, draw(2, width, seed=2)
    return [tf.constant(array) for array in arrays], tf.constant(mask.astype(np.float64))


def step(cell, projected, recurrent, state, activation):
    return cell.step(projected, recurrent, state, activation)


def numeric_gradient(function, arguments, step=1e-6):
    """Return central differences of a function of several arrays, one array of derivatives for each."""
    gradients = []
    for k, argument in enumerate(arguments):
        gradient = np.zeros(argument.shape)
        for index in np.ndindex(*argument.shape):
            shift = np.zeros(argument.shape)
            shift[index] = step
            above, below = ([*arguments[:k], argument + s, *arguments[k + 1 :]] for s in (shift, -shift))
            gradient[index] = (function(*above) - function(*below)) / (2 * step)
        gradients.append(gradient)
    return gradients


@every_activation
def test_activations_equal_numpy(activation):
    x = np.linspace(-4, 4, 33)
    assert_allclose(ACTIVATIONS[activation](tf.constant(x)), IN_NUMPY[activation](x), rtol=1e-12, atol=1e-15)


@every_activation
def test_slopes_are_the_derivatives_of_the_activations(activation):
    x, phi = np.linspace(-4, 4, 34), IN_NUMPY[activation]
    numeric = (phi(x + 1e-6) - phi(x - 1e-6)) / 2e-6
    assert_allclose(SLOPES[activation](tf.constant(phi(x))), numeric, rtol=1e-7, atol=1e-8)


def test_gates_saturate_exactly_without_overflow():
    assert_array_equal(sigmoid(tf.constant([-1e30, 0.0, 1e30])), np.array([0.0, 0.5, 1.0], np.float32))


@every_activation
def test_lstm_steps_equal_the_equations(activation):
    projected, recurrent, h, c = draw_step(CELLS["lstm"])
    i, f, g, o = np.split(projected.numpy() + recurrent.numpy(), 4, axis=1)
    gate, phi = IN_NUMPY["sigmoid"], IN_NUMPY[activation]
    expected_c = gate(f) * c + gate(i) * phi(g)
    (got_h, got_c), _ = step(CELLS["lstm"], projected, recurrent, (h, c), activation)
    assert_allclose(got_c, expected_c, rtol=1e-12)
    assert_allclose(got_h, gate(o) * phi(expected_c), rtol=1e-12)


@every_activation
def test_gru_steps_equal_the_equations(activation):
    projected, recurrent, h = draw_step(CELLS["gru"])
    x_z, x_r, x_n = np.split(projected.numpy(), 3, axis=1)
    h_z, h_r, h_n = np.split(recurrent.numpy(), 3, axis=1)
    gate, phi = IN_NUMPY["sigmoid"], IN_NUMPY[activation]
    z = gate(x_z + h_z)
    n = phi(x_n + gate(x_r + h_r) * h_n)
    ((got_h,), _) = step(CELLS["gru"], projected, recurrent, (h,), activation)
    assert_allclose(got_h, z * h + (1 - z) * n, rtol=1e-12)


@every_activation
def test_simple_rnn_steps_equal_the_equation(activation):
    projected, recurrent, h = draw_step(CELLS["rnn"])
    ((got_h,), _) = step(CELLS["rnn"], projected, recurrent, (h,), activation)
    assert_allclose(got_h, IN_NUMPY[activation](projected.numpy() + recurrent.numpy()), rtol=1e-12)


@every_activation
@every_cell
def test_step_gradients_equal_central_differences(cell, activation):
    cell = CELLS[cell]
    arguments = draw_step(cell)
    upstream = [tf.constant(draw(2, UNITS, seed=9 + i)) for i in range(cell.n_states)]

    def objective(projected, recurrent, *state):
        after, _ = step(cell, projected, recurrent, state, activation)
        return sum(tf.reduce_sum(d * s) for d, s in zip(upstream, after, strict=True)).numpy()

    state = tuple(arguments[2:])
    after, saved = step(cell, *arguments[:2], state, activation)
    slopes = cell.slopes(*saved, state, after, activation)
    d_projected, d_recurrent, d_state = cell.pull_back(slopes, tuple(upstream))
    for got, expected in zip([d_projected, d_recurrent, *d_state], numeric_gradient(objective, arguments), strict=True):
        assert_allclose(got, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("masked", [True, False])
@every_cell
def test_the_loop_equals_consecutive_steps(cell, masked):
    cell = CELLS[cell]
    (projected, U, bias), mask = draw_loop(cell, constant=False)
    state = start = tuple(tf.constant(draw(2, 4, UNITS, seed=20 + i)) for i in range(cell.n_states))
    expected = []
    for t in range(5):
        state, _ = step(cell, projected[t], state[0] @ U + bias[:, None], state, "tanh")
        state = tuple(s * mask[:, t, None] for s in state) if masked else state
        expected.append(state)
    options = {"activation": "tanh", "masked": masked, "differentiable": False, "initial_state": start}
    got = cell.recur(projected, U, bias, mask, **options, every_state=True)
    assert_allclose(got, [np.stack(part) for part in zip(*expected, strict=True)], rtol=1e-12, atol=1e-15)
    (h,) = cell.recur(projected, U, bias, mask, **options)
    assert_array_equal(h, got[0])


@every_cell
def test_the_default_initial_state_is_zero(cell):
    arguments, mask = draw_loop(CELLS[cell], constant=False)
    zeros = CELLS[cell].zero_state((2, 4, UNITS), tf.float64)
    options = {"activation": "tanh", "masked": False, "differentiable": True}
    assert_array_equal(
        CELLS[cell].recur(*arguments, mask, **options),
        CELLS[cell].recur(*arguments, mask, initial_state=zeros, **options),
    )


@every_cell
def test_masked_states_are_zero_on_padding(cell):
    arguments, mask = draw_loop(CELLS[cell], constant=False)
    h = CELLS[cell].recur(*arguments, mask, activation="relu", masked=True, differentiable=False)[0].numpy()
    is_real = mask.numpy().T == 1
    for branch in np.moveaxis(h, 1, 0):
        assert (branch[~is_real] == 0).all()
        assert branch[is_real].any()


@every_cell
def test_inputs_without_a_time_axis_equal_repeated_inputs(cell):
    (projected, *rest), mask = draw_loop(CELLS[cell], constant=True)
    repeated = tf.repeat(projected[None], 5, axis=0)
    options = {"activation": "tanh", "masked": False, "differentiable": True}
    assert_array_equal(
        CELLS[cell].recur(projected, *rest, mask, **options), CELLS[cell].recur(repeated, *rest, mask, **options)
    )


@pytest.mark.parametrize("masked", [True, False])
@every_cell
def test_states_do_not_depend_on_whether_the_gradient_is_needed(cell, masked):
    arguments, mask = draw_loop(CELLS[cell], constant=False)
    with_gradient, without_gradient = (
        CELLS[cell].recur(*arguments, mask, activation="relu", masked=masked, differentiable=differentiable)
        for differentiable in (True, False)
    )
    assert_array_equal(with_gradient, without_gradient)


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "in time"])
@pytest.mark.parametrize("masked", [True, False], ids=["masked", "unmasked"])
@every_activation
@every_cell
def test_the_hand_written_gradient_equals_the_automatic_one(cell, activation, masked, constant):
    """With `differentiable=False`, TensorFlow differentiates its own loop."""
    cell = CELLS[cell]
    arguments, mask = draw_loop(cell, constant=constant)
    state = tuple(tf.constant(draw(2, 4, UNITS, seed=20 + i)) for i in range(cell.n_states))
    upstream = [tf.constant(draw(5, 2, 4, UNITS, seed=9 + i)) for i in range(cell.n_states)]
    gradients = []
    for by_hand, every_state in [(True, False), (False, False), (True, True), (False, True)]:
        with tf.GradientTape() as tape:
            tape.watch([*arguments, *state])
            options = {"activation": activation, "masked": masked, "differentiable": by_hand}
            histories = cell.recur(*arguments, mask, initial_state=state, every_state=every_state, **options)
            objective = tf.add_n([tf.reduce_sum(u * h) for u, h in zip(upstream, histories, strict=False)])
        gradients.append(tape.gradient(objective, [*arguments, *state]))
    for by_hand, automatic in [*zip(*gradients[:2], strict=True), *zip(*gradients[2:], strict=True)]:
        assert_allclose(by_hand, automatic, rtol=1e-9, atol=1e-11)
