"""The recurrent layer, compared with NumPy, with the stock Keras layer and with central differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from skseqae.networks._cells import CELLS
from skseqae.networks.keras_backend._layers import FreeRunning, GateBias, Recurrent, last_real, reverse_real

LENGTHS = np.array([4, 2, 1, 0])
UNITS, N_FEATURES, N_TIMESTEPS = 3, 2, 5
STOCK = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
every_cell = pytest.mark.parametrize("cell", CELLS)
every_activation = pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
every_direction = pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
every_output = pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequence"])
directions_and_outputs = pytest.mark.parametrize(
    ("bidirectional", "sequences"), [(False, True), (True, False)], ids=["forward, sequence", "bidirectional, last"]
)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def mask_for(lengths=LENGTHS, n_timesteps=N_TIMESTEPS):
    return (np.arange(n_timesteps) < lengths[:, None]).astype(np.float32)


def make_layer(n_features=N_FEATURES, *, seed=0, **options):
    """Return a layer with known weights."""
    layer = Recurrent(UNITS, **options)
    layer.build((None, None, n_features))
    layer.set_weights([draw(*weight.shape, seed=seed + i) / 2 for i, weight in enumerate(layer.weights)])
    return layer


def gradients_of(layer, x, mask, upstream):
    """Return the gradients of the input and of each weight."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        objective = tf.reduce_sum(upstream * layer(x, mask=tf.constant(mask), training=True))
    gradients = tape.gradient(objective, [x, *(weight.value for weight in layer.weights)], unconnected_gradients="zero")
    return [g.numpy() for g in gradients]


def upstream_of(layer, mask, seed=7):
    """Return random gradients of the output, which are zero on padding."""
    width = UNITS * layer.n_branches
    if not layer.return_sequences:
        return draw(len(mask), width, seed=seed).astype(layer.dtype)
    return (draw(*mask.shape, width, seed=seed) * mask[:, :, None]).astype(layer.dtype)


