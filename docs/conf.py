"""Sphinx configuration. The build fetches nothing, and neither do the pages."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.utils.math.latex2mathml import tex2mathml

from mixtura import GaussianMixture, load_dataset
from mixtura.report.player import player_html

sys.path.insert(0, str(Path(__file__).parent))
from errata_values import values

project = "mixtura"
author = "The mixtura developers"
copyright = "2026, The mixtura developers"
version = release = installed_version("mixtura")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "myst_parser",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
nitpicky = False

myst_enable_extensions = ["dollarmath", "deflist", "substitution"]
# What the errata page says is right is computed now.
myst_substitutions = values()
myst_heading_anchors = 3
myst_links_external_new_tab = False

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# scikit-learn's pages are not at hand when this builds without a network.
suppress_warnings = ["ref.ref"]

COURSE = ("lesson_16", "lecture_15", "iris", "walk_through", "slides")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "subsection_order": [f"../examples/{source}" for source in COURSE],
    "within_subsection_order": "FileNameSortKey",
    "capture_repr": ("_repr_html_",),
    "image_srcset": ["2x"],
    "thumbnail_size": (400, 260),
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "reference_url": {"mixtura": None},
    "doc_module": (),
    "backreferences_dir": None,
}

html_theme = "pydata_sphinx_theme"
html_title = "mixtura"
html_static_path = ["_static"]
html_extra_path = ["model-file.schema.json"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}
html_sidebars = {page: [] for page in ("index", "quickstart", "accuracy", "benchmarks")}


def inline_math(translator, node):
    """Write a formula as MathML, which browsers draw without a script."""
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def display_math(translator, node):
    """Write a displayed formula as MathML in a box that scrolls if it is wide."""
    formula = tex2mathml(node.astext(), as_block=True)
    translator.body.append(f'<div class="math-display">{formula}</div>')
    raise nodes.SkipNode


class EMPlayerDirective(Directive):
    """The EM player, of a fit that is made while the page is built."""

    def run(self):
        """Fit Old Faithful from two means that are far off."""
        table = load_dataset("old-faithful")
        model = GaussianMixture(
            2,
            means_init=[[2.5, 80.0], [4.5, 60.0]],
            tol=1e-9,
            acceleration=None,
            record=True,
        ).fit(table.values)
        recording = model.trace_.recording(table.values, title="Old Faithful")
        shown = player_html({**recording, "columns": list(table.names)})
        return [nodes.raw("", shown, format="html")]


def setup(app):
    app.add_directive("em-player", EMPlayerDirective)
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(inline_math, None),
        block_renderers=(display_math, None),
    )
    app.config.html_math_renderer = "mathml"
