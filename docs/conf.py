"""How the documentation is built: `make docs`. Offline; formulas become MathML, as in the report."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "gradlag"
author = "the gradlag contributors"
project_copyright = "2026, the gradlag contributors"
extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton", "docs.generate"]
copybutton_prompt_text = "$ "
html_show_search_summary = False  # it would fetch pages, which a browser forbids from disk
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "gradlag"
html_static_path = ["static"]
html_css_files = ["gradlag.css"]
html_js_files = ["atlas.js"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
exclude_patterns = ["generate", "gallery"]
html_math_renderer = "mathml"
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]
highlight_language = "none"
