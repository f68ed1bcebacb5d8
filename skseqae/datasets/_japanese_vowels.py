"""The Japanese Vowels data set."""

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from ._arguments import _SUBSETS, _subset

_VOWELS_TRAIN = 270  # the split of the archive


@validate_params({"subset": [_SUBSETS], "return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
def load_japanese_vowels(*, subset="all", return_X_y=False):
    """Load the Japanese Vowels data set (classification): utterances of /ae/ by nine speakers.

    =================   ==================================
    Classes             9 speakers
    Samples             640: 270 for training, 370 for test
    Timesteps           7 to 29
    Features            12 LPC cepstrum coefficients, real
    =================   ==================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        The training utterances of the archive, its test utterances (the same speakers on other occasions), or the
        training utterances followed by the test utterances.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch, or the tuple ``(data, target)`` if ``return_X_y``
        data : list of n_samples float64 arrays of shape (n_timesteps_i, 12)
            The utterances, of 7 to 29 timesteps of 6.4 ms.
        target : int array of shape (n_samples,)
            The speakers, from 0 to 8.
        DESCR : str
            Description, source and licence of the data set.

    References
    ----------
    Kudo, M., Toyama, J. and Shimbo, M. (1999). "Multidimensional curve classification using passing-through regions".
    Pattern Recognition Letters, 20(11-13), 1103-1111. doi:10.1016/S0167-8655(99)00077-X

    Kudo, M., Toyama, J. and Shimbo, M. (1999). Japanese Vowels. UCI Machine Learning Repository, CC BY 4.0.
    doi:10.24432/C5NS47

    Examples
    --------
    >>> from skseqae.datasets import load_japanese_vowels
    >>> X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
    >>> X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
    >>> len(X_train), len(X_test), X_train[0].shape
    (270, 370, (20, 12))
    """
    folder = files("skseqae.datasets.data")
    with (folder / "japanese_vowels.npz").open("rb") as file, np.load(file) as archive:
        ends = np.cumsum(archive["lengths"], dtype=np.intp)
        # The values of the archive have six decimals: integer millionths are exact, and smaller than floats.
        values = archive["millionths"] / 1e6
        target = archive["target"].astype(np.int64)

    part = _subset(subset, _VOWELS_TRAIN)
    X, y = np.split(values, ends[:-1])[part], target[part]
    if return_X_y:
        return X, y
    return Bunch(data=X, target=y, DESCR=(folder / "README.md").read_text(encoding="utf-8"))
