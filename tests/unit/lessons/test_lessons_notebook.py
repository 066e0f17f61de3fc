"""The lesson of each tab as a notebook: valid, and every cell runs from top to bottom."""

import ast

import gradio as gr
import nbformat
import pytest
from nbclient import NotebookClient

from ulmfit_demo import lessons, services, theme
from ulmfit_demo.page import TABS
from ulmfit_demo.tabs import batches_code, notebooks
from ulmfit_demo.tabs.controls import INNER, legal


@pytest.fixture(scope="module")
def loaded():
    return services.load(theme.ASSETS)


def text_of(loaded, tab: str) -> str:
    with gr.Blocks(), gr.Tabs(), gr.Tab(tab):
        controls = TABS[tab].build(loaded)
    assert controls.tab == tab.lower()
    return notebooks.text(loaded, controls)


@pytest.mark.parametrize("tab", TABS)
def test_a_notebook_runs_from_top_to_bottom(loaded, tab, tmp_path):
    found = nbformat.reads(text_of(loaded, tab), as_version=4)
    nbformat.validate(found)
    titles = [
        c.source for c in found.cells if c.cell_type == "markdown" and c.source.startswith("## ")
    ]
    assert len(titles) == len(lessons.steps(tab.lower())) + 1  # and "Check yourself"
    inside = batches_code.ROOT / "tests"  # anywhere in the repository
    NotebookClient(found, timeout=220, resources={"metadata": {"path": str(inside)}}).execute()
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
