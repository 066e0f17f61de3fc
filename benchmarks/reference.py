"""fastai's own learners holding a bundle's weights, to measure and test against. Part of no app.

Also texts of a review's length, so that no
benchmark needs the corpus, and the timing loop that all of them share.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from train import unpack  # noqa: E402
from train.state_dicts import fastai_lm  # noqa: E402
from ulmfit_demo.models import bundle  # noqa: E402

CORPUS = Path(os.environ.get("ULMFIT_DATA", ROOT / "runs" / "first" / "data"))  # ids only


def shipped() -> bundle.Bundle:
    """The bundle that the app would load."""
    return bundle.load(Path(os.environ.get("ULMFIT_BUNDLE", ROOT / "assets" / "models" / "imdb")))


def _config(loaded: bundle.Bundle) -> dict:
    return {k: loaded.config[k] for k in ("emb_sz", "n_hid", "n_layers")}


def fastai_language_model(loaded: bundle.Bundle) -> torch.nn.Module:
    """fastai's `get_language_model` with the weights of `loaded`, in eval mode."""
    from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_lm_config
    from fastai.text.models.core import get_language_model

    model = get_language_model(
        AWD_LSTM, len(loaded.vocab), {**awd_lstm_lm_config, **_config(loaded)}
    )
    model.load_state_dict(fastai_lm(loaded.lm.state_dict()))
    return model.eval()


def fastai_classifier(loaded: bundle.Bundle) -> torch.nn.Module:
    """fastai's `get_text_classifier` with the weights of `loaded`, in eval mode."""
    return unpack.fastai_classifier(loaded, loaded.classifier).eval()


def fastai_learner(loaded: bundle.Bundle, classifier: bool):
    """fastai's learner, as a notebook would make it, around one of the two models."""
    import pandas as pd
    from fastai.text.all import CrossEntropyLossFlat, LMLearner, TextDataLoaders, TextLearner

    frame = pd.DataFrame({"text": reviews(8, 60), "label": ["neg", "pos"] * 4})
    dls = TextDataLoaders.from_df(
        frame,
        text_col="text",
        label_col="label",
        is_lm=not classifier,
        text_vocab=loaded.vocab,
        bs=64 if classifier else 2,
        seq_len=loaded.config["classifier"]["bptt"] if classifier else 70,
        valid_pct=0.25 if classifier else 0.5,
        device=torch.device("cpu"),
    )
    model = fastai_classifier(loaded) if classifier else fastai_language_model(loaded)
    kind = TextLearner if classifier else LMLearner
    return kind(dls, model, loss_func=CrossEntropyLossFlat())


WORDS = json.loads(
    """["the","film","a","and","of","to","is","it","in","this","that","was","story","actor","plot",
"but","with","for","slow","great","bad","scene","music","end","first","never","really","watch","time",
"good","boring","funny","director","dialogue","camera","wonderful","awful","not","very","people"]"""
)


def reviews(n: int, words: int = 230, seed: int = 0, spread: float = 0.55) -> list[str]:
    """`n` texts whose lengths are spread like IMDb's (log-normal, median about `words` * 0.75)."""
    rng = random.Random(seed)
    texts = []
    for _ in range(n):
        length = min(1_500, max(10, round(words * 0.75 * rng.lognormvariate(0, spread))))
        out = [rng.choice(WORDS) for _ in range(length)]
        for i in range(rng.randrange(8, 15), length, 13):
            out[i] = out[i] + "."
        texts.append(" ".join(out).capitalize() + ".")
    return texts


def exactly(words: int, seed: int = 0) -> str:
    """One text of exactly `words` words."""
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(words))


def arguments(about: str, **extra: tuple) -> argparse.Namespace:
    """The command line that all benchmarks share; `extra` are (default, help) by name."""
    ap = argparse.ArgumentParser(description=about)
    ap.add_argument("--repeats", type=int, default=5, help="rounds; medians are taken (at least 5)")
    ap.add_argument("--threads", type=int, help="threads of torch; default: its own choice")
    ap.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: processor time of this process, for a machine that is busy (with --threads 1)",
    )
    for name, (default, text) in extra.items():
        ap.add_argument(f"--{name}", type=type(default), default=default, help=text)
    args = ap.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    warnings.filterwarnings("ignore")
    return args


def interleaved(fns: dict[str, Callable[[], object]], args: argparse.Namespace) -> dict[str, float]:
    """Median seconds of each function; one after another in each round, so that load hits all alike."""
    clock = time.process_time if args.clock == "cpu" else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in fns}
    for fn in fns.values():
        fn()  # warm
    for _ in range(max(5, args.repeats)):
        for name, fn in fns.items():
            start = clock()
            fn()
            times[name].append(clock() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def report(title: str, rows: dict[str, object]) -> None:
    """Print one benchmark's figures and the machine that gave them."""
    load = os.getloadavg()[0]
    print(f"{title}\n  torch {torch.__version__}, {torch.get_num_threads()} threads, ", end="")
    print(f"{torch.backends.cpu.get_cpu_capability()}, {platform.machine()}, load {load:.1f}")
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"  {name:{width}}  {value}")


def ids_of(loaded: bundle.Bundle, texts: Sequence[str]) -> list[list[int]]:
    """Texts → ids, as the app reads them."""
    from ulmfit_demo.tokens import Vocab, fastai_tokens

    vocab = Vocab(loaded.vocab)
    return [vocab.numericalize(fastai_tokens(x)) for x in texts]
