"""Configurations of model selection, and the data sets."""

from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV

from skseqae import datasets
from skseqae.datasets import make_counters, make_events, make_reversals, make_waves
from skseqae.model_selection import LengthStratifiedKFold, TimestepScorer
from tests.stress.digests.data import NEW, SHORTER, X
from tests.stress.digests.digest import digest, digest_all, sample_weights
from tests.stress.digests.estimators import autoencoder, pickle_and_load, regressor
from tests.stress.digests.registry import configuration


@configuration
def model_selection():
    found = {}
    for name, folds in {
        "plain": LengthStratifiedKFold(4),
        "shuffled": LengthStratifiedKFold(4, shuffle=True, random_state=3),
    }.items():
        found[name] = digest([list(pair) for pair in folds.split(X)])
    fitted = autoencoder(objective="composite").fit(X)
    for response in ("reconstruct", "predict_next"):
        scorer = TimestepScorer(mean_absolute_error, response=response, greater_is_better=False)
        found[response] = digest(scorer(fitted, NEW))
        found[f"{response}.weighted"] = digest(scorer(fitted, NEW, sample_weight=sample_weights(len(NEW))))
    scorer = TimestepScorer(mean_absolute_error)
    return found | {"predict": digest(scorer(regressor().fit(X, SHORTER), X[:6], SHORTER[:6]))}


@configuration
def model_selection_searches():
    grid = {"latent_dim": [3, 4], "optimizer__beta_1": [0.8, 0.9]}
    search = GridSearchCV(autoencoder(epochs=1), grid, cv=LengthStratifiedKFold(2)).fit(X)
    found = {name: digest(search.cv_results_[name]) for name in ("split0_test_score", "split1_test_score")}
    return found | digest_all(search.best_estimator_, NEW) | {"pickle": digest(pickle_and_load(search).transform(NEW))}


@configuration
def data_sets():
    digits = datasets.make_moving_digits(5, n_timesteps=(3, 6), n_digits=2, random_state=0)
    vowels = datasets.load_japanese_vowels(return_X_y=True)
    truth = make_waves(9, n_features=3, return_truth=True, random_state=0)
    return {
        "make_waves": digest(list(truth[:2])),
        "make_waves.truth": digest(dict(truth[2])),
        "make_counters": digest(list(make_counters(9, random_state=1))),
        "make_events": digest(list(make_events(9, random_state=2))),
        "make_reversals": digest(list(make_reversals(9, lengths=(1, 7), random_state=3))),
        "make_moving_digits": digest(list(digits)),
        "load_japanese_vowels": digest(list(vowels)),
        "load_japanese_vowels.train": digest(list(datasets.load_japanese_vowels(subset="train", return_X_y=True))),
    }
