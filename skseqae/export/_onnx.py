"""export_onnx: ONNX files of fitted estimators, to be run without this package and without TensorFlow."""

import json
import os
from dataclasses import replace

import numpy as np
from sklearn.utils._param_validation import validate_params
from sklearn.utils.validation import check_is_fitted

from .._version import __version__
from ..estimators._registry import check_registered
from ..runtime._atomic_write import write_file
from ._outputs import OUTPUTS
from ._pipelines import PipelineGraph, convert_steps_after, convert_steps_before, split_at_network, steps_of

_ADVICE = "It may also be a fitted pipeline with one of them as a step, or a search that was fitted with refit=True."


@validate_params({"path": [str, os.PathLike], "outputs": [list, tuple, None]}, prefer_skip_nested_validation=True)
def export_onnx(estimator, path, *, outputs=None):
    """Export a fitted estimator or pipeline to an ONNX file, which needs neither this package nor TensorFlow.

    The file accepts variable-length input, any number of samples and of timesteps, and includes the scaling. It
    contains the recurrent operators of ONNX. For the same float32 data, its outputs equal those of the estimator's
    methods up to float32 rounding, about 1e-6. The file is replaced in one step: if the export fails, an existing file
    stays as it was.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of one of the classes of this package that train a network, or a `SequenceOutlierDetector`
        of an `LSTMAutoencoderTransformer`. Or a fitted pipeline with one of them as a step, whose other steps skl2onnx
        can convert: `PerTimestep` of such transformers before it, any estimators of rows after it. Or a search
        that was fitted with `refit=True`, of which `best_estimator_` is exported.
    path : str or path-like
        The file. Its folder must exist and be writable.
    outputs : list of str, default=None
        Names of the outputs to export (listed in the Notes). Each run of the file computes all exported outputs. With
        ["encodings"], the file contains the encoder only. If None, all outputs of the estimator.

    Raises
    ------
    TypeError
        If `estimator` is of another class, or has no such step.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ValueError
        If the estimator does not have an output, or if an output cannot be exported: because of a custom decoder, beam
        search, tokens that are neither strings nor integers, labels that are neither strings nor numbers, or a feature
        whose standard deviation is too small for float32. If a step of a pipeline cannot be converted; the message
        names the step.
    ImportError
        If a pipeline has steps to convert and skl2onnx is not installed.
    OSError
        If the file cannot be written.

    See Also
    --------
    save : Save an estimator to a file, to use or to train it further in Python.

    Notes
    -----
    Inputs, in the units of the training data:

    - `x`, float32 of shape (n_samples, n_timesteps, n_features): sequences, padded at the end with any values,
      including NaN. A warning names a feature whose mean is so large that float32 cannot represent how it varies. For a
      `Seq2SeqClassifier` with `tokens=True`, int64 or strings of shape (n_samples, n_timesteps); tokens that are not in
      `vocabulary_` are encoded as all zeros. For a `DenseAutoencoderTransformer`, rows of shape (n_samples,
      n_features).
    - `lengths`, int64 of shape (n_samples,): the number of timesteps of each sequence, from 0 to n_timesteps. A
      `DenseAutoencoderTransformer` has no input `lengths`.
    - `prediction_lengths`, int64 of shape (n_samples,): the lengths of the predictions. This input exists only if
      `predict` requires `n_timesteps`.

    Outputs, float32 unless stated otherwise, with zeros as padding:

    - `encodings` of shape (n_samples, latent_dim): the output of `transform`.
    - `reconstruction` of shape (n_samples, n_timesteps, n_features): the output of `reconstruct`; for a
      `DenseAutoencoderTransformer`, shape (n_samples, n_features).
    - `prediction` of shape (n_samples,), (n_samples, n_outputs) or (n_samples, n_predicted_timesteps, n_outputs): the
      output of `predict`, in the units of y; for an `LSTMAutoencoderTransformer`, the output of `predict_next`.
    - `scores` of shape (n_samples,): the output of `score_samples`.
    - `labels` of shape (n_samples,) or (n_samples, n_labels): the output of `predict`, as strings, int64, bool or
      float64. If the lengths of the predictions vary, empty strings or zeros follow the labels, and the output
      `label_lengths`, int64 of shape (n_samples,), holds the number of labels. For a `SequenceOutlierDetector`, the
      labels are -1 or 1, and rounding may change the label of a score at the threshold.
    - `probabilities` of shape (n_samples, n_classes) or (n_samples, n_labels, n_classes): the output of
      `predict_proba`.

    Of a pipeline, `x` is in the units of the data that the first step was fitted on. If the network is the last step,
    the outputs are those above, with sequences in the units of the step before it. If scikit-learn steps follow, the
    outputs are `encodings` and those of the last step, for each of its methods:

    - `labels` of shape (n_samples,): the output of `predict`, as above; for regressors `prediction`, of shape
      (n_samples,) or (n_samples, n_outputs).
    - `probabilities` of shape (n_samples, n_classes): the output of `predict_proba`.
    - `decision_function` of shape (n_samples,) or (n_samples, n_classes): the output of that method.
    - `transformed` of shape (n_samples, n_outputs): the output of `transform`.

    Each step is compared with its conversion on random rows. Outputs that skl2onnx does not provide, or that differ,
    are left out; without any, the step is refused. Steps are computed in float64 if skl2onnx and ONNX Runtime support
    that, as scikit-learn does with float64 data: a scaler then loses no digits of the values in `x`, also if their mean
    is large. Rounding may change the label of a sample at the boundary between two classes. Categories of encoders must
    be integers.

    If `activation` is "relu" or "linear", hidden states, and with them rounding errors, may grow with each timestep.

    The file does not check its inputs: values that the estimator refuses, such as NaN inside a sequence unless
    `missing="mask"`, give meaningless outputs, and ONNX Runtime may crash on a batch without samples. The metadata of
    the file hold `skseqae_version` and `estimator`, the name of the class of this package, and, as JSON,
    `feature_names`, `classes` and `vocabulary` if the estimator has them. For a pipeline, `steps` holds the class names
    of all steps.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import onnxruntime
    >>> import skseqae
    >>> from skseqae.datasets import make_waves
    >>> X, _ = make_waves(20, lengths=(5, 9), random_state=0)
    >>> encoder = skseqae.LSTMAutoencoderTransformer(latent_dim=4, epochs=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "waves.onnx")
    ...     skseqae.export_onnx(encoder, path, outputs=["encodings"])
    ...     session = onnxruntime.InferenceSession(path)
    >>> x = np.zeros((20, 9, 1), np.float32)
    >>> for row, sequence in zip(x, X):
    ...     row[: len(sequence)] = sequence
    >>> (encodings,) = session.run(None, {"x": x, "lengths": [len(sequence) for sequence in X]})
    >>> bool(np.abs(encodings - encoder.transform(X)).max() < 1e-5)
    True
    """
    steps = steps_of(estimator)
    before, network, after = split_at_network(steps)
    if network is None:
        check_registered(estimator, "estimator", _ADVICE)
    for _, step in steps:
        check_is_fitted(step)
    names_of, add_outputs = OUTPUTS[type(network).__name__]
    models_after = convert_steps_after(after) if after else []
    valid_names = ["encodings", *models_after[-1].outputs] if after else names_of(network)
    requested = valid_names if outputs is None else outputs
    if not requested or not set(requested) <= set(valid_names):
        raise ValueError(f"outputs must be some of {list(valid_names)}, or None for all of them, got {outputs!r}.")
    graph = PipelineGraph(convert_steps_before(before, network), requested)
    _warn_of_lost_digits(before, network)
    add_outputs(graph, network, ["encodings"] if after else requested)
    if after:
        graph.add_steps_after(models_after)
    write_file(path, graph.model(type(network).__name__, __version__, _metadata([step for _, step in steps], network)))


