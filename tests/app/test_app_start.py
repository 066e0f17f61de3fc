"""The start: what it leaves out, and that nothing is lost by it."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import gc, sys
import app
assert "fastai.text.core" in sys.modules
left_out = {"sklearn", "spaces", "matplotlib", "scipy.ndimage", "scipy.optimize", "torch._dynamo"}
assert not left_out & set(sys.modules)
from fastai.data.transforms import TrainTestSplitter
train, test = TrainTestSplitter(test_size=0.2, random_state=42)(list(range(10)))
assert sorted([*train, *test]) == list(range(10)) and len(test) == 2
from sklearn.model_selection import train_test_split
assert train_test_split.__module__.startswith("sklearn")
import fastai.imports, fastai.torch_core, matplotlib.pyplot, scipy.ndimage
matplotlib.use("agg")
plt = fastai.imports.plt
assert plt.Axes is matplotlib.pyplot.Axes and plt.subplots is matplotlib.pyplot.subplots
assert fastai.imports.matplotlib.__version__ == matplotlib.__version__
assert fastai.imports.matplotlib.rcParams is matplotlib.rcParams
assert fastai.imports.ndimage.zoom is scipy.ndimage.zoom
figure, axes = fastai.torch_core.subplots(1, 2, sharex=True)
assert isinstance(axes[1], plt.Axes)
assert fastai.torch_core.show_image([[0.0, 1.0]], ax=axes[0]) is axes[0]
frozen = gc.get_freeze_count()
assert gc.isenabled() and frozen > 100_000
import torch, threading
from gradio.routes import App
from ulmfit_demo import startup
from ulmfit_demo.web import gradio_overhead
before, made, create = torch.get_rng_state(), [], App.create_app
counted = staticmethod(lambda *a, **k: made.append(create(*a, **k)) or made[-1])
App.create_app = gradio_overhead.CREATE_APP = counted
given, startup.give_back = [], lambda: given.append(1)
demo = app.build()
assert gc.isenabled() and gc.get_freeze_count() > frozen
assert made == [demo.app] and demo.app is not None  # gradio alone makes three
assert "torch._dynamo" not in sys.modules
[t.join() for t in threading.enumerate() if t is not threading.current_thread() and not t.daemon]
assert torch.equal(torch.get_rng_state(), before)  # no random weights were drawn
assert given == [1]  # once all is there, what was freed went back to the system
"""

ARENAS = """
import ctypes, sys, threading
from ulmfit_demo import startup
if sys.argv[2] == "few":
    startup.few_arenas()
gate = threading.Barrier(9)
def work():
    kept = [bytes(400) for _ in range(100)] + [ctypes.create_string_buffer(600)]
    gate.wait(100)  # all nine hold their place at once
    gate.wait(100)
threads = [threading.Thread(target=work) for _ in range(8)]
for t in threads:
    t.start()
gate.wait(100)
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
gate.wait(100)
"""


def test_the_start_leaves_out_what_no_tab_calls():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=220
    )
    assert done.returncode == 0, done.stderr[-2_000:]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_memory_is_given_from_two_places_however_many_threads(tmp_path):
    heaps = {}
    for how in ("few", "many"):
        out = tmp_path / how
        subprocess.run([sys.executable, "-c", ARENAS, out, how], cwd=ROOT, check=True, timeout=200)
        heaps[how] = out.read_text().count("<heap nr=")
    assert heaps["few"] <= 2 < heaps["many"]
