"""Configuration of Sphinx; `make docs` builds without a network and treats warnings as errors."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

from sphinx.ext.napoleon.docstring import GoogleDocstring

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "cosfast"
author = "the cosfast authors"
release = version = installed_version("cosfast")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

myst_heading_anchors = 3  # for links such as resuming.md#downloads, which also work in a repository

default_role = "py:obj"  # `name` in a docstring becomes a link if the name exists, otherwise code
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"exclude-members": "count,index"}
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
add_module_names = False
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"cosfast {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
pygments_style = "tango"
pygments_dark_style = "github-dark"


def setup(app: Sphinx) -> None:
    """Process the docstrings of properties before Napoleon does."""
    app.connect("autodoc-process-docstring", _read_property, priority=400)


def _read_property(
    app: Sphinx, what: str, name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Process the docstring of a property like that of a function.

    Napoleon would treat the text before the first colon as its type, and would not process its
    sections. The empty comment before the processed docstring prevents that.
    """
    if what in {"attribute", "data", "property"}:
        lines[:] = ["..", "", *GoogleDocstring(lines, app.config, app, "function", name).lines()]
