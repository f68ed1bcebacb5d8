"""The exact state of an estimator, to test that nothing changed."""

import pickle


def exact_state(estimator):
    """Return the identity and the pickled content of each attribute."""
    return {name: (id(value), pickle.dumps(value)) for name, value in vars(estimator).items()}
