"""export_onnx: fitted estimators as ONNX files, which are served without this package and without TensorFlow."""

import json
import os

import numpy as np
from sklearn.utils._param_validation import validate_params
from sklearn.utils.validation import check_is_fitted

from .._version import __version__
from ..estimators._registry import check_registered
from ..networks.onnx_backend._graph import Graph
from ..runtime._atomic_write import write_file
from ._outputs import OUTPUTS


@validate_params({"path": [str, os.PathLike], "outputs": [list, tuple, None]}, prefer_skip_nested_validation=True)
def export_onnx(estimator, path, *, outputs=None):
    """Write what a fitted estimator computes into an ONNX file, to be served by ONNX Runtime alone.

    The file needs neither this package nor TensorFlow. It holds ONNX' own recurrent operators, which read sequences of
    their own lengths, for any number of them and of timesteps, with the scaling inside. Outputs differ from what the
    estimator says of the same float32 data by rounding, some 1e-6. The file is replaced in one step; whatever goes
    wrong, the old one stays.

    Parameters
    ----------
    estimator : estimator
        Fitted, of one of the classes of this package that train, or a `SequenceOutlierDetector` around one of them.
    path : str or path-like
        The file. Its folder must be there, and be writable.
    outputs : list of str, default=None
        What the file computes, at each run all of it: for an encoder alone ["encodings"]. None: all that there is.

    Raises
    ------
    TypeError
        If it is no such estimator.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ValueError
        If there is no such output, or what computes it cannot be exported: a decoder that is a function, beam search,
        symbols or labels that are neither strings nor numbers, a feature whose standard deviation float32 does not
        hold.
    ImportError
        If onnx is not installed.
    OSError
        If the file cannot be written.

    See Also
    --------
    save : A file to go on from, in Python.

    Notes
    -----
    Inputs, in the data's own units:

    - `x`, float32 (N, T, F): padded at the end with anything, NaN too. For a `Seq2SeqClassifier` of symbols (N, T),
      int64 or strings; one that is not in `vocabulary_` is read as none of them. For a `DenseAutoencoderTransformer`
      rows, (N, F).
    - `lengths`, int64 (N,): timesteps of each sequence, from 0 to T; not for rows.
    - `prediction_lengths`, int64 (N,): where `predict` asks for `n_timesteps`, those.

    Outputs, float32, with zeros on padding:

    - `encodings` (N, L): those of `transform`.
    - `reconstruction` (N, T, F): those of `reconstruct`; for rows (N, F).
    - `prediction`: those of `predict`, (N,), (N, K) or (N, H, D), in the units of y; of a `LSTMAutoencoderTransformer`
      those of `predict_next`.
    - `scores` (N,): those of `score_samples`.
    - `labels` (N,) or (N, H): those of `predict`, strings, int64, bool or float64. Sequences that say their end are
      followed by empty strings or zeros, and `label_lengths`, int64 (N,), says how many are theirs. Of a detector -1 or
      1, where rounding may decide about a score at the threshold.
    - `probabilities` (N, C) or (N, H, C): those of `predict_proba`.

    Where `activation` is "relu" or "linear", states may grow with each timestep, and rounding with them.

    Nothing is checked at run time: what an estimator refuses, such as NaN in a sequence, gives numbers without meaning.
    The metadata hold `skseqae_version` and `estimator`, the class, and as JSON `feature_names`, `classes` and
    `vocabulary` where the estimator has those.

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
    advice = "Export the fitted estimator inside a pipeline or a search, and apply the steps before it when serving."
    name = check_registered(estimator, "estimator", advice)
    check_is_fitted(estimator)
    names_of, add_outputs = OUTPUTS[name]
    valid_names = names_of(estimator)
    requested = valid_names if outputs is None else outputs
    if not requested or not set(requested) <= set(valid_names):
        raise ValueError(f"outputs must be some of {list(valid_names)}, or None for all of them, got {outputs!r}.")
    graph = Graph()
    add_outputs(graph, estimator, requested)
    write_file(path, graph.model(name, __version__, _metadata(estimator)))


def _metadata(estimator):
    """Return what a server must know of an estimator, as strings."""
    attributes = {"feature_names": "feature_names_in_", "classes": "classes_", "vocabulary": "vocabulary_"}
    values = {name: getattr(estimator, attribute, None) for name, attribute in attributes.items()}
    lists = {name: json.dumps(np.asarray(each).tolist()) for name, each in values.items() if each is not None}
    return {"skseqae_version": __version__, "estimator": type(estimator).__name__, **lists}
