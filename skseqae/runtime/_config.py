"""Settings of the computation that are not parameters of an estimator."""

from contextlib import contextmanager
from contextvars import ContextVar

_providers = ContextVar("providers", default=("CPUExecutionProvider",))


@contextmanager
def config_context(*, providers):
    """Choose the hardware on which ONNX Runtime computes the methods of estimators, inside a `with` statement.

    The setting applies to the current thread or task. Training is not affected: TensorFlow chooses its own device.

    Parameters
    ----------
    providers : list of str
        Names of execution providers of ONNX Runtime, the preferred one first, such as ["CUDAExecutionProvider",
        "CPUExecutionProvider"] where the package onnxruntime-gpu is installed. Outside the `with` statement,
        ["CPUExecutionProvider"]. Methods raise a ValueError if a provider is not available. On hardware other than the
        CPU, the output of a sample depends on the other samples within float32 rounding.

    Raises
    ------
    TypeError
        If `providers` is not a list of names.

    Examples
    --------
    >>> import skseqae
    >>> from skseqae.datasets import make_waves
    >>> X, _ = make_waves(20, random_state=0)
    >>> encoder = skseqae.LSTMAutoencoderTransformer(latent_dim=4, epochs=1, random_state=0).fit(X)
    >>> with skseqae.config_context(providers=["CPUExecutionProvider"]):
    ...     encoder.transform(X).shape
    (20, 4)
    """
    if isinstance(providers, str) or not providers or not all(isinstance(name, str) for name in providers):
        raise TypeError(f"providers must be a list of names of ONNX Runtime's execution providers, got {providers!r}.")
    token = _providers.set(tuple(providers))
    try:
        yield
    finally:
        _providers.reset(token)


def get_providers():
    """Return the names of the providers that ONNX Runtime computes with."""
    return _providers.get()
