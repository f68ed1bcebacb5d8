"""Mistakes of somebody new to the package: each is answered by an error or a warning that shows what to do.

A message names what came, what was expected and what to do. Where scikit-learn or Python raise the error, it names at
least the argument. Nothing is read in another way in silence.
"""

import pickle
import re
from functools import cache

import joblib
import keras
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skseqae
from skseqae import (
    CompositeSequenceRegressor,
    DenseAutoencoderTransformer,
    LSTMAutoencoderTransformer,
    Seq2SeqClassifier,
    SequenceOutlierDetector,
    Sequences,
)
from skseqae.display import LossCurveDisplay
from skseqae.model_selection import LengthStratifiedKFold, TimestepScorer
from skseqae.preprocessing import PerTimestep, SequencePadder

RNG = np.random.RandomState(0)
X = [RNG.randn(length, 2) for length in (5, 3, 7, 4, 6, 5)]
SEQUENCES = Sequences.from_list(X)
TABLE = RNG.randn(6, 7)
LABELS = [0, 1, 0, 1, 0, 1]
LONG = pd.DataFrame({"id": [1, 1, 2, 2], "when": ["9:05", "10:05"] * 2, "state": ["ok", "bad"] * 2, "speed": range(4)})
FAST = {"units": 3, "latent_dim": 2, "epochs": 1, "batch_size": 100, "random_state": 0}

MISTAKES = []  # what is done, and the error or the warning with which it is answered


def raises(error, message):
    """Add a function to the mistakes that raise an error whose message has these parts in this order."""
    return lambda function: MISTAKES.append((function, lambda: pytest.raises(error, match=message)))


def warns(message):
    """Add a function to the mistakes that are warned of."""
    return lambda function: MISTAKES.append((function, lambda: pytest.warns(UserWarning, match=message)))


def autoencoder(**parameters):
    return LSTMAutoencoderTransformer(**FAST | parameters)


def regressor(**parameters):
    return CompositeSequenceRegressor(**FAST | parameters)


def classifier(**parameters):
    return Seq2SeqClassifier(units=3, epochs=1, random_state=0, **parameters)


@cache
def fitted(make=autoencoder, **parameters):
    """Return a fitted estimator, which no test may train further."""
    y = () if make is autoencoder or "horizon" in parameters else (LABELS,)
    return make(**parameters).fit(X, *y)


@cache
def fitted_on_table():
    return autoencoder().fit(TABLE)


def read(X):
    """Read X as every `fit` does, without training."""
    PerTimestep(StandardScaler()).fit(X)


def changed(value, row=1):
    arrays = [x.copy() for x in X]
    arrays[row][1, 0] = value
    return arrays


# --- shapes and containers --------------------------------------------------------------------------------------------


@raises(ValueError, r"got shape \(10,\).*one sequence is \[X\]")
def one_series_of_numbers():
    autoencoder().fit(np.arange(10.0))


@warns(r"shape \(100, 5\), which is read as 100 univariate sequences of 5 timesteps.*pass \[X\]")
def one_series_of_several_features():
    autoencoder().fit(RNG.randn(100, 5))


@warns(r"9 univariate sequences.*pass \[X\]; of several sequences, Sequences.from_frame")
def one_series_in_a_dataframe():
    index = pd.date_range("2020", periods=9, freq="h")
    read(pd.DataFrame({"load": np.arange(9.0), "temp": np.arange(9.0)}, index=index))


@warns("rows are read as 4 univariate sequences.*from_frame")
def a_long_dataframe():
    read(pd.DataFrame({"unit": [1, 1, 2, 2], "cycle": [0, 1, 0, 1], "speed": [1.0, 2.0, 3.0, 4.0]}))


@raises(TypeError, r"several index levels.*from_frame\(X, sample='id', time='cycle'\)")
def a_panel():
    autoencoder().fit(
        pd.DataFrame({"x": [1.0, 2.0]}, index=pd.MultiIndex.from_arrays([[1, 1], [0, 1]], names=["id", "cycle"]))
    )


