"""`python -m train STAGE --recipe FILE`: the command line. Parses, calls one stage, prints errors."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

STAGES = {
    "data": "tokenize the corpus once and cache its ids",
    "subwords": "train the ladder of SentencePiece models",
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
    ap.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint")
    ap.add_argument("--workers", type=int, help="processes that tokenize; default: one a core")
    return ap


def run(args: argparse.Namespace) -> None:
    from train import classifier, data, evaluate, export, language_model, recipe, subwords

    settings = recipe.load(args.recipe)
    folder = args.run or Path("runs") / settings.name
    out = args.bundle or Path("assets/models/imdb")
    stages = (
        ["data", "lm", "classifier", "export", "evaluate"] if args.stage == "all" else [args.stage]
    )
    for stage in stages:
        if stage == "data":
            data.prepare(args.data, folder / "data", settings.data, args.workers)
        elif stage == "subwords":
            subwords.train(args.data, args.subwords, settings.subwords)
        elif stage == "lm":
            language_model.train(data.Corpus(folder / "data"), settings.lm, folder, args.resume)
        elif stage == "classifier":
            corpus = data.Corpus(folder / "data")
            classifier.train(corpus, settings.lm, settings.classifier, folder, args.resume)
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
    from train.data import CorpusError
    from train.export import ExportError
    from train.recipe import RecipeError
    from ulmfit_demo.models.bundle import BundleError

    try:
        run(args)
    except (RecipeError, CorpusError, ExportError, BundleError, OSError) as e:
        print(f"train {args.stage}: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"train {args.stage}: stopped; --resume goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
