"""`python -m train STAGE --recipe FILE`: the command line. Parses, calls one stage, prints errors."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

STAGES = {
    "data": "tokenize the corpus once and cache its ids",
    "subwords": "train the ladder of SentencePiece models",
    "vocabulary": "count words and pieces: what the Vocabulary tab shows of the corpus",
    "lm": "train the language model",
    "unpack": "put the models of a bundle (--bundle) into the run, to go on from them",
    "classifier": "fine-tune the classifier on the language model's encoder",
    "teach": "let the classifier and NB-SVM label reviews of unsup together",
    "student": "train the classifier on, with those reviews too",
    "export": "write the bundle that the app loads",
    "evaluate": "measure the bundle on the test reviews; write metrics.json and the model card",
    "inside": "measure units and memory on held-out reviews; write inside.json into the bundle",
    "labels": "train the classifier with few labels and many; write the curve",
    "baselines": "fit NB-SVM, TF-IDF and VADER on the same split (--test measures test too)",
    "publish": "upload the bundle (--repo OWNER/NAME) or the app (--space OWNER/NAME) to the Hub",
    "all": "data, lm, classifier, teach and student if wanted, export, evaluate, inside: in turn",
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
    ap.add_argument(
        "--recipe", type=Path, help="TOML file with every setting; publish --space needs none"
    )
    ap.add_argument("--data", type=Path, help="corpus folder; default: untar_data(URLs.IMDB)")
    ap.add_argument(
        "--run",
        "--work",  # torchrun takes `--run` for one of its own
        type=Path,
        help="work folder; default: runs/<recipe name>",
    )
    ap.add_argument(
        "--bundle", type=Path, help="bundle folder; default: assets/models/<recipe name>"
    )
    ap.add_argument("--subwords", type=Path, default=Path("assets/subwords"), help="ladder folder")
    ap.add_argument(
        "--counts", type=Path, default=Path("assets/vocabulary"), help="folder of the counts"
    )
    ap.add_argument(
        "--init-from",
        type=Path,
        metavar="RUN",
        help="lm, classifier: start from the model of this run folder; teach: in a second round, from "
        "its students; labels: the Wikipedia model",
    )
    ap.add_argument(
        "--backwards",
        action="store_true",
        help="read every review from its end, in the training stages; results go to RUN/backwards",
    )
    ap.add_argument(
        "--test", action="store_true", help="baselines: measure on the test reviews as well"
    )
    ap.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint")
    ap.add_argument(
        "--minutes", type=float, help="end after so long with a checkpoint; exit status 75"
    )
    ap.add_argument("--repo", metavar="OWNER/NAME", help="publish: the model repository")
    ap.add_argument("--space", metavar="OWNER/NAME", help="publish: the Space that runs the app")
    ap.add_argument(
        "--dry-run", action="store_true", help="publish: list what would go, send nothing"
    )
    ap.add_argument(
        "--snapshot",
        action="append",
        metavar="TITLE=FILE",
        help="export: an earlier lm.pth or lm.checkpoint to show beside the last; may be given again",
    )
    ap.add_argument(
        "--wiki",
        type=Path,
        metavar="RUN",
        help="export: the run whose language model this one began with, for its log and as an earlier "
        "state to show; all: --init-from",
    )
    ap.add_argument(
        "--sentences",
        type=Path,
        metavar="FILE",
        help="evaluate: a table of label and text, tab between them, to measure on sentences too",
    )
    ap.add_argument(
        "--against",
        action="append",
        type=Path,
        metavar="FOLDER",
        help="evaluate: another bundle, to compare with on test (McNemar); may be given again",
    )
    ap.add_argument("--workers", type=int, help="processes that tokenize; default: one a core")
    return ap


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; its exit status. `arguments` in place of the command line's."""
    ap = parser()
    args = ap.parse_args(arguments)
    if args.space and args.stage != "publish":
        ap.error("--space belongs to the stage publish")
    if not args.recipe and not args.space:
        ap.error("the following arguments are required: --recipe")
    warnings.filterwarnings("ignore", category=FutureWarning)
    from train import commands  # fastai takes seconds to import: --help does not need it
    from train.errors import StageError
    from train.stages import OutOfTimeError
    from ulmfit_demo.models.bundle import BundleError

    try:
        if args.space:
            commands.publish_space(args.space, args.dry_run)
        else:
            commands.STAGES[args.stage](commands.read(args))
    except OutOfTimeError as e:
        print(f"train {args.stage}: {e}", file=sys.stderr)
        return 75  # EX_TEMPFAIL: call again
    except (StageError, BundleError, OSError) as e:
        print(f"train {args.stage}: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"train {args.stage}: stopped; --resume goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