# --- comparison with NumPy --------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(x, kernel, recurrent_kernel, bias):
    """Return h after each timestep of one sequence."""
    h = c = np.zeros(UNITS)
    states = []
    for x_t in x:
        i, f, g, o = np.split(x_t @ kernel + h @ recurrent_kernel + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


def gru_by_hand(x, kernel, recurrent_kernel, bias):
    """Return h after each timestep of one sequence."""
    h = np.zeros(UNITS)
    states = []
    for x_t in x:
        x_z, x_r, x_n = np.split(x_t @ kernel + bias[0], 3)
        h_z, h_r, h_n = np.split(h @ recurrent_kernel + bias[1], 3)
        z = sigmoid(x_z + h_z)
        n = np.tanh(x_n + sigmoid(x_r + h_r) * h_n)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.array(states)


def rnn_by_hand(x, kernel, recurrent_kernel, bias):
    h, states = np.zeros(UNITS), []
    for step in x:
        h = np.tanh(step @ kernel + h @ recurrent_kernel + bias)
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize(("cell", "by_hand"), [("lstm", lstm_by_hand), ("gru", gru_by_hand), ("rnn", rnn_by_hand)])
def test_layers_equal_numpy(cell, by_hand):
    layer = make_layer(cell=cell, return_sequences=True, dtype="float64")
    x = draw(4, N_TIMESTEPS, N_FEATURES, seed=5)
    got = layer(x, mask=mask_for()).numpy()
    for row, length in enumerate(LENGTHS):
        expected = by_hand(x[row, :length], *layer.get_weights())
        assert_allclose(got[row, :length], expected.reshape(-1, UNITS), rtol=1e-12)


@every_cell
def test_the_last_output_is_that_of_the_last_real_timestep(cell):
    every = make_layer(cell=cell, return_sequences=True)
    last = make_layer(cell=cell, return_sequences=False)
    x = draw(4, N_TIMESTEPS, N_FEATURES).astype(np.float32)
    states, got = every(x, mask=mask_for()).numpy(), last(x, mask=mask_for()).numpy()
    for row, length in enumerate(LENGTHS[:3]):
        assert_array_equal(got[row], states[row, length - 1])
    assert_array_equal(got[3], np.zeros(UNITS))


def test_the_backward_direction_starts_at_the_last_real_timestep():
    both = make_layer(bidirectional=True, dtype="float64")
    x = draw(4, N_TIMESTEPS, N_FEATURES, seed=5)
    got = both(x, mask=mask_for()).numpy()
    backward_weights = both.get_weights()[3:]
    for row, length in enumerate(LENGTHS[:3]):
        assert_allclose(got[row, UNITS:], lstm_by_hand(x[row, :length][::-1], *backward_weights)[-1], rtol=1e-12)


def test_the_last_real_timestep_of_an_empty_sequence_is_zero():
    x = draw(4, N_TIMESTEPS, 2)
    assert_array_equal(last_real(tf.constant(x), mask_for()), [x[0, 3], x[1, 1], x[2, 0], [0, 0]])


def test_reversing_keeps_padding_at_the_end():
    x = draw(4, N_TIMESTEPS, 2)
    expected = x.copy()
    for row, length in enumerate(LENGTHS):
        expected[row, :length] = x[row, :length][::-1]
    assert_array_equal(reverse_real(tf.constant(x), mask_for()), expected)


class MaskRecorder(keras.layers.Layer):
    """Returns its input, and records its mask."""

    def call(self, x, mask=None):
        self.mask = mask
        return x


@every_cell
def test_the_last_output_has_no_mask(cell):
    """It has no time axis; a layer after it, such as a custom decoder, would apply the mask to its own timesteps."""
    x, mask, recorder = keras.Input((None, N_FEATURES)), keras.Input((None,)), MaskRecorder()
    model = keras.Model([x, mask], recorder(Recurrent(UNITS, cell=cell)(x, mask=mask)))
    model([draw(4, N_TIMESTEPS, N_FEATURES), mask_for()])
    assert recorder.mask is None


def test_gate_biases_are_one_constant_per_gate():
    assert_array_equal(GateBias((0.0, 1.0, 0.0, 0.0))((8,)), [0, 0, 1, 1, 0, 0, 0, 0])


# --- comparison with Keras --------------------------------------------------------------------------------------------


@every_output
@every_direction
@every_activation
@every_cell
def test_outputs_and_gradients_equal_those_of_the_stock_layer(cell, activation, bidirectional, sequences):
    options = {"activation": activation, "return_sequences": sequences}
    layer = make_layer(cell=cell, bidirectional=bidirectional, **options)
    stock = STOCK[cell](UNITS, **options)
    stock = keras.layers.Bidirectional(stock) if bidirectional else stock
    stock.build((None, None, N_FEATURES))
    stock.set_weights(layer.get_weights())

    x, mask = draw(4, N_TIMESTEPS, N_FEATURES, seed=5).astype(np.float32), mask_for()
    real = mask[:, :, None] if sequences else 1.0
    expected = stock(x, mask=mask.astype(bool)) * real
    assert_allclose(layer(x, mask=mask) * real, expected, rtol=1e-6, atol=1e-6)

    upstream = upstream_of(layer, mask)
    with tf.GradientTape() as tape:
        x = tf.constant(x)
        tape.watch(x)
        objective = tf.reduce_sum(upstream * stock(x, mask=mask.astype(bool)))
    expected = tape.gradient(objective, [x, *(weight.value for weight in stock.weights)])
    for gradient, stock_gradient in zip(gradients_of(layer, x, mask, upstream), expected, strict=True):
        assert_allclose(gradient, stock_gradient, rtol=1e-5, atol=1e-5)


# --- gradients --------------------------------------------------------------------------------------------------------


def assert_gradients_equal_central_differences(layer, x, mask, step=1e-6):
    """Compare along one random direction of the input and of each weight, to which all entries contribute."""
    weights, upstream = layer.get_weights(), upstream_of(layer, mask)

    def objective(x, *weights):
        layer.set_weights(weights)
        return tf.reduce_sum(upstream * layer(x, mask=mask, training=True)).numpy()

    arguments = [x, *weights]
    for k, gradient in enumerate(gradients_of(layer, x, mask, upstream)):
        direction = draw(*gradient.shape, seed=20 + k)
        above, below = (
            objective(*arguments[:k], arguments[k] + shift, *arguments[k + 1 :])
            for shift in (step * direction, -step * direction)
        )
        assert_allclose(np.sum(gradient * direction), (above - below) / (2 * step), rtol=1e-6, atol=1e-7)


@directions_and_outputs
@every_activation
@every_cell
def test_gradients_equal_central_differences(cell, activation, bidirectional, sequences):
    layer = make_layer(
        cell=cell, activation=activation, bidirectional=bidirectional, return_sequences=sequences, dtype="float64"
    )
    x, mask = draw(4, N_TIMESTEPS, N_FEATURES, seed=5), mask_for().astype(np.float64)
    assert_gradients_equal_central_differences(layer, x, mask)


@every_activation
@every_cell
def test_gradients_of_inputs_without_a_time_axis_equal_central_differences(cell, activation):
    layer = make_layer(cell=cell, activation=activation, return_sequences=True, dtype="float64")
    assert_gradients_equal_central_differences(layer, draw(4, N_FEATURES, seed=5), mask_for().astype(np.float64))


@every_direction
@every_cell
def test_inputs_without_a_time_axis_equal_repeated_inputs(cell, bidirectional):
    layer = make_layer(cell=cell, bidirectional=bidirectional, return_sequences=True, dtype="float64")
    x, mask = draw(4, N_FEATURES, seed=5), mask_for()
    repeated = np.repeat(x[:, None], N_TIMESTEPS, axis=1)
    assert_allclose(layer(x, mask=mask), layer(repeated, mask=mask), rtol=1e-12, atol=1e-15)


@directions_and_outputs
@every_activation
@every_cell
def test_padding_affects_neither_states_nor_gradients(cell, activation, bidirectional, sequences):
    layer = make_layer(cell=cell, activation=activation, bidirectional=bidirectional, return_sequences=sequences)
    x, mask = draw(4, N_TIMESTEPS, N_FEATURES, seed=5).astype(np.float32), mask_for()
    real = mask[:, :, None]
    rubbish = x * real + 1e6 * (1 - real)
    real_outputs = mask > 0 if sequences else slice(None)
    assert_array_equal(layer(rubbish, mask=mask).numpy()[real_outputs], layer(x, mask=mask).numpy()[real_outputs])

    upstream = upstream_of(layer, mask)
    d_x, *d_weights = gradients_of(layer, x, mask, upstream)
    d_rubbish, *d_weights_of_rubbish = gradients_of(layer, rubbish, mask, upstream)
    assert_array_equal(d_x[mask == 0], 0)
    assert_array_equal(d_rubbish, d_x)
    for got, expected in zip(d_weights_of_rubbish, d_weights, strict=True):
        assert_array_equal(got, expected)


def make_growing_layer(cell, **options):
    """Return a layer whose state grows by a large factor at each timestep."""
    layer = make_layer(cell=cell, **options)
    kernel, recurrent_kernel, bias = (np.abs(weight) for weight in layer.get_weights())
    if cell == "gru":
        recurrent_kernel[:, :UNITS] *= -1  # the update gate opens as the state grows
    layer.set_weights([kernel, 30 * recurrent_kernel, bias])
    return layer


@every_output
@pytest.mark.parametrize("activation", ["relu", "linear"])
@every_cell
def test_gradients_are_finite_if_the_state_would_overflow_on_padding(cell, activation, sequences):
    """A decoder reads the encoding at each timestep, so that its state may grow through the padding."""
    layer = make_growing_layer(cell, activation=activation, return_sequences=sequences)
    x, n_timesteps = np.ones((2, N_FEATURES), np.float32), 60
    to_the_end = layer(x, mask=mask_for(np.array([n_timesteps] * 2), n_timesteps))
    assert not np.isfinite(to_the_end).all()

    mask = mask_for(np.array([4, 2]), n_timesteps)
    assert np.isfinite(layer(x, mask=mask)).all()
    for gradient in gradients_of(layer, x, mask, upstream_of(layer, mask)):
        assert np.isfinite(gradient).all()
        assert gradient.any()


# --- dropout ----------------------------------------------------------------------------------------------------------


def memoryless_layer(dropout=0.5):
    """Return a GRU without memory, whose state at each timestep is the hyperbolic tangent of its input."""
    layer = Recurrent(8, cell="gru", return_sequences=True, dropout=dropout)
    layer.build((None, None, 8))
    kernel, bias = np.zeros((8, 24)), np.zeros((2, 24))
    kernel[:, 16:] = np.eye(8)
    bias[0, :8] = -1e9  # the update gate is closed
    layer.set_weights([kernel, np.zeros((8, 24)), bias])
    return layer


def dropped(layer, seed, *, x=None, training=True):
    """Return the inputs after dropout, (4, N_TIMESTEPS, 8)."""
    layer.seed_generator.state.assign([seed, 0])
    x = np.full((4, N_TIMESTEPS, 8), 0.1, np.float32) if x is None else x
    return np.arctanh(layer(x, mask=mask_for(np.array([N_TIMESTEPS] * 4)), training=training))


def test_dropout_is_constant_within_a_sequence_and_differs_between_sequences():
    inputs = dropped(memoryless_layer(), 1)
    assert_allclose(np.unique(inputs.round(4)), [0, 0.2])  # half of the inputs are dropped, the others doubled
    assert_array_equal(inputs, np.repeat(inputs[:, :1], N_TIMESTEPS, axis=1))
    assert len(np.unique(inputs[:, 0], axis=0)) == 4


def test_dropout_of_inputs_without_a_time_axis_is_constant_within_a_sequence():
    inputs = dropped(memoryless_layer(), 1, x=np.full((4, 8), 0.1, np.float32))
    assert_allclose(np.unique(inputs.round(4)), [0, 0.2])
    assert_array_equal(inputs, np.repeat(inputs[:, :1], N_TIMESTEPS, axis=1))


def test_dropout_follows_its_seed_and_differs_between_calls():
    layer = memoryless_layer()
    first = dropped(layer, 1)
    assert_array_equal(dropped(memoryless_layer(), 1), first)
    assert (dropped(layer, 2) != first).any()
    dropped(layer, 1)
    x = np.full((4, N_TIMESTEPS, 8), 0.1, np.float32)
    assert (np.arctanh(layer(x, mask=mask_for(np.array([N_TIMESTEPS] * 4)), training=True)) != first).any()


def test_dropout_is_off_outside_training():
    assert_allclose(dropped(memoryless_layer(), 1, training=False), 0.1, rtol=1e-5)


# --- the free-running decoder -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_activation", ["linear", "sigmoid"])
@every_activation
@every_cell
def test_free_running_equals_teacher_forcing_with_the_previous_outputs(cell, activation, output_activation):
    free = FreeRunning((4, 3), 2, cell=cell, activation=activation, output_activation=output_activation)
    free.build((None, 5))
    free.set_weights([draw(*weight.shape, seed=i) / 2 for i, weight in enumerate(free.weights)])
    z, mask = draw(3, 5, seed=8).astype(np.float32), mask_for(np.array([4, 2, 0]), 4)

    forced = [Recurrent(units, cell=cell, activation=activation, return_sequences=True) for units in (4, 3)]
    forced.append(keras.layers.Dense(2, activation=output_activation))
    outputs = np.zeros((3, 5, 2), np.float32)  # zeros, followed by the outputs
    weights, width = free.get_weights(), 7
    for layer, n_weights in zip(forced, (3, 3, 2), strict=True):
        layer.build((None, None, width))
        layer.set_weights(weights[:n_weights])
        weights, width = weights[n_weights:], layer.units
    for t in range(4):
        y = np.concatenate([np.repeat(z[:, None], t + 1, axis=1), outputs[:, : t + 1]], axis=2)
        for layer in forced[:-1]:
            y = layer(y, mask=np.ones((3, t + 1), np.float32))
        outputs[:, t + 1] = forced[-1](y)[:, t]
    assert_allclose(free(z, mask=mask), outputs[:, 1:], rtol=1e-5, atol=1e-6)


# Keras 3.15 reads its variables by numpy.array without the keyword that NumPy 2.4 requires
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_keras_saves_and_loads_free_running_decoders(tmp_path):
    z, mask = keras.Input((5,)), keras.Input((None,))
    free = FreeRunning((4, 3), 2, cell="gru", activation="relu", output_activation="sigmoid")
    model = keras.Model([z, mask], free(z, mask=mask))
    model.save(tmp_path / "decoder.keras")
    loaded = keras.models.load_model(tmp_path / "decoder.keras")
    arrays = [draw(3, 5).astype(np.float32), mask_for(np.array([4, 2, 0]), 4)]
    assert_array_equal(loaded(arrays), model(arrays))


# --- states and tokens ------------------------------------------------------------------------------------------------


def one_hot(tokens, n_tokens):
    """Return vectors (B, T, V), which are zero for the index `n_tokens`."""
    return np.eye(n_tokens + 1)[tokens][:, :, :n_tokens]


@every_direction
@every_output
@every_cell
def test_returned_states_are_those_of_the_last_real_timestep(cell, sequences, bidirectional):
    options = {"cell": cell, "bidirectional": bidirectional, "dtype": "float64"}
    layer = make_layer(return_sequences=sequences, **options)
    stateful = make_layer(return_sequences=sequences, return_state=True, **options)
    x, mask = draw(4, N_TIMESTEPS, N_FEATURES), mask_for()

    output, *state = stateful(x, mask=mask)

    assert_array_equal(output, layer(x, mask=mask))
    assert_array_equal(state[0], make_layer(**options)(x, mask=mask))
    assert len(state) == (2 if cell == "lstm" else 1)
    for part in state:  # neither padding nor its values affect the state
        assert part.shape == (4, UNITS * layer.n_branches)
        assert not np.any(part[-1])
    padded = np.where(mask[:, :, None] > 0, x, 1e3)
    for part, expected in zip(state, stateful(padded, mask=mask)[1:], strict=True):
        assert_array_equal(part, expected)


@every_cell
def test_initial_states_continue_a_sequence(cell):
    layer = make_layer(cell=cell, return_sequences=True, return_state=True, dtype="float64")
    x, ones = draw(4, 6, N_FEATURES), np.ones((4, 3), np.float32)
    whole = layer(x, mask=np.ones((4, 6), np.float32))
    _, *state = layer(x[:, :3], mask=ones)
    second, *last = layer(x[:, 3:], mask=ones, initial_state=state)
    assert_allclose(second, whole[0][:, 3:], rtol=1e-12)
    for got, expected in zip(last, whole[1:], strict=True):
        assert_allclose(got, expected, rtol=1e-12)


@every_direction
@every_cell
def test_tokens_are_read_as_one_hot_vectors(cell, bidirectional):
    tokens = np.random.default_rng(0).integers(0, 5, size=(4, N_TIMESTEPS))  # the index 4 is not a token
    layer = Recurrent(UNITS, cell=cell, bidirectional=bidirectional, n_tokens=4, dtype="float64")
    layer.build((None, None, 1))
    dense = make_layer(4, cell=cell, bidirectional=bidirectional, dtype="float64")
    layer.set_weights(dense.get_weights())
    for training in (False, True):
        got = layer(tokens[:, :, None].astype(float), mask=mask_for(), training=training)
        assert_allclose(got, dense(one_hot(tokens, 4), mask=mask_for(), training=training), rtol=1e-12)


def test_tokens_have_the_gradient_of_one_hot_vectors():
    tokens, mask, upstream = np.array([[0, 2, 2, 3]]), np.ones((1, 4), np.float32), draw(1, UNITS)
    layer, dense = Recurrent(UNITS, n_tokens=3, dtype="float64"), make_layer(3, dtype="float64")
    layer.build((None, None, 1))
    layer.set_weights(dense.get_weights())
    _, *got = gradients_of(layer, tokens[:, :, None].astype(float), mask, upstream)
    _, *expected = gradients_of(dense, one_hot(tokens, 3), mask, upstream)
    for a, b in zip(got, expected, strict=True):
        assert_allclose(a, b, rtol=1e-12)


def test_dropout_drops_the_same_tokens_throughout_a_sequence():
    layer = Recurrent(UNITS, n_tokens=4, dropout=0.5)
    layer.build((None, None, 1))
    tokens = np.tile(np.arange(4.0), 50)[None, :, None].repeat(20, axis=0)
    dropped = np.asarray(layer._drop(tf.constant(tokens, tf.float32)))[:, :, 0]
    assert_array_equal(dropped[:, :4], dropped[:, -4:])
    assert {True, False} == set((dropped[:, :4] == 4).ravel())
    assert_array_equal(dropped[dropped != 4], tokens[:, :, 0][dropped != 4])
