"""`python -m train STAGE --recipe FILE`: the command line. Parses, calls one stage, prints errors."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

STAGES = {
    "data": "tokenize the corpus once and cache its ids",
    "subwords": "train the ladder of SentencePiece models",
    "vocabulary": "count words and pieces: what the Vocabulary tab shows of the corpus",
    "lm": "train the language model",
    "classifier": "fine-tune the classifier on the language model's encoder",
    "export": "write the bundle that the app loads",
    "evaluate": "measure the bundle on the test reviews; write metrics.json and the model card",
    "all": "data, lm, classifier, export and evaluate, one after another",
}


def parser() -> argparse.ArgumentParser:
    epilog = "stages, in order:\n" + "\n".join(f"  {k:11} {v}" for k, v in STAGES.items())
    ap = argparse.ArgumentParser(
        prog="python -m train",
        description="Train the models of the ULMFiT demo: corpus → models.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ap.add_argument("stage", choices=STAGES, metavar="STAGE", help="which step to run (see below)")
    ap.add_argument("--recipe", type=Path, required=True, help="TOML file with every setting")
    ap.add_argument("--data", type=Path, help="corpus folder; default: untar_data(URLs.IMDB)")
    ap.add_argument("--run", type=Path, help="work folder; default: runs/<recipe name>")
    ap.add_argument("--bundle", type=Path, help="bundle folder; default: assets/models/imdb")
    ap.add_argument("--subwords", type=Path, default=Path("assets/subwords"), help="ladder folder")
    ap.add_argument(
        "--counts", type=Path, default=Path("assets/vocabulary"), help="folder of the counts"
    )
    ap.add_argument(
        "--init-from", type=Path, metavar="RUN", help="lm: start from the model of this run folder"
    )
    ap.add_argument(
        "--backwards",
        action="store_true",
        help="lm, classifier: read every review from its end; the result goes to RUN/backwards",
    )
    ap.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint")
    ap.add_argument(
        "--minutes", type=float, help="end after so long with a checkpoint; exit status 75"
    )
    ap.add_argument("--workers", type=int, help="processes that tokenize; default: one a core")
    return ap


def run(args: argparse.Namespace) -> None:
    from train import classifier, data, evaluate, export, language_model, recipe, subwords, vocabulary
    from train.stages import Run

    settings = recipe.load(args.recipe)
    folder = args.run or Path("runs") / settings.name
    place = folder / export.BACKWARDS if args.backwards else folder
    where = Run(place, args.resume, args.minutes, time.monotonic())
    out = args.bundle or Path("assets/models/imdb")
    stages = (
        ["data", "lm", "classifier", "export", "evaluate"] if args.stage == "all" else [args.stage]
    )
    for stage in stages:
        if stage == "data":
            data.prepare(args.data, folder / "data", settings.data, args.workers)
        elif stage == "subwords":
            subwords.train(args.data, args.subwords, settings.subwords)
        elif stage == "vocabulary":
            cache = data.Corpus(folder / "data")
            vocabulary.prepare(
                args.data, cache, args.subwords, args.counts, settings.subwords
            )
        elif stage == "lm":
            language_model.train(
                data.Corpus(folder / "data", args.backwards),
                settings.lm,
                where,
                source=args.init_from,
            )
        elif stage == "classifier":
            corpus = data.Corpus(folder / "data", args.backwards)
            classifier.train(corpus, settings.lm, settings.classifier, where)
        elif stage == "export":
            export.export(settings, data.Corpus(folder / "data"), folder, out)
        elif stage == "evaluate":
            command = f"python -m train all --recipe {args.recipe}"
            metrics = evaluate.evaluate(out, data.Corpus(folder / "data"), command)
            print_metrics(metrics)


def print_metrics(metrics: dict) -> None:
    for part, values in metrics.items():
        shown = (f"{k} {v:.4f}" for k, v in values.items() if isinstance(v, float))
        print(f"{part}: {', '.join(shown)}")


def main() -> int:
    args = parser().parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    from train.classifier import EncoderError
    from train.data import CorpusError
    from train.export import ExportError
    from train.language_model import InitError
    from train.recipe import RecipeError
    from train.stages import OutOfTimeError
    from ulmfit_demo.models.bundle import BundleError

    try:
        run(args)
    except (
        RecipeError,
        CorpusError,
        EncoderError,
        ExportError,
        InitError,
        BundleError,
        OSError,
    ) as e:
        print(f"train {args.stage}: {e}", file=sys.stderr)
        return 1
    except OutOfTimeError as e:
        print(f"train {args.stage}: {e}", file=sys.stderr)
        return 75  # EX_TEMPFAIL: call again
    except KeyboardInterrupt:
        print(f"train {args.stage}: stopped; --resume goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
