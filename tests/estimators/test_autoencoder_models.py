"""LSTMAutoencoderTransformer: the Keras models `encoder_`, `decoder_` and `model_`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skseqae import LSTMAutoencoderTransformer
from tests.estimators.autoencoders import X, autoencoder
from tests.estimators.keras_inputs import x_and_mask
from tests.support.combinations import cases_of
from tests.support.processes import run_in_fresh_process

CASES = cases_of(LSTMAutoencoderTransformer)
# Keras has no layer that feeds its own output back
UNCONDITIONAL = {name: case for name, case in CASES.items() if case.parameters.get("decoder") != "conditional"}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES, scope="module")
# NumPy 2 warns about code of Keras 3 that reads a variable to save it
ignore_keras_warning = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def real_timesteps(rows, arrays, n_removed=0):
    """Return the real timesteps of padded outputs, without the last `n_removed` of each, one after another."""
    lengths = [max(len(x) - n_removed, 0) for x in arrays]
    return np.concatenate([np.asarray(row)[:length] for row, length in zip(rows, lengths, strict=True)])


def assert_equals_methods(model_output, fitted, arrays):
    """Compare a padded output, or a dict of padded outputs, with the methods of the estimator."""
    methods = {"reconstruction": ("reconstruct", 0), "prediction": ("predict_next", 1)}
    heads = [head for head, (method, _) in methods.items() if hasattr(fitted, method)]
    model_output = model_output if isinstance(model_output, dict) else {heads[0]: model_output}
    assert sorted(model_output) == sorted(heads)
    for head in heads:
        method, n_removed = methods[head]
        expected = np.concatenate([*getattr(fitted, method)(arrays)])
        assert_allclose(real_timesteps(model_output[head], arrays, n_removed), expected, atol=1e-5)


@each_case
def test_keras_models_equal_the_methods(case):
    fitted, arrays = case.fitted(), case.training_set
    x, mask = x_and_mask(arrays)
    Z = fitted.transform(arrays)

    assert_allclose(fitted.encoder_([x, mask]), Z, atol=1e-5)
    assert_equals_methods(fitted.model_([x, mask]), fitted, arrays)
    decoded = fitted.decoder_([Z.astype(np.float32), mask])
    if not fitted._fitted.architecture.pooling:
        assert_equals_methods(decoded, fitted, arrays)
    elif hasattr(fitted, "inverse_transform"):
        reconstruction = decoded["reconstruction"] if isinstance(decoded, dict) else decoded
        expected = fitted.inverse_transform(Z, [len(x) for x in arrays])
        for row, x in zip(reconstruction.numpy(), expected, strict=True):
            assert_allclose(row[: len(x)], x, atol=1e-5)


def test_models_with_a_conditional_decoder_run_as_graphs():
    fitted, (x, mask) = autoencoder(decoder="conditional").fit(X), x_and_mask([*X])
    model = fitted.model_
    assert_allclose(model.predict([x, mask], verbose=0), model([x, mask]), atol=1e-6)


def modules(model):
    """Return the names of the modules that define the layers of a model, and the layers inside them."""
    inner = [module for layer in getattr(model, "layers", []) for module in modules(layer)]
    return {type(model).__module__, *inner}


@each_case
def test_keras_models_consist_of_standard_layers_except_conditional_decoders(case):
    in_encoder, in_model = (
        {module for module in modules(model) if not module.startswith("keras.")}
        for model in (case.fitted().encoder_, case.fitted().model_)
    )
    assert in_encoder == set()
    is_unconditional = case in UNCONDITIONAL.values()
    assert in_model == (set() if is_unconditional else {"skseqae.networks.keras_backend._layers"})


def test_keras_models_are_built_at_each_access():
    fitted = autoencoder(objective="composite").fit(X)
    before = dict(vars(fitted))
    assert fitted.model_ is not fitted.model_
    assert vars(fitted) == before


def test_keras_models_read_values_with_large_offsets():
    with_offset = [x * 0.01 + 1000 for x in X]
    fitted = autoencoder().fit(with_offset)
    assert_allclose(fitted.encoder_(x_and_mask(with_offset)), fitted.transform(with_offset), atol=1e-2)


# --- saved models, in a process without this package ------------------------------------------------------------------

SCRIPT = """
import sys
from pathlib import Path
import keras, numpy as np

for path in Path(sys.argv[1]).glob("*.keras"):
    model = keras.saving.load_model(path)
    with np.load(path.with_suffix(".npz")) as inputs:
        outputs = model([inputs["x"], inputs["mask"]])
    outputs = outputs if isinstance(outputs, dict) else {"output": outputs}
    np.savez(path.with_suffix(".outputs.npz"), **{name: np.asarray(value) for name, value in outputs.items()})
assert "skseqae" not in sys.modules
"""


@pytest.fixture(scope="module")
def outputs_without_package(tmp_path_factory):
    """Return a function that returns the outputs of a saved model in a process that does not import this package."""
    folder = tmp_path_factory.mktemp("models")
    models = {f"{name}-encoder": case.fitted().encoder_ for name, case in CASES.items()}
    models |= {f"{name}-model": case.fitted().model_ for name, case in UNCONDITIONAL.items()}
    for name, model in models.items():
        model.save(folder / f"{name}.keras")
        x, mask = x_and_mask(CASES[name.rpartition("-")[0]].training_set)
        np.savez(folder / f"{name}.npz", x=x, mask=mask)
    run_in_fresh_process(SCRIPT, folder)

    def outputs_of(name):
        with np.load(folder / f"{name}.outputs.npz") as archive:
            outputs = dict(archive)
        return outputs.get("output", outputs)

    return outputs_of


@ignore_keras_warning
@pytest.mark.parametrize("name", CASES)
def test_saved_encoders_load_without_this_package(name, outputs_without_package):
    case = CASES[name]
    expected = case.fitted().transform(case.training_set)
    assert_allclose(outputs_without_package(f"{name}-encoder"), expected, atol=1e-5)


@ignore_keras_warning
@pytest.mark.parametrize("name", UNCONDITIONAL)
def test_saved_models_of_standard_layers_load_without_this_package(name, outputs_without_package):
    case = CASES[name]
    assert_equals_methods(outputs_without_package(f"{name}-model"), case.fitted(), case.training_set)