@raises(TypeError, "X is of type DataFrameGroupBy, not numbers. Expected a list of arrays")
def a_groupby():
    autoencoder().fit(LONG[["id", "speed"]].groupby("id"))


@raises(TypeError, r"X is of type dict.* Pass list\(X.values\(\)\)")
def a_dict():
    autoencoder().fit({"a": X[0], "b": X[1]})


@raises(TypeError, r"X is of type generator.* Pass list\(X\)")
def a_generator():
    autoencoder().fit(x for x in X)


@raises(TypeError, r"X is of type _TensorSliceDataset.* Pass list\(X.as_numpy_iterator\(\)\)")
def a_dataset_of_tensorflow():
    autoencoder().fit(tf.data.Dataset.from_tensor_slices(TABLE))


@raises(TypeError, r"RaggedTensor: pass Sequences.from_packed\(X.values.numpy\(\), X.row_lengths\(\)")
def a_ragged_tensor():
    autoencoder().fit(tf.ragged.constant([[1.0, 2.0], [3.0]]))


@raises(TypeError, "X is of type DataLoader, not numbers. Expected a list of arrays")
def a_data_loader():
    autoencoder().fit(type("DataLoader", (), {"__iter__": lambda self: iter(X), "__len__": lambda self: 6})())


@raises(TypeError, "X is an Arrow ListArray: read a column of lists with Sequences.from_arrow")
def an_arrow_column():
    autoencoder().fit(pa.array([[1.0, 2.0], [3.0]]))


@raises(TypeError, "X is of type str, not numbers. Expected a list of arrays")
def the_name_of_a_file():
    autoencoder().fit("data.npy")


@raises(ValueError, r"4-D of shape \(4, 5, 8, 8\).*a.reshape\(\*a.shape\[:2\], -1\)")
def videos():
    autoencoder().fit(np.zeros((4, 5, 8, 8)))


@warns(r"shape \(6, 3, 50\).* 3 timesteps with 50 features.*from_channels_first\(X\)")
def an_array_with_channels_first():
    read(RNG.randn(6, 3, 50))


@warns(r"arrays of shape \(3, 50\).* 3 timesteps with 50 features.*from_channels_first\(X\)")
def a_list_with_channels_first():
    read(list(RNG.randn(6, 3, 50)))


@raises(ValueError, r"X\[1\] has 7 features.* but X\[0\] has 5 .*from_channels_first reads arrays \(F, T_i\)")
def a_ragged_list_with_channels_first():
    autoencoder().fit([RNG.randn(2, length) for length in (5, 7, 9)])


@raises(ValueError, r"X\[1\] has 3 features per timestep, but X\[0\] has 2.*with the same F")
def different_numbers_of_features():
    autoencoder().fit([np.ones((3, 2)), np.ones((4, 3))])


@raises(ValueError, r"X\[1\] has no feature axis, but X\[0\] has 1.*all must have shape \(T_i,\)")
def numbers_and_vectors():
    autoencoder().fit([np.ones((3, 1)), np.ones(4)])


@raises(ValueError, r"0 sample\(s\).*minimum of 1 is required")
def nothing():
    autoencoder().fit([])


@raises(ValueError, "All 3 sequences are empty: at least one timestep is required")
def empty_sequences():
    autoencoder().fit([np.empty((0, 2))] * 3)


@raises(TypeError, r"X is sparse \(csr_matrix\), expected a dense array: pass X.toarray\(\)")
def a_sparse_matrix():
    autoencoder().fit(sparse.csr_matrix(TABLE))


@raises(TypeError, r"masked array, whose mask would be lost: pass X.filled\(np.nan\)")
def a_masked_array():
    autoencoder().fit(np.ma.masked_less(TABLE, 0))


