"""A trained network, and the sessions of ONNX Runtime that compute it."""

from ..networks.onnx_backend import _models
from ..runtime._config import get_providers


class Network:
    """A trained network, which makes a session for each of its models when it is first used.

    Sessions are shared by threads: each run computes in the thread that calls it.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture, DenseArchitecture or None
        None: the models do not depend on it.
    weights : dict of str to list of arrays
    """

    def __init__(self, architecture, weights):
        self.architecture, self.weights = architecture, weights
        self._sessions = {}

    def model(self, name, *options):
        """Return a model as a function of its inputs by name, which returns the list of its outputs.

        Parameters
        ----------
        name : {"encoder", "latent", "hidden", "inverse", "readout", "distance", "decoder", "label", "greedy", "beam"}
        *options : str or int
            Further arguments of the function of this name in `networks.onnx_backend._models`.
        """
        key = name, options, get_providers()
        session = self._sessions.get(key)
        if session is None:
            model = getattr(_models, f"{name}_model")(self.architecture, self.weights, *options)
            # of two threads that make one at the same time, one is dropped: a lock could be held during a fork
            session = self._sessions.setdefault(key, _make_session(model, key[-1]))
        return lambda **inputs: session.run(None, inputs)


def _make_session(model, providers):
    import onnxruntime  # not with the package: it takes 0.2 s

    missing = sorted(set(providers) - set(onnxruntime.get_available_providers()))
    if missing:
        raise ValueError(
            f"ONNX Runtime has no provider {missing[0]!r} here: providers must be some of "
            f"{onnxruntime.get_available_providers()}. onnxruntime-gpu installs 'CUDAExecutionProvider'."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # memory is returned after each run: an arena and plans for each shape of batch would grow with the calls
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(model, options, providers=list(providers))
