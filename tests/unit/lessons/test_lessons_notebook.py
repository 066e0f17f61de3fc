"""The lesson of each tab as a notebook: valid, and every cell runs from top to bottom."""

import ast
import re

import gradio as gr
import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

from ulmfit_demo import lessons, theme
from ulmfit_demo.inference import loading
from ulmfit_demo.lessons import notebook
from ulmfit_demo.page import TABS
from ulmfit_demo.tabs.batches import batches_code
from ulmfit_demo.tabs.shared import notebooks
from ulmfit_demo.tabs.shared.controls import INNER
from ulmfit_demo.tabs.shared.link_values import legal

ASKS = re.compile(r"\b([Pp]ress|[Cc]lick|[Hh]over) ")  # what only the page has


@pytest.fixture(scope="module")
def loaded():
    return loading.load(theme.ASSETS)


@pytest.fixture(scope="module")
def kernel():
    """One for all notebooks, which imports torch once; each begins without the names of the others."""
    manager = AsyncKernelManager(kernel_name="python3")
    yield manager
    if manager.has_kernel:
        run_sync(manager.shutdown_kernel)(now=True)


def text_of(loaded, tab: str) -> str:
    with gr.Blocks(), gr.Tabs(), gr.Tab(tab):
        controls = TABS[tab].build(loaded)
    assert controls.tab == tab.lower()
    return notebooks.text(loaded, controls)


@pytest.mark.parametrize("tab", TABS)
def test_a_notebook_runs_from_top_to_bottom(loaded, kernel, tab):
    found = nbformat.reads(text_of(loaded, tab), as_version=4)
    nbformat.validate(found)
    titles = [
        c.source for c in found.cells if c.cell_type == "markdown" and c.source.startswith("## ")
    ]
    assert len(titles) == len(lessons.steps(tab.lower())) + 1  # and "Check yourself"
    inside = batches_code.ROOT / "tests"  # anywhere in the repository
    found.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    at = {"metadata": {"path": str(inside)}}
    client = NotebookClient(found, km=kernel, timeout=220, resources=at)
    client.execute()
    client.kc.stop_channels()
    del found.cells[0]
    assert not [
        c.source for c in found.cells if c.cell_type == "markdown" and ASKS.search(c.source)
    ]
    standing: dict[str, str] = {}  # a definition may come back after another one of its name
    for c in found.cells:
        if c.cell_type != "code" or "%pip" in c.source:
            continue
        for node in ast.parse(c.source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ImportFrom):
                lines = ast.unparse(node)
                name = lines if isinstance(node, ast.ImportFrom) else node.name
                assert standing.get(name) != lines
                standing[name] = lines
    ran = [c for c in found.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in ran)
    assert any(o for c in ran for o in c.outputs)


def test_a_visitors_text_cannot_become_code(loaded):
    with gr.Blocks(), gr.Tabs(), gr.Tab("Tokenizers"):
        controls = TABS["Tokenizers"].build(loaded)
    evil = "'''\nimport os; os.abort()\n\"\"\" «text» \\"
    lines = controls.code({**controls.defaults(), "text": evil})
    assigned = [
        node.value
        for node in ast.walk(ast.parse(lines))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "txt"
    ]
    assert [ast.literal_eval(value) for value in assigned] == [evil]


@pytest.mark.parametrize("tab", TABS)
def test_a_step_sets_what_its_tab_has_to_what_it_can_hold(loaded, tab):
    with gr.Blocks(), gr.Tabs(), gr.Tab(tab):
        controls = TABS[tab].build(loaded)
    for step in lessons.steps(tab.lower()):
        for name, value in step["set"].items():
            if name == INNER:
                assert value in controls.views, step["title"]
                continue
            raw = str(int(value)) if isinstance(value, bool) else str(value)
            assert legal(controls.items[name], raw) == value, step["title"]


def test_definitions_and_imports_are_not_repeated_and_values_are():
    defined: dict[str, str] = {}
    first = "import os\n\n\ndef f(x):\n    return x\n\n\na = f(1)"
    assert (
        notebook.without_repeats(first, defined) == "import os\ndef f(x):\n    return x\na = f(1)"
    )
    assert notebook.without_repeats(first.replace("f(1)", "f(2)"), defined) == "a = f(2)"
    assert notebook.without_repeats("def f(x):\n    return 2 * x\nf(1)", defined).startswith(
        "def f"
    )
    assert notebook.without_repeats(first, defined).startswith("def f")  # its body is another now


def test_a_step_is_read_without_what_only_the_page_has():
    assert notebook.as_read("It rises. Press Write. `a` holds 3.5: so be it.") == (
        "It rises. `a` holds 3.5: so be it."
    )
