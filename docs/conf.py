"""Build the documentation: a start page, recipes, the reference made of docstrings, and the examples, which are run."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or its messages stand among the output of the examples
sys.path.insert(0, str(Path(__file__).parent))  # for gallery.py

import skseqae

project = "skseqae"
author = "The skseqae developers"
copyright = author
version = release = skseqae.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx_gallery.gen_gallery"]
exclude_patterns = ["_build"]
templates_path = ["templates"]
default_role = "py:obj"  # a name in backticks is a link where it is the name of something here
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "skseqae"
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["look.css"]
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 8,
    "navbar_persistent": ["search-button"],  # an icon, or the header takes two rows
    "secondary_sidebar_items": {"**": ["page-toc"], "features": []},  # whose table takes the width
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {
    name: []
    for name in (
        *("index", "changelog", "comparison", "containers", "detection", "development", "features", "glossary"),
        *("migrating", "missing", "recipes", "settings", "user_guide"),
    )
}

autosummary_generate = True
autodoc_default_options = {"members": True, "inherited-members": True}
numpydoc_show_class_members = False  # autodoc writes them
myst_heading_anchors = 3
myst_enable_extensions = ["deflist", "dollarmath"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "_generated/examples",
    "filename_pattern": r"plot_(display|networks|outliers)\.py",  # are run: the others train for minutes to hours
    "ignore_pattern": "quickstart|tutorial_parameters",
    "reset_argv": "gallery.arguments_of",
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
}


def skip_inherited(app, what, name, member, skip, options):
    """Leave out inherited members, such as `get_params` and metadata routing, except for two that everyone calls."""
    module = getattr(getattr(member, "fget", member), "__module__", None)
    return skip or not (name in ("fit_transform", "fit_predict") or str(module).startswith("skseqae"))


def setup(app):
    """Register the function above with Sphinx."""
    app.connect("autodoc-skip-member", skip_inherited)
