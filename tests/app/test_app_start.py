"""The start: what it leaves out, and that nothing is lost by it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import gc, sys
import app
assert "fastai.text.core" in sys.modules
assert "sklearn" not in sys.modules and "spaces" not in sys.modules
from fastai.data.transforms import TrainTestSplitter
train, test = TrainTestSplitter(test_size=0.2, random_state=42)(list(range(10)))
assert sorted([*train, *test]) == list(range(10)) and len(test) == 2
from sklearn.model_selection import train_test_split
assert train_test_split.__module__.startswith("sklearn")
assert not gc.isenabled()
app.build()
assert gc.isenabled() and gc.get_freeze_count() > 100_000
"""


def test_the_start_leaves_out_what_no_tab_calls():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2_000:]