def _warn_of_lost_digits(before, network):
    """Warn if the first scaling, by scikit-learn or the network, subtracts large means from a float32 x."""
    network = steps_of(getattr(network, "estimator_", network))[-1][1]  # of a detector, its autoencoder
    scaling = network._fitted.input.scaling
    first = steps_of(getattr(before[0][1], "transformer_", before[0][1]))[0][1] if before else None
    if before:
        scales = [getattr(first, name, None) for name in ("mean_", "scale_")]
        if any(values is None for values in scales):
            return
        scaling = replace(scaling, mean=scales[0], std=scales[1])
    names = getattr(first or network, "feature_names_in_", None)
    scaling.warn_of_lost_digits("x of the file is float32", "Fit on differences of consecutive timesteps", names)


def _metadata(steps, network):
    """Return what users of the file must know of the estimator, as strings."""
    values = {
        "feature_names": getattr(steps[0], "feature_names_in_", None),
        "classes": getattr(steps[-1], "classes_", None),
        "vocabulary": getattr(network, "vocabulary_", None),
        "steps": [type(step).__name__ for step in steps] if len(steps) > 1 else None,
    }
    lists = {name: json.dumps(each, default=np.ndarray.tolist) for name, each in values.items() if each is not None}
    return {"skseqae_version": __version__, "estimator": type(network).__name__, **lists}