# --- values -----------------------------------------------------------------------------------------------------------


@raises(TypeError, r"X\[0\], timestep 0 is '1.5'.*Convert a string")
def numbers_as_text():
    autoencoder().fit([["1.5", "2"], ["3"]])


@raises(TypeError, r"X\[0\], timestep 0 is 'a'.*Seq2SeqClassifier\(tokens=True\)")
def words():
    autoencoder().fit([["a", "b"], ["c"]])


@raises(TypeError, r"datetime64.*expected real numbers. Convert times to numbers")
def dates():
    autoencoder().fit(pd.DataFrame({"t0": pd.to_datetime(["2020-01-01", "2020-01-02"])}))


@raises(ValueError, r"X\[1\] has NaN at timestep 1, feature 0.*PerTimestep\(SimpleImputer\(\)\)")
def missing_values():
    autoencoder().fit(changed(np.nan))


@raises(ValueError, r"X\[1\] has inf at timestep 1, feature 0. Replace infinite values")
def infinite_values():
    autoencoder().fit(changed(np.inf))


@raises(ValueError, "Complex data not supported. Pass real and imaginary parts as two features")
def spectra():
    autoencoder().fit([np.fft.fft(x[:, 0]) for x in X])


@warns(r"integer 1700000000.*float32.*Subtract an offset")
def timestamps_as_features():
    autoencoder().fit([np.arange(1_700_000_000, 1_700_000_003)] * 3)


@warns("X is float32, but feature 0 has a mean of 1e.06 .*Pass float64, or subtract a constant")
def digits_lost_in_float32():
    autoencoder().fit([(1e6 + 0.1 * x).astype(np.float32) for x in X])


@warns(r"samples end in timesteps whose features are all zero.*set padding_value=0.0")
def padding_by_zeros():
    read(keras.utils.pad_sequences(X, dtype="float32", padding="post"))


@warns(r"begin with timesteps.*from_padded\(X, padding='pre', padding_value=0\)")
def padding_on_the_default_side_of_keras():
    read(keras.utils.pad_sequences([x + 9 for x in X], dtype="float32"))


@raises(ValueError, "'padding_value' parameter .* must be an instance of 'float' or None. Got '0'")
def a_padding_value_as_text():
    autoencoder(padding_value="0").fit(TABLE)


# --- arguments and parameters -----------------------------------------------------------------------------------------


@raises(TypeError, "unexpected keyword argument 'lengths'")
def lengths_beside_x():
    autoencoder().fit(TABLE, lengths=[3] * 6)


@raises(TypeError, "unexpected keyword argument 'epochs'")
def epochs_in_fit():
    autoencoder().fit(X, epochs=3)


@raises(TypeError, "no parameter 'lr'; the nearest is 'learning_rate'")
def the_learning_rate_by_another_name():
    autoencoder(lr=1e-3)


@raises(TypeError, "no parameter 'hidden_size'; the nearest is 'units'")
def the_units_by_another_name():
    autoencoder(hidden_size=64)


@raises(ValueError, "no parameter 'patience'; the nearest is 'n_iter_no_change'")
def the_patience_by_another_name():
    autoencoder().set_params(patience=3)


@raises(ValueError, "learning_rate.*must be a float, got ExponentialDecay.*optimizer=keras.optimizers.Adam")
def a_schedule_as_learning_rate():
    autoencoder(learning_rate=keras.optimizers.schedules.ExponentialDecay(1e-2, 10, 0.9)).fit(X)


@raises(ValueError, r"'learning_rate' parameter .* float in the range \(0.0, inf\). Got '0.1'")
def a_learning_rate_as_text():
    autoencoder(learning_rate="0.1").fit(X)


@raises(ValueError, r"'epochs' parameter .* must be an int .* Got 10.0")
def epochs_as_float():
    autoencoder(epochs=10.0).fit(X)


