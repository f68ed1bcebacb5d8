"""Configurations of input containers, output containers and `Sequences`."""

import numpy as np
import pandas as pd

from skseqae import Sequences
from tests.stress.digests.data import EQUAL, NAMES, NEW, UNIVARIATE, X, as_frame, as_padded, as_sequences, as_table
from tests.stress.digests.digest import digest, digest_all, digest_outputs
from tests.stress.digests.estimators import autoencoder, pickle_and_load
from tests.stress.digests.registry import configuration


@configuration
def ae_container_float32():
    return digest_all(autoencoder().fit([x.astype(np.float32) for x in X]), [x.astype(np.float32) for x in NEW])


@configuration
def ae_container_float32_then_float64():
    return digest_all(autoencoder().fit([x.astype(np.float32) for x in X]), NEW)


@configuration
def ae_container_padded():
    fitted = autoencoder().fit(as_padded(X))
    return digest_all(fitted, as_padded(NEW)) | digest_outputs(fitted, NEW, prefix="list.")


@configuration
def ae_container_padding_value():
    fitted = autoencoder(padding_value=-9.0, objective="composite").fit(as_padded(X, -9.0))
    return digest_all(fitted, as_padded(NEW, -9.0))


@configuration
def ae_container_table():
    return digest_all(autoencoder(objective="composite").fit(as_table(X)), as_table(X)[5:9])


@configuration
def ae_container_frame():
    fitted = autoencoder().fit(as_frame(X))
    found = digest_all(fitted, as_frame(X)[3:9])
    return found | {"set_output": digest(fitted.set_output(transform="pandas").transform(as_frame(X)[3:9]))}


@configuration
def ae_container_sequences():
    fitted = autoencoder(objective="composite").fit(as_sequences(X))
    found = digest_all(fitted, as_sequences(NEW)) | digest_outputs(fitted, as_sequences(X)[[5, 1, 9]], prefix="view.")
    return found | {"to_frame": digest(fitted.reconstruct(as_sequences(NEW)).to_frame())}


@configuration
def ae_container_named_sequences():
    fitted = autoencoder().fit(as_sequences(X).with_names(NAMES))
    found = digest_all(fitted, as_sequences(NEW).with_names(NAMES))
    decoded = fitted.reconstruct(as_sequences(NEW).with_names(NAMES))
    found |= {"to_frame": digest(decoded.to_frame()), "to_frame.polars": digest(decoded.to_frame(library="polars"))}
    return found | {"to_padded": digest(decoded.to_padded()), "to_list": digest(decoded.to_list())}


@configuration
def ae_container_univariate_list():
    return digest_all(autoencoder(objective="composite").fit(UNIVARIATE), UNIVARIATE[3:9])


@configuration
def ae_container_list_of_frames():
    frames = [pd.DataFrame(x, columns=NAMES) for x in X]
    return digest_all(autoencoder().fit(frames), frames[2:6])


@configuration
def ae_container_integers():
    integers = [np.rint(10 * x).astype(int) for x in X]
    return digest_all(autoencoder().fit(integers), integers[2:6])


@configuration
def ae_container_tuple_and_object_array():
    objects = np.empty(len(X), object)
    objects[:] = X
    fitted = autoencoder().fit(tuple(X))
    return digest_all(fitted, NEW) | digest_outputs(fitted, objects, prefix="objects.")


@configuration
def ae_container_ragged_nest():
    return digest_all(autoencoder().fit([x.tolist() for x in X]), [x.tolist() for x in NEW])


@configuration
def ae_empty_sequences():
    empty = np.zeros((0, 2))
    return digest_all(autoencoder(objective="composite").fit([empty, *X, empty]), [NEW[0], empty, NEW[1]])


@configuration
def ae_one_length():
    fitted = autoencoder().fit(EQUAL)
    return digest_all(fitted, EQUAL[:5]) | {"decoded": digest(fitted.inverse_transform(fitted.transform(EQUAL)))}


@configuration
def ae_set_output():
    fitted = autoencoder().fit(X)
    found = {"pandas": digest(fitted.set_output(transform="pandas").transform(NEW))}
    found |= {"polars": digest(fitted.set_output(transform="polars").transform(NEW))}
    return found | {"fit_transform": digest(autoencoder().fit_transform(X))}


@configuration
def containers():
    whole = as_sequences(X).with_names(NAMES)
    long = whole.to_frame(sample="who", time="when")
    return {
        "from_list": digest(Sequences.from_list(X)),
        "from_list_of_frames": digest(Sequences.from_list([pd.DataFrame(x, columns=NAMES) for x in X])),
        "from_padded": digest(Sequences.from_padded(as_padded(X))),
        "from_padded_pre": digest(Sequences.from_padded(as_padded(X, 0.0)[:, ::-1], padding="pre", padding_value=0.0)),
        "from_padded_lengths": digest(Sequences.from_padded(as_padded(X, 0.0), lengths=[len(x) for x in X])),
        "from_channels_first": digest(Sequences.from_channels_first([x.T for x in X])),
        "from_channels_first_padded": digest(Sequences.from_channels_first(as_padded(X).swapaxes(1, 2))),
        "from_frame": digest(Sequences.from_frame(long.sample(frac=1, random_state=0), sample="who", time="when")),
        "from_arrow": digest(Sequences.from_arrow(whole.to_arrow())),
        "to_arrow": digest(whole.to_arrow().to_pylist()),
        "to_frame": digest(long),
        "to_padded": digest(whole.to_padded(20, -1.0)),
        "to_list": digest(whole.to_list()),
        "index": digest(whole[[3, 1, 7]]),
        "mask": digest(whole[np.arange(16) % 2 == 0]),
        "slice_of_slice": digest(whole[2:12:3][::-1]),
        "repr": digest(repr(whole)),
        "pickle": digest(pickle_and_load(whole[4:9])),
    }
