"""A ZeroGPU Space on a machine without one: the real `spaces` package against a small device API.

`spaces` patches torch in this process, forks a worker for each `@spaces.GPU` function, and pickles
arguments and results, all as on Hugging Face. Two things are left out, for want of a GPU: the worker's
CUDA start, and the moving of weights to it. Prints one JSON object.
"""

import http.server
import importlib.util
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path

PATHS = "zero_gpu_paths.py"
allowed, scheduled, refused = [], [], []


class DeviceApi(http.server.BaseHTTPRequestHandler):
    """What `spaces.zero.api` asks of the machine that holds the GPUs."""

    def do_POST(self):
        path, _, query = self.path.partition("?")
        body = b"{}"
        if path == "/schedule" and refused:  # this visitor's minutes are used up
            body = json.dumps(dict(left=3, wait="PT10M")).encode()
            self.send_response(429)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        if path == "/schedule":
            scheduled.append(query)
            answer = dict(idle=True, nvidiaIndex=0, nvidiaUUID="none", allowToken="t")
            body = json.dumps(answer).encode()
        if path == "/allow":
            allowed.append(int(query.rpartition("pid=")[2]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), DeviceApi)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(
    SPACES_ZERO_GPU="true",
    SPACES_ZERO_DEVICE_API_URL=f"http://127.0.0.1:{server.server_port}",
    ZEROGPU_OFFLOAD_DIR=tempfile.mkdtemp(),
    CUDA_VISIBLE_DEVICES="",
)

import spaces  # noqa: E402  (before torch, as in app.py)
import torch  # noqa: E402
from spaces.zero import torch as zero_torch  # noqa: E402

zero_torch.init = lambda uuid: None
zero_torch.move = lambda callback=None: None

from ulmfit_demo import theme  # noqa: E402
from ulmfit_demo.inference import devices, generation, loading, sentiment  # noqa: E402
from ulmfit_demo.models.classification import classify  # noqa: E402
from ulmfit_demo.models.sampling import Sampling  # noqa: E402
from ulmfit_demo.tabs.shared import guard  # noqa: E402

CHANGED = {"by a worker": False}
MANY = [f"Film number {i} was {'boring' if i % 3 else 'wonderful'}." for i in range(150)]


@spaces.GPU
def change_globals() -> tuple[int, bool]:
    CHANGED["by a worker"] = True
    return os.getpid(), torch.cuda.is_available()


def steered(loaded, settings: tuple) -> list[str]:
    """A text that goes on with the second likeliest of its third words: what was chosen, the tokens."""
    *_, written = generation.write(*settings)
    word = [w for w, _ in written.texts[0].drawn[2].alternatives][1]
    *_, after = generation.branch(loaded, written, 0, 2, word)
    return [word, *(d.token for d in after.texts[-1].drawn)]


def main() -> dict:
    loaded = loading.load(theme.ASSETS)
    found = {"patched": torch.cuda.is_available(), "main": os.getpid()}
    found["worker"], found["cuda_in_worker"] = change_globals()
    found["changed"] = CHANGED["by a worker"]

    key = loaded.bundle.key
    live, found["live_device"] = devices.live_models(key)
    found["live_on_cpu"] = live.classifier is devices._on_cpu[key].classifier

    texts = ["A wonderful film.", "", "Boring, stupid and far too long.", "It has its moments."]
    documents = [loaded.numericalize(t) for t in texts if t]
    positive = live.config["classes"].index("pos")
    found["here"] = classify(live.classifier, documents)[:, positive].tolist()
    *_, last = sentiment.many(loaded, texts)
    found["there"], found["device"] = last.positive, last.device

    settings = (loaded, "I liked this movie because", Sampling(temperature=0.7), 8, 2, 5)
    # First in this process: a worker inherits the precision chosen here. One that chose for itself could
    # round otherwise, and a near tie in the draw would go the other way.
    in_a_worker = devices.generate_on_gpu
    devices.generate_on_gpu = in_a_worker.__wrapped__
    on_gpu = dict(devices._on_gpu)
    devices._on_gpu.clear()
    found["alone"] = [[d.token for d in t.drawn] for t in [*generation.write(*settings)][-1].texts]
    devices._on_gpu.update(on_gpu)
    devices.generate_on_gpu = in_a_worker
    found["written"] = [
        [d.token for d in t.drawn] for t in [*generation.write(*settings)][-1].texts
    ]
    found["moved"] = sorted(on_gpu) == [key]
    found["workers"] = sorted(set(allowed))
    found["calls"] = len(scheduled)
    devices._on_gpu.update(on_gpu)

    # More reviews than one batch holds: on the CPU, a worker reads batches side by side.
    documents = [loaded.numericalize(t) for t in MANY]
    found["many_here"] = classify(live.classifier, documents)[:, positive].tolist()
    *_, last = sentiment.many(loaded, MANY)
    found["many_there"] = last.positive
    found["steered"] = steered(loaded, settings)
    devices.generate_on_gpu = in_a_worker.__wrapped__
    found["steered_here"] = steered(loaded, settings)
    devices.generate_on_gpu = in_a_worker

    before = len(scheduled)
    spec = importlib.util.spec_from_file_location("paths", Path(__file__).with_name(PATHS))
    paths = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paths)
    found["paths"] = paths.answers(loaded)
    found["paths_calls"] = len(scheduled) - before

    refused.append(True)
    *_, found["no_gpu"] = guard.guarded()(lambda: (yield from sentiment.many(loaded, texts)))()
    *_, found["no_gpu_text"] = guard.guarded()(lambda: (yield from generation.write(*settings)))()
    return found


if __name__ == "__main__":
    try:
        print("FOUND " + json.dumps(main()))
        sys.stdout.flush()
    except Exception:
        traceback.print_exc()
    finally:
        for worker in set(allowed):
            os.kill(worker, signal.SIGKILL)
        os._exit(0)  # nothing is to be waited for
