"""The code of the migration guide runs."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "migrating.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def test_code_of_the_migration_guide_runs_block_by_block():
    names = {}
    for block in CODE:
        exec(compile(block, "migrating.md", "exec"), names)
    assert names["encodings"].shape == (200, 16)
    assert names["again"].shape == names["waves"][0].shape
    assert names["as_before"].n_iter_ == 100
    assert len(CODE) == 2 + PAGE.count("Instead:") + 1
