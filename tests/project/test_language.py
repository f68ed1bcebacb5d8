"""The words of the project: those of scikit-learn's and Keras' documentation, in code, pages, examples and tests."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# a word or phrase that readers of the field would have to translate: what to write instead
WORDS = {
    r"says?|said|saying": "reconstruct, decode, predict, output, return",
    r"tells?|told|telling": "detect, distinguish, report",
    r"company|mates?": "other samples in the batch",
    r"hears?|heard|speaks?|spoken|spoke|speaking": "receive, be eligible",
    r"verbs?": "method",
    r"(?:comes?|came|coming) (?:in|out)": "input, output",
    r"(?:go|goes|going|went)[_ ]on": "resume, continue",
    r"in use|as it comes|as good as absent": "at inference, with default parameters, equivalent to removing",
    r"sake": "present for API consistency by convention",
    r"floors?": "baseline",
    r"laws?": "guarantee, property",
    r"symbols?": "token",
    r"[Ss]teppers?": "step",
    r"surplus|mass": "length_offset, total_weight",
    r"(?<!there )(?:is|are|was|were) no(?= (?!longer|more|better|other|less)\w)": "is not a",
    r"(?:at most )?so (?:many|few)": "at most n, n",
    r"whatever|but for": "any, except",
    r"in a row|in turn|one's own|ways? back": "consecutive, interleaved, custom, conversion",
    r"films?|dear|spellers?": "video, expensive, seq2seq",
    r"campaigns?|houses?|rooms?": "stress test, package, module",
    r"(?:MOST|FEWEST|LARGEST|LONGEST)_\w+": "MAX_, MIN_",
}
PATTERN = {re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE): instead for words, instead in WORDS.items()}
PUBLIC_NAMES = re.compile(r"\bn_symbols\b|\bnp\.floor\b")  # a parameter of `make_reversals`, and NumPy's
# honest uses: the file, and the text in which the word stands
ALLOWED = {
    "examples/plot_few_labels.py": ["spoken vowels"],
    "examples/plot_objectives.py": ["spoken vowels"],
    "tests/datasets/test_datasets.py": ["centres of mass"],
    "tests/persistence/test_json_values.py": ['{"symbols": ', "a valid symbols"],  # of files of format 1
    "tests/persistence/test_versions.py": ['{"symbols":'],
    "tests/support/hostile_files.py": ['"symbols"', "(symbols|tokens)"],
    "skseqae/persistence/_versions.py": ['"symbols": "tokens"', '"surplus": "length_offset"'],
}
SUFFIXES = {".py", ".md", ".rst", ".toml", ".yml", ".yaml", ".cff", ".css"}
FOLDERS = ("skseqae", "tests", "docs", "examples", "benchmarks", ".github")
SKIPPED = ("docs/_build", "docs/_generated", "tests/project/test_language.py")
FILES = sorted(
    path
    for path in [*ROOT.glob("*.*"), *(each for folder in FOLDERS for each in (ROOT / folder).rglob("*"))]
    if path.suffix in SUFFIXES and not path.relative_to(ROOT).as_posix().startswith(SKIPPED)
)


def words_in(path):
    """Yield the line, the word and its replacement of every word of the list in a file, without honest uses."""
    name = path.relative_to(ROOT).as_posix()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for allowed in ALLOWED.get(name, ()):
            line = line.replace(allowed, "")
        line = PUBLIC_NAMES.sub("", line)
        line = re.sub(r"(?<=[a-z0-9])_(?=[a-z0-9])", " ", line)  # identifiers are read word by word
        for pattern, instead in PATTERN.items():
            yield from (f"{name}:{number}: {found[0]!r}, better: {instead}" for found in pattern.finditer(line))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_words_of_the_list_are_not_used(path):
    assert list(words_in(path)) == []


def test_honest_uses_are_still_there():
    """So that the list of exceptions does not outlive them."""
    for name, texts in ALLOWED.items():
        content = (ROOT / name).read_text(encoding="utf-8")
        assert [text for text in texts if text not in content] == [], name


def test_words_are_found():
    for sentence in ("It says so.", "the verbs", "def test_it_tells_outliers():", "MOST_ROWS = 3", "it is no file"):
        assert any(pattern.search(re.sub("(?<=[a-z])_(?=[a-z])", " ", sentence)) for pattern in PATTERN), sentence