@raises(ValueError, r"'cell' parameter .* must be a str among .* Got 'transformer'")
def another_cell():
    autoencoder(cell="transformer").fit(X)


@raises(ValueError, "Keras has no optimizer 'adamm'; the nearest is 'adam'")
def a_misspelt_optimizer():
    autoencoder(optimizer="adamm").fit(X)


@raises(ValueError, r"loss must return one value per timestep, an array \(batch, time\), got shape \(\)")
def a_loss_that_returns_a_number():
    autoencoder(loss=lambda y_true, y_pred: keras.ops.mean((y_true - y_pred) ** 2)).fit(X)


@raises(ValueError, "compares probabilities: set scale=None, got scale='standard'")
def cross_entropy_of_scaled_values():
    autoencoder(loss="binary_crossentropy").fit(X)


@raises(ValueError, "compares numbers of at least 0, .* set scale=None")
def poisson_of_scaled_values():
    autoencoder(loss="poisson").fit([np.abs(x) for x in X])


@raises(ValueError, "'early_stopping' parameter .* must be an instance of 'bool'")
def early_stopping_as_callback():
    autoencoder(early_stopping=keras.callbacks.EarlyStopping()).fit(X)


@raises(TypeError, r"callbacks\[0\] must be a keras.callbacks.Callback, got <class")
def a_class_of_callbacks():
    autoencoder(callbacks=[keras.callbacks.History]).fit(X)


class Halving(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) / 2


@warns("callback changed the learning rate, without an effect.*schedule='constant'")
def a_callback_for_the_learning_rate():
    autoencoder(epochs=3, callbacks=[Halving()]).fit(X)


# --- steps of scikit-learn --------------------------------------------------------------------------------------------


@raises(TypeError, r"lengths differ.*PerTimestep\(StandardScaler\(\)\)")
def a_scaler_for_sequences():
    make_pipeline(StandardScaler(), autoencoder()).fit(SEQUENCES)


@raises(TypeError, "Sequences are not an array")
def a_forest_on_sequences():
    RandomForestClassifier().fit(SEQUENCES, LABELS)


@raises(TypeError, "provide an instance of scikit-learn estimator instead of a class")
def a_class_in_per_timestep():
    PerTimestep(StandardScaler).fit(X)


@raises(ValueError, r"shape \(6, 5, 2\), expected an array \(N, F\). Pass X.reshape\(len\(X\), -1\)")
def sequences_for_the_dense_autoencoder():
    DenseAutoencoderTransformer(2, epochs=1).fit(np.zeros((6, 5, 2)))


@raises(ValueError, "no parameter 'n_units'; the nearest is 'units'")
def a_grid_with_a_wrong_name():
    GridSearchCV(autoencoder(), {"n_units": [2]}, cv=2).fit(X)


@raises(ValueError, "n_splits=9|Cannot have number of splits")
def more_folds_than_sequences():
    list(LengthStratifiedKFold(9).split(X))


@raises(TypeError, "missing 1 required positional argument: 'y_true'")
def a_scorer_that_needs_y_for_a_forecaster():
    cross_val_score(regressor(horizon=2), X, cv=2, scoring="neg_mean_absolute_error", error_score="raise")


@raises(ValueError, r"both determine the target.*scoring=TimestepScorer\(metric\) and no y")
def a_y_for_a_forecaster():
    regressor(horizon=2).fit(X, X)


@raises(TypeError, r"metric must be a function of \(y_true, y_pred\), got 'mae'")
def the_name_of_a_metric():
    TimestepScorer("mae")


@raises(ValueError, "response must be 'predict', 'reconstruct' or 'predict_next', got 'transform'")
def a_score_of_encodings():
    TimestepScorer(mean_absolute_error, "transform")


# --- targets ----------------------------------------------------------------------------------------------------------


@warns(r"Each row of y has one 1 among zeros.*pass y.argmax\(axis=1\)")
def one_hot_labels():
    classifier().fit(X, np.eye(3)[[0, 1, 2, 0, 1, 2]])


