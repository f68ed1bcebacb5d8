"""The shapes of a network's weights, from its architecture alone: no network is built to know them."""

from ._layer_plan import layer_plan


def weight_shapes(architecture):
    """Return the shapes of the weights, in the order in which training keeps them.

    Parameters
    ----------
    architecture : Architecture, Seq2SeqArchitecture or DenseArchitecture

    Returns
    -------
    dict of str to list of tuple of int
        By part of the network: "encoder", and each head; without custom decoders.
    """
    return {name: part.weight_shapes() for name, part in layer_plan(architecture).items()}
