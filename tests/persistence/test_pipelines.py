"""Files of pipelines and transformers: the same outputs after loading, and nothing else is saved or loaded."""

import copy
import json
import os
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skseqae import LSTMAutoencoderTransformer, SkseqaeFormatError, load, save
from skseqae.persistence._file_format import pack, unpack
from skseqae.persistence._scikit_learn import describe_scikit_learn
from skseqae.preprocessing import PerTimestep, Resampler, SequenceImputer, SequencePadder
from tests.persistence.cases import LABELS, X, assert_same, loads, run, through_file
from tests.support.estimators import quick, y

pytest.importorskip("skops.io")
TABLE = pd.DataFrame(np.arange(24.0).reshape(8, 3), columns=["t0", "t1", "t2"])
MASKING = quick(LSTMAutoencoderTransformer, latent_dim=3, missing="mask")


class Doubling(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X


class OtherPipeline(Pipeline):
    pass


@pytest.fixture(scope="module")
def encoder():
    return quick(LSTMAutoencoderTransformer, latent_dim=3).fit(X)


@pytest.fixture(scope="module")
def pipeline(encoder):
    """Every type of step."""
    steps = {
        "scale": PerTimestep(make_pipeline(SimpleImputer(), StandardScaler())),
        "encode": FrozenEstimator(encoder),
        "nested": Pipeline([("select", SelectKBest(k=2)), ("project", PCA(2))], verbose=False),
        "nothing": "passthrough",
        "none": None,
        "classify": LogisticRegression(),
    }
    return Pipeline(list(steps.items())).fit(X, LABELS)


@pytest.fixture(scope="module")
def content(pipeline, tmp_path_factory):
    """The manifest and the tensors of the file of the pipeline."""
    return saved_content(pipeline, tmp_path_factory)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The manifest and the tensors of a file of two steps."""
    fitted = Pipeline([("first", PerTimestep(MinMaxScaler())), ("rows", Resampler(2)), ("last", LogisticRegression())])
    return saved_content(fitted.fit(X, LABELS), tmp_path_factory)


def saved_content(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("pipeline") / "file"
    save(fitted, path)
    return unpack(np.frombuffer(path.read_bytes(), np.uint8))


def changed(content, change):
    """Return a file of the pipeline after `change(steps, tensors)`, which gets the JSON of the steps."""
    manifest, tensors = copy.deepcopy(content)
    change(manifest["estimator"]["Pipeline"]["steps"], tensors)
    return pack(manifest, tensors)


def with_skops(**entries):
    """Return a change of the JSON of an estimator of scikit-learn, the last step."""
    return lambda steps, tensors: steps[-1][1]["skops"].update(entries)


# --- round trips ------------------------------------------------------------------------------------------------------


def test_a_pipeline_has_the_same_outputs_parameters_and_training_after_loading(pipeline, tmp_path):
    loaded = through_file(pipeline, tmp_path)
    assert repr(loaded) == repr(pipeline)
    assert_array_equal(loaded.predict(X), pipeline.predict(X))
    assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))
    assert_same(loaded["encode"].estimator, pipeline["encode"].estimator)
    assert_array_equal(clone(loaded).fit(X, LABELS).predict_proba(X), pipeline.predict_proba(X))


@pytest.mark.parametrize(
    "step",
    [
        *(MinMaxScaler(), FunctionTransformer(np.abs), SGDClassifier(random_state=0), DummyClassifier()),
        *(KNeighborsClassifier(algorithm="brute"), LinearRegression(), SimpleImputer(), SelectKBest(k=2)),
    ],
    ids=lambda step: type(step).__name__,
)
def test_estimators_of_scikit_learn_have_the_same_outputs_after_loading(step, tmp_path):
    fitted = make_pipeline(Resampler(2), clone(step)).fit(X, y)
    method = "predict" if hasattr(fitted, "predict") else "transform"
    assert_array_equal(getattr(through_file(fitted, tmp_path), method)(X), getattr(fitted, method)(X))


@pytest.mark.parametrize("data", [X, TABLE], ids=["sequences", "dataframe"])
@pytest.mark.parametrize(
    "transformer",
    [PerTimestep(StandardScaler()), Resampler(2), SequenceImputer(MASKING), SequencePadder(padding_value=-1.0)],
    ids=lambda transformer: type(transformer).__name__,
)
def test_transformers_of_sequences_are_the_same_after_loading(transformer, data, tmp_path):
    fitted = clone(transformer).fit(data)
    loaded = through_file(fitted, tmp_path)
    assert_same(loaded.transform(data), fitted.transform(data))
    assert loaded.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()
    assert vars(loaded).keys() == vars(fitted).keys()


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("correlations_", np.ones(2), "must be from 0 to 1"),
        ("correlations_", np.zeros(3), r"must be an array of <f8 of shape \(2,\)"),
        ("_n_features", 3, "the network reads 3|is not that of its autoencoder"),
        ("estimator_", quick(LSTMAutoencoderTransformer, latent_dim=3), "must have missing='mask'"),
    ],
    ids=["values", "shape", "features", "autoencoder"],
)
def test_an_inconsistent_imputer_is_refused(attribute, value, message, tmp_path):
    fitted = SequenceImputer(MASKING).fit(X)
    setattr(fitted, attribute, value.fit(X) if attribute == "estimator_" else value)
    with pytest.raises(SkseqaeFormatError, match=message):  # the same check as in `load`
        save(make_pipeline(fitted, Resampler(2).fit(X)), tmp_path / "file")


def test_the_configuration_of_the_output_is_saved(tmp_path):
    fitted = make_pipeline(Resampler(2), StandardScaler()).set_output(transform="pandas").fit(X)
    pd.testing.assert_frame_equal(through_file(fitted, tmp_path).transform(X), fitted.transform(X))


def test_arrays_keep_their_order_in_memory(tmp_path):
    fitted = make_pipeline(Resampler(2), LinearRegression()).fit(X, np.c_[y, y, y])
    for order in "CF":
        fitted[-1].coef_ = np.array(fitted[-1].coef_, order=order)
        loaded = through_file(fitted, tmp_path)[-1].coef_
        assert loaded.flags.f_contiguous == (order == "F")
        assert_array_equal(loaded, fitted[-1].coef_)


def test_the_file_of_a_pipeline_does_not_depend_on_addresses_in_memory(pipeline, tmp_path):
    for name, estimator in {"one": pipeline, "other": copy.deepcopy(pipeline)}.items():
        save(estimator, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_best_estimator_of_a_search_is_saved(tmp_path):
    search = GridSearchCV(make_pipeline(Resampler(2), LogisticRegression()), {"resampler__n_timesteps": [2, 3]}, cv=2)
    search.fit(X, y)
    assert_array_equal(through_file(search.best_estimator_, tmp_path).predict(X), search.predict(X))
    with pytest.raises(TypeError, match="Of a search, save best_estimator_"):
        save(search, tmp_path / "file")


NEW_PROCESS = """
import sys
import numpy as np
import skseqae

folder = sys.argv[1]
X = list(np.load(f"{folder}/X.npz").values())
np.save(f"{folder}/outputs.npy", skseqae.load(f"{folder}/estimator.skseqae").predict_proba(X))
assert not {"tensorflow", "keras"} & sys.modules.keys()
"""


def test_a_fresh_process_loads_a_pipeline_without_keras(pipeline, tmp_path):
    save(pipeline, tmp_path / "estimator.skseqae")
    np.savez(tmp_path / "X.npz", *X)
    run(NEW_PROCESS, tmp_path)
    assert_array_equal(np.load(tmp_path / "outputs.npy"), pipeline.predict_proba(X))


# --- what save refuses ------------------------------------------------------------------------------------------------

REFUSED = {
    "a function": (FunctionTransformer(lambda X: X), r"estimator\['last'\] is .* which is or holds \['tests.*lambda"),
    "a class of the user": (
        Doubling(),
        r"estimator\['last'\] must be one of .*got Doubling\(\)\. Steps of a pipeline may",
    ),
    "a subclass of Pipeline": (OtherPipeline([("a", StandardScaler())]), r"estimator\['last'\] must be one of"),
    "a frozen estimator of the user": (FrozenEstimator(Doubling().fit(None)), r"estimator\['last'\] must be one of"),
    "a tree": (DecisionTreeClassifier(), r"which is or holds \['sklearn\.tree\._tree\.Tree'\]"),
    "a k-d tree": (
        KNeighborsClassifier(algorithm="kd_tree"),
        r"which is or holds \[.*sklearn\.neighbors\._kd_tree\.KDTree",
    ),
    "a generator": (
        LogisticRegression(random_state=np.random.RandomState(0)),
        r"which is or holds \['numpy\.random\.mtrand\.RandomState'\]",
    ),
    "a memory": (make_pipeline(StandardScaler(), memory="folder"), r"estimator\['last'\]\.memory is 'folder'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_step_that_a_file_cannot_hold_is_refused_by_its_name(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    last, message = REFUSED[case]
    fitted = Pipeline([("first", Resampler(2).fit(X)), ("last", last)])
    if not isinstance(last, FrozenEstimator):
        last.fit(fitted[0].transform(X), y)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(TypeError, match=f"(?s){message}"):
        save(fitted, tmp_path / "file")
    assert sorted(tmp_path.iterdir()) == before


def test_a_memory_that_holds_pickles_is_refused_inside_an_estimator(tmp_path):
    fitted = PerTimestep(make_pipeline(StandardScaler())).fit(X)
    fitted.transformer.memory = "folder"
    with pytest.raises(SkseqaeFormatError, match=r"estimator\.transformer\.memory must be None"):
        save(fitted, tmp_path / "file")


def test_an_object_in_a_transformer_of_sequences_is_refused_by_its_name(tmp_path):
    with pytest.raises(
        TypeError, match=r"estimator\.transformer is Doubling\(\), .* \['tests\.persistence.*Doubling'\]"
    ):
        save(PerTimestep(Doubling()).fit(X), tmp_path / "file")


def test_an_additional_attribute_and_steps_that_are_not_fitted_are_refused(tmp_path):
    fitted = make_pipeline(Resampler(2), StandardScaler()).fit(X)
    fitted.note = "mine"
    with pytest.raises(TypeError, match="estimator has an attribute 'note', which a file cannot hold: delete it first"):
        save(fitted, tmp_path / "file")
    for steps in ((Resampler(2).fit(X), StandardScaler()), (Resampler(2), fitted[-1])):
        with pytest.raises(NotFittedError):
            save(make_pipeline(*steps), tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_without_skops_the_extra_is_named(pipeline, content, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(pack(*content))
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (lambda: save(pipeline, tmp_path / "other"), lambda: load(tmp_path / "file")):
        with pytest.raises(ImportError, match=r'skops\.io is not installed: pip install "skseqae\[skops\]"'):
            call()
    through_file(make_pipeline(Resampler(2).fit(X)), tmp_path)


# --- what load refuses ------------------------------------------------------------------------------------------------


def node(loader, name, **more):
    module, _, cls = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": cls, **more}


def as_json(value):
    return node("JsonNode", "builtins.str", content=json.dumps(value))


def as_list(*items):
    return node("ListNode", "builtins.list", content=list(items))


def as_tuple(*items):
    return node("TupleNode", "builtins.tuple", content=list(items))


def as_dict(name="builtins.dict", **items):
    keys = as_list(*(node("TypeNode", "builtins.str") for _ in items))
    return node("DictNode", name, content=items, key_types=keys)


SCALER = "sklearn.preprocessing._data.StandardScaler"
COMMAND = as_tuple(as_json("touch skseqae-was-here"))
ATTRIBUTES = dict.fromkeys(["copy", "with_mean", "with_std"], True) | {"_sklearn_version": sklearn.__version__}
INNER = node("ObjectNode", SCALER, content=as_dict(**{name: as_json(value) for name, value in ATTRIBUTES.items()}))
FORGED = {  # nodes of skops, and the message
    "a function": (node("FunctionNode", "os.system"), r"\['os\.system'\]"),
    "a type": (node("TypeNode", "builtins.eval"), r"\['builtins\.eval'\]"),
    "an object": (node("ObjectNode", "subprocess.Popen", content=as_dict()), r"\['subprocess\.Popen'\]"),
    "a call of a constructor": (node("ConstructorFromReduceNode", "subprocess.Popen", content=COMMAND), "not trusted"),
    "a trusted constructor": (node("ConstructorFromReduceNode", SCALER, content=as_tuple()), "not trusted"),
    "an operator": (node("OperatorFuncNode", "operator.methodcaller", attrs=COMMAND), "not trusted"),
    "a method": (node("MethodNode", SCALER, content={"func": "fit", "obj": INNER}), "not trusted"),
    "a partial": (
        node(
            "PartialNode",
            "functools.partial",
            content=dict.fromkeys(["args", "kwds", "namespace"], as_tuple())
            | {"func": node("TypeNode", "builtins.int")},
        ),
        "not trusted",
    ),
    "a reference": (node("CachedNode", SCALER, __id__=7), "not trusted"),
    "bytes": (node("BytesNode", "builtins.bytes", file="0.npy"), "not trusted"),
    "a sparse matrix": (
        node("SparseMatrixNode", "scipy.sparse._csr.csr_matrix", type="scipy", file="0.npy"),
        "not trusted",
    ),
    "a generator": (node("RandomGeneratorNode", "numpy.random._generator.Generator", content={}), "not trusted"),
    "a tree": (
        node("TreeNode", "sklearn.tree._tree.Tree", content=as_dict(), __reduce__={"args": as_tuple()}),
        "not trusted",
    ),
    "an unknown node": (node("OsNode", "os.system"), "not trusted"),
    "a list of another class": (
        node("ListNode", "builtins.map", content=[]),
        r"\['builtins\.map'\], which are not trusted",
    ),
    "a dict by a function": (as_dict("sklearn.feature_selection._univariate_selection.chi2"), "not trusted"),
    "an array that is a scalar of any size": (
        node("NdArrayNode", "numpy.void", type="numpy", file="0.npy"),
        "not trusted",
    ),
    "an array that a function returns": (node("NdArrayNode", "numpy.sin", type="numpy", file="0.npy"), "not trusted"),
    "an array that is missing": (node("NdArrayNode", "numpy.ndarray", type="numpy", file="9.npy"), "each array once"),
    "an array that is named twice": (
        as_list(*[node("NdArrayNode", "numpy.ndarray", type="numpy", file="0.npy", fortran=False)] * 2),
        "each array once",
    ),
    "an identity": (as_list(INNER | {"__id__": 7}), "has references"),
    "a list of itself": (as_list() | {"__id__": 7, "content": [{"__id__": 7}]}, "has references"),
    "an incomplete node": ({"__loader__": "ListNode"}, "KeyError"),
    "a loader that is a list": ({"__loader__": [], "__module__": "os", "__class__": "system"}, "TypeError"),
    "a content that is not JSON": (node("JsonNode", "builtins.str", content="1e"), "JSONDecodeError"),
    "too deep": (json.loads('{"a":' * 150 + json.dumps(as_json(1)) + "}" * 150), "KeyError"),
}
ROOTS = {  # the whole text
    "a dict": (as_dict(), "is not an estimator of scikit-learn"),
    "a class": (node("TypeNode", "builtins.list"), "is not an estimator of scikit-learn"),
    "an estimator that is not fitted": (INNER, "NotFittedError"),
    "an estimator without attributes": (node("ObjectNode", SCALER), "AttributeError"),
    "an estimator of a list": (node("ObjectNode", SCALER, content=as_list()), "TypeError|AttributeError"),
    "a protocol of the future": (INNER | {"protocol": 99}, "ValueError"),
    "no node": ({}, "KeyError"),
    "a list": ([], "AttributeError"),
    "a number": (3, "AttributeError|TypeError"),
}


@pytest.fixture
def refuse(small, tmp_path, monkeypatch):
    """A function that checks that a file with another last step is refused with a message, and has no other effect."""
    monkeypatch.chdir(tmp_path)
    called = []
    for name in ("system", "popen"):
        monkeypatch.setattr(os, name, lambda *arguments: called.append(arguments))

    def check(schema, message):
        if isinstance(schema, dict):
            schema = {"protocol": 2} | schema

        text = json.dumps(schema)
        arrays = [{"tokens": ["<f8", [1.0]]}] * ('"0.npy"' in text)
        (tmp_path / "file").write_bytes(changed(small, with_skops(schema=text, arrays=arrays)))
        with pytest.raises(SkseqaeFormatError, match=rf"is refused: estimator\['last'\].*({message})"):
            load(tmp_path / "file")
        assert called == []
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    return check


@pytest.mark.parametrize("case", FORGED)
@pytest.mark.parametrize("place", ["attribute", "key type", "whole"])
def test_forged_nodes_are_refused(case, place, refuse):
    forged, message = FORGED[case]
    if place == "attribute":
        forged = node("ObjectNode", SCALER, content=as_dict(mean_=forged))
    elif place == "key type":
        forged = node("DictNode", "builtins.dict", content={"0": as_json(0)}, key_types=as_list(forged))
    refuse(forged, message)


@pytest.mark.parametrize("case", ROOTS)
def test_only_fitted_estimators_are_loaded(case, refuse):
    refuse(*ROOTS[case])


WRONG_STEPS = {  # the JSON of all steps, and the message
    "a text": ("steps", "is not a list"),
    "no steps": ([], "ValueError"),
    "a step without a name": ([["a"]], "must be pairs"),
    "a name that is a number": ([[1, None]], "must be pairs"),
    "a name twice": ([["a", None], ["a", None]], r"Names provided are not unique"),
    "a name of a parameter": ([["memory", None]], "conflict"),
    "a name with two underscores": ([["a__b", None]], "must not contain __"),
    "a function": ([["a", "os.system"]], r"estimator\['a'\] is not an estimator"),
    "a class": ([["a", {"os.system": []}]], r"estimator\['a'\] has \['os\.system'\]"),
    "an unknown class": ([["a", {"class": "OS", "parameters": {}, "fitted": {}}]], r"\['a'\]\.class must be one of"),
    "a frozen list": ([["a", {"FrozenEstimator": []}]], r"estimator\['a'\] is not an estimator"),
    "a nested list": ([["a", {"Pipeline": []}]], r"estimator\['a'\] is not a pipeline"),
    "a description of skops that is a list": ([["a", {"skops": []}]], r"\['a'\] is not an estimator of scikit-learn"),
}


@pytest.mark.parametrize("case", WRONG_STEPS)
def test_wrong_steps_are_refused(case, small, tmp_path):
    steps, message = WRONG_STEPS[case]
    manifest = copy.deepcopy(small[0])
    manifest["estimator"]["Pipeline"]["steps"] = steps
    (tmp_path / "file").write_bytes(pack(manifest, {}))
    with pytest.raises(SkseqaeFormatError, match=f"is refused: .*{message}"):
        load(tmp_path / "file")


@pytest.mark.parametrize(("key", "value"), [("verbose", 1), ("transform_input", "a"), ("transform_input", [1])])
def test_wrong_options_are_refused(key, value, small, tmp_path):
    manifest = copy.deepcopy(small[0])
    manifest["estimator"]["Pipeline"][key] = value
    (tmp_path / "file").write_bytes(pack(manifest, small[1]))
    with pytest.raises(SkseqaeFormatError, match="estimator must have names to transform and a bool verbose"):
        load(tmp_path / "file")


def test_pipelines_of_any_depth_are_loaded_or_refused(small, tmp_path):
    for n_levels in (1, 30, 100, 200):
        step = None
        for level in range(n_levels):
            step = {"Pipeline": {"steps": [["a", step]], "transform_input": None, "verbose": False}}
            step = {"FrozenEstimator": step} if level % 2 else step
        loads(changed(small, lambda steps, tensors, step=step: steps[-1].__setitem__(1, step)), tmp_path / "file")


def paths(value, path=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, key))


UNUSUAL = (None, True, -1, "", "os.system", [], {}, [[]], {"tuple": []}, {"tokens": ["|O", [1]]}, as_json(3), INNER)


def variants(value, seed, n_variants):
    """Yield JSON with one value replaced, missing or twice, at random places."""
    places, random_state = list(paths(value)), np.random.RandomState(seed)
    for _ in range(n_variants):
        other = copy.deepcopy(value)
        *outer, last = places[random_state.randint(len(places))]
        inner = other
        for key in outer:
            inner = inner[key]
        action = random_state.randint(len(UNUSUAL) + 2)
        if action < len(UNUSUAL):
            inner[last] = UNUSUAL[action]
        elif action == len(UNUSUAL):
            del inner[last]
        elif isinstance(inner, list):
            inner.append(inner[last])
        else:
            inner[f"{last}more"] = inner[last]
        yield other


def test_any_change_of_the_text_of_skops_gives_the_one_error_or_none(small, tmp_path):
    text = small[0]["estimator"]["Pipeline"]["steps"][-1][1]["skops"]["schema"]
    results = [
        loads(changed(small, with_skops(schema=json.dumps(schema))), tmp_path / "file")
        for schema in variants(json.loads(text), 0, 300)
    ]
    assert 30 < sum(results) < 200  # attributes that do not matter may have any value


def test_any_change_of_the_manifest_gives_the_one_error_or_none(small, content, tmp_path):
    for (manifest, tensors), n_variants in ((small, 200), (content, 100)):
        results = [
            loads(pack(manifest | {"estimator": estimator}, tensors), tmp_path / "file")
            for estimator in variants(manifest["estimator"], 1, n_variants)
        ]
        assert sum(results) < n_variants / 4


def test_any_change_of_arrays_gives_the_one_error_or_none(small, tmp_path):
    arrays = [np.zeros(3), np.zeros((2, 2, 2)), np.ones(1, "u1"), np.full((1, 4), np.nan), np.ones((), "i8")]
    assert len(small[1]) > 5
    for name in small[1]:
        for array in arrays:
            loads(pack(small[0], small[1] | {name: array}), tmp_path / "file")


def test_arrays_that_are_not_arrays_are_refused(small, tmp_path):
    for arrays in (None, 3, "0.npy", {}, [{"tokens": ["|O", ["a"]]}], [[[1], [1, 2]]], {"dict": [["a", 1]]}):
        assert not loads(changed(small, with_skops(arrays=arrays)), tmp_path / "file")


def test_many_wide_arrays_of_tokens_are_refused_before_they_are_built(small, tmp_path):
    wide = [{"tokens": ["<U4194304", ["a"]]}] * 300
    (tmp_path / "file").write_bytes(changed(small, with_skops(arrays=wide)))
    with pytest.raises(SkseqaeFormatError, match="its tokens have [0-9]{10} bytes, more than"):
        load(tmp_path / "file")


def test_the_description_holds_no_addresses_and_names_each_array_once():
    tensors = {}
    described = describe_scikit_learn(StandardScaler().fit(TABLE), "x", tensors)
    assert "__id__" not in described["schema"]
    assert all(f'"{i}.npy"' in described["schema"] for i in range(len(described["arrays"])))
    assert {each["tensor"] for each in described["arrays"]} == tensors.keys()