@raises(ValueError, r"inconsistent numbers of samples: \[6, 2\]")
def too_few_labels():
    classifier().fit(X, [0, 1])


@raises(ValueError, "Unknown label type: continuous")
def numbers_as_labels():
    classifier().fit(X, RNG.randn(6))


@raises(TypeError, r"y\[0\] is of type str.*one number \(N,\).*For labels, use Seq2SeqClassifier")
def labels_for_a_regressor():
    regressor().fit(X, list("ababab"))


@raises(ValueError, "requires y to be passed.*Pass y, or set horizon")
def a_regressor_without_y():
    regressor().fit(X)


@raises(ValueError, r"X\[1\] has 3 timesteps, but horizon=3 requires at least 4")
def a_horizon_that_is_too_long():
    regressor(horizon=3).fit(X)


@raises(ValueError, r"n_timesteps must be an int or an array of 6 ints.*got 2.5")
def half_a_timestep():
    fitted(regressor, horizon=2).predict(X, n_timesteps=2.5)


@raises(ValueError, "n_timesteps=3 does not apply.*Omit n_timesteps")
def a_length_of_numbers():
    fitted(regressor).predict(X, n_timesteps=3)


@raises(ValueError, "sample_weight has 2 values, but there are 6 samples")
def too_few_weights():
    autoencoder().fit(X, sample_weight=[1, 2])


@raises(ValueError, r"X\[0\] has 'z' at timestep 0.*Set handle_unknown='ignore'")
def a_new_token():
    classifier(tokens=True).fit([["a", "b"], ["b"]], [0, 1]).predict([["z"]])


@raises(TypeError, r"X\[0\] is 'ab', expected a sequence of tokens.*list\(...\)")
def words_as_tokens():
    classifier(tokens=True).fit(["ab", "c"], [0, 1])


# --- other data after training ----------------------------------------------------------------------------------------


@raises(NotFittedError, "not fitted yet. Call 'fit'")
def transform_before_fit():
    autoencoder().transform(X)


@raises(NotFittedError, "not fitted yet. Call 'fit'")
def a_loss_curve_before_fit():
    LossCurveDisplay.from_estimator(autoencoder())


@raises(ValueError, "X has 3 features per timestep, but LSTMAutoencoderTransformer was fitted on 2")
def other_features_than_in_training():
    fitted().transform([np.ones((3, 3))])


@raises(ValueError, r"X has 8 features, .* expecting 7 .* columns of a 2-D X are timesteps.*from_padded\(X\)")
def longer_rows_than_in_training():
    fitted_on_table().transform(np.ones((3, 8)))


@raises(ValueError, r"X has 1 features .* fitted on 2. .*pass a single sequence x with several features as \[x\]")
def one_sequence_of_the_training_set():
    fitted().transform(X[0])


@raises(ValueError, "feature names should match .* in the same order: X has .*'b', 'a'")
def features_in_another_order():
    named = SEQUENCES.with_names(["a", "b"])
    PerTimestep(StandardScaler()).fit(named).transform(named.with_names(["b", "a"]))


@raises(ValueError, "The training sequences had from 3 to 7 timesteps: pass n_timesteps")
def decoding_without_lengths():
    fitted().inverse_transform(np.ones((2, 2)))


@raises(ValueError, "architecture changed .*Set warm_start=False, or clone")
def more_units_with_warm_start():
    clone(fitted()).set_params(warm_start=True).fit(X).set_params(units=4).fit(X)


@raises(ValueError, r"X\[2\] has 7 timesteps, but n_timesteps_ is 3.*too_long='truncate'")
def a_padded_length_that_is_too_short():
    SequencePadder(3).fit(X).transform(X)


@raises(ValueError, r"'contamination' parameter .* in the range \(0.0, 0.5\]. Got 5")
def a_contamination_in_percent():
    SequenceOutlierDetector(autoencoder(), contamination=5).fit(X)


# --- Sequences --------------------------------------------------------------------------------------------------------


@raises(ValueError, "Expected one column 'ids', found 0. The columns are")
def a_missing_column():
    Sequences.from_frame(LONG, sample="ids")


@raises(ValueError, "Expected one column 'x', found 2")
def duplicated_columns():
    Sequences.from_frame(pd.DataFrame([[1, 2.0, 3.0]], columns=["id", "x", "x"]), sample="id")


@raises(TypeError, r"Column 'when' holds text \('9:05' in row 0\).*pandas.to_datetime")
def times_as_text():
    Sequences.from_frame(LONG, sample="id", time="when", features=["speed"])


@raises(TypeError, r"Column 'state' holds text \('ok' in row 0\).*features=\[...\]")
def a_column_of_text():
    Sequences.from_frame(LONG.drop(columns="when"), sample="id")


@raises(ValueError, "Sample 1 has time 1 twice. Drop or combine")
def the_same_time_twice():
    Sequences.from_frame(pd.DataFrame({"id": 1, "t": [1, 1], "x": [1.0, 2.0]}), sample="id", time="t")


@raises(ValueError, "lengths sum to 6, but values has 10 timesteps")
def lengths_that_do_not_add_up():
    Sequences.from_packed(np.ones((10, 2)), [3, 3])


@raises(ValueError, r"got a list of sequences, which has no padding. Pass Sequences.from_list\(X\)")
def a_list_as_padded_array():
    Sequences.from_padded(X)


@raises(IndexError, r"Expected an integer, a slice.*got \(0, 1\)")
def an_index_for_time():
    SEQUENCES[0, 1]


# --- files ------------------------------------------------------------------------------------------------------------


@raises(TypeError, "estimator must be one of .*got <Functional")
def saving_a_keras_model():
    skseqae.save(fitted().model_, "model.skseqae")


@raises(TypeError, "(?s)got GridSearchCV.*Of a search, save best_estimator_")
def saving_a_search():
    skseqae.save(GridSearchCV(autoencoder(), {}), "model.skseqae")


@raises(FileNotFoundError, "/no/such/model.skseqae cannot be written: there is no folder /no/such")
def saving_into_a_missing_folder():
    skseqae.save(fitted(), "/no/such/model.skseqae")


@raises(AttributeError, "(?i)can't (pickle|get) local object .*lambda")
def pickling_a_lambda():
    pickle.dumps(autoencoder(decoder=lambda *sizes: None))


@raises(ValueError, r"outputs must be some of .*got \['embedding'\]")
def an_unknown_output():
    skseqae.export_onnx(fitted(), "model.onnx", outputs=["embedding"])


@pytest.mark.parametrize(("mistake", "answer"), MISTAKES, ids=[function.__name__ for function, _ in MISTAKES])
def test_mistakes_are_answered_by_what_to_do(mistake, answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with answer() as caught:
        mistake()
    if isinstance(caught, list):
        assert len(caught) == 1  # of the mistake alone


def test_a_dump_of_joblib_is_refused_with_who_reads_it(tmp_path):
    joblib.dump(fitted(), tmp_path / "model.joblib")
    with pytest.raises(skseqae.SkseqaeFormatError, match="looks like a pickle, which joblib.load reads"):
        skseqae.load(tmp_path / "model.joblib")


def test_the_list_has_seventy_mistakes():
    assert len({function.__name__ for function, _ in MISTAKES}) == len(MISTAKES) >= 70


def test_pca_reads_rows_and_not_sequences():
    """The one mistake that NumPy answers: the package never sees lists that are given to a step of scikit-learn."""
    with pytest.raises(ValueError, match=re.escape("inhomogeneous")):
        make_pipeline(PCA(2), autoencoder()).fit(X)
