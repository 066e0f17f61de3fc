"""One small function a stage: arguments and recipe → the stage's own module. Does no work of its own."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

from train import distributed
from train import recipe as recipes
from train.data import Corpus
from train.export import newer
from train.logs import BACKWARDS
from train.recipe import Recipe
from train.stages import Run

BASELINES = Path("assets/baselines")  # the NB-SVM that the app shows


@dataclass(frozen=True)
class Call:
    """What a stage is given: the command's arguments, read once."""

    args: argparse.Namespace
    recipe: Recipe
    folder: Path  # the run
    where: Run  # where this direction's weights go

    def corpus(self, backwards: bool = False) -> Corpus:
        return Corpus(self.folder / "data", backwards)

    def turned(self) -> Call:
        """The same, for reviews read from their end; it starts from what was read that way too."""
        source = self.args.init_from and self.args.init_from / BACKWARDS
        there = source is not None and (source / "lm.pth").is_file()
        changed = {"backwards": True, "init_from": source if there else None}
        args = argparse.Namespace(**{**vars(self.args), **changed})
        return replace(self, args=args, where=replace(self.where, folder=self.folder / BACKWARDS))

    @property
    def bundle(self) -> Path:
        return self.args.bundle or Path("assets/models") / self.recipe.name


def read(args: argparse.Namespace) -> Call:
    """The call that `args` describe. Raises `RecipeError`."""
    recipe = recipes.load(args.recipe)
    folder = args.run or Path("runs") / recipe.name
    place = folder / BACKWARDS if args.backwards else folder
    group = distributed.start()
    where = Run(place, args.resume, group, args.minutes, time.monotonic())
    return Call(args, recipe, folder, where)


def data(call: Call) -> None:
    from train import data

    data.prepare(call.args.data, call.folder / "data", call.recipe.data, call.args.workers)


def subwords(call: Call) -> None:
    from train import subwords

    subwords.train(call.args.data, call.args.subwords, call.recipe.subwords)


def vocabulary(call: Call) -> None:
    from train import vocabulary

    vocabulary.prepare(
        call.args.data, call.corpus(), call.args.subwords, call.args.counts, call.recipe.subwords
    )


def lm(call: Call) -> None:
    from train import language_model

    corpus = call.corpus(call.args.backwards)
    language_model.train(corpus, call.recipe.lm, call.where, source=call.args.init_from)
    distributed.stop(call.where.group)


def unpack(call: Call) -> None:
    from train import unpack

    unpack.unpack(call.bundle, call.corpus(), call.recipe.lm, call.folder)


def classifier(call: Call) -> None:
    from train import classifier

    corpus = call.corpus(call.args.backwards)
    source = call.args.init_from if call.args.stage == "classifier" else None  # `all`: the lm's
    settings = call.recipe.classifier
    classifier.train(corpus, call.recipe.lm, settings, call.where, source=source)


def teach(call: Call) -> None:
    from train import teacher

    if call.recipe.student.first and call.args.init_from:
        teacher.begin_round(call.args.init_from, call.folder)
    taught = teacher.teach(call.recipe, call.corpus(), call.folder)
    share = (taught.positive > 0.5).mean()
    print(f"{len(taught.which):,} reviews labelled, {share:.1%} of them positive")


def student(call: Call) -> None:
    from train import student

    corpus = call.corpus(call.args.backwards)
    student.train(corpus, call.recipe.lm, call.recipe.student, call.where)


def labels(call: Call) -> None:
    from train import labels

    found = labels.curve(call.recipe, call.corpus(), call.folder, call.args.init_from)
    for p in found:
        print(f"{p['labels']:6,} labels, from {p['start']}: accuracy {p['accuracy']:.4f}")


def export(call: Call) -> None:
    from train import export

    snapshots: dict[str, Path] = {}
    for entry in call.args.snapshot or ():
        title, separator, path = entry.rpartition("=")
        if not separator:
            raise export.ExportError(f"--snapshot must be TITLE=FILE, not {entry!r}")
        snapshots[title] = Path(path)
    wiki = call.args.wiki
    if wiki is None and call.args.stage == "all" and call.recipe.pretraining.text:
        wiki = call.args.init_from
    given = (
        call.args.wiki is not None or not call.recipe.student.first
    )  # else: the first round's run
    if wiki is not None and given and not snapshots:  # "what training changes" begins with it
        snapshots = {"Wikipedia": wiki / "lm.pth"}
    export.export(call.recipe, call.corpus(), call.folder, call.bundle, snapshots, wiki)


def evaluate(call: Call) -> None:
    from train import evaluate

    command = f"python -m train all --recipe {call.args.recipe}"
    for name in ("data", "init_from", "wiki", "run"):
        if getattr(call.args, name):
            command += f" --{name.replace('_', '-')} {getattr(call.args, name)}"
    same_split = call.recipe.data.layout == "imdb"
    baselines = BASELINES if same_split and BASELINES.is_dir() else None
    others = call.args.against or ()
    found = evaluate.evaluate(
        call.bundle, call.corpus(), command, baselines, call.args.sentences, others
    )
    for part, values in found.items():
        shown = (f"{k} {v:.4f}" for k, v in values.items() if isinstance(v, float))
        print(f"{part}: {', '.join(shown)}")


def inside(call: Call) -> None:
    from train import inside

    found = inside.measure(call.bundle, call.corpus())
    best = max(abs(a - 0.5) for a in found["units"]["auc"])
    curves = found["curves"]
    print(f"the best unit parts praise from blame with AUC {0.5 + best:.3f}")
    print(f"{curves['whole']:.3f} bits a token over {curves['n_places']} places")


def baselines(call: Call) -> None:
    from train import baselines

    result = baselines.run(call.corpus(), call.args.data, call.folder, BASELINES, call.args.test)
    for name, figures in result["models"].items():
        shown = ", ".join(f"{split} {a:.4f}" for split, a in figures["accuracy"].items())
        print(f"{name:40} {shown}")


def publish(call: Call) -> None:
    from train import publish

    uploads = publish.publish(call.bundle, call.args.repo or "", call.args.dry_run)
    for upload in uploads:
        print(f"{upload.n_bytes:12,}  {upload.path.name}")
    total = sum(u.n_bytes for u in uploads)
    print(f"{total:12,}  bytes {'would go' if call.args.dry_run else 'went'} to {call.args.repo}")


def publish_space(space: str, dry_run: bool) -> None:
    """The app to a Space; needs no recipe."""
    from train import publish_space

    uploads = publish_space.publish(space, dry_run)
    for upload in uploads:
        apart = "  (over 10 MB: LFS/Xet)" if upload.n_bytes > publish_space.LARGE else ""
        print(f"{upload.n_bytes:12,}  {upload.path.relative_to(publish_space.ROOT)}{apart}")
    print()
    for folder, n, size in publish_space.by_folder(uploads):
        print(f"{size:12,}  {folder} ({n} files)")
    total = sum(u.n_bytes for u in uploads)
    print(f"{total:12,}  bytes {'would go' if dry_run else 'went'} to the Space {space}")


def everything(call: Call) -> None:
    """The stages from the corpus to a measured bundle; with `--resume`, those that are not done.

    Each training stage in the recipe's directions, forwards first, before the next stage begins; the
    teacher is one for both. A second round (`[student] first`) begins with the students of --init-from.
    """
    directions = [call, call.turned()] if "backwards" in call.recipe.directions else [call]
    taught = (teach, student) if call.recipe.student.unlabelled else ()
    plain = call.recipe.data.layout == "text"  # no labels
    trained = (lm,) if plain else (lm, classifier, *taught)
    if call.recipe.student.first:
        trained = taught
    steps = [(data, call)]
    for stage in trained:
        steps += [(stage, one) for one in (directions[:1] if stage is teach else directions)]
    if not plain:
        steps += [(export, call), (evaluate, call), (inside, call)]
    for stage, one in steps:
        if not (call.args.resume and finished(stage.__name__, one)):
            stage(one)


def finished(stage: str, call: Call) -> bool:
    """True where an earlier call brought this stage to its end."""
    if stage == "data":
        parts = ("ids.npy", "documents.json", "vocab.json")  # a run may hold the words alone
        return all((call.folder / "data" / name).is_file() for name in parts)
    folder = call.where.folder
    if stage == "teach":  # one for both directions
        both = (call.folder, call.folder / BACKWARDS)
        return all(newer(call.folder / "taught.npz", run / "classifier.pth") for run in both)
    if stage == "student" and not newer(folder / "student.pth", call.folder / "taught.npz"):
        return False
    if stage not in ("lm", "classifier", "student"):
        return False
    return newer(folder / f"{stage}.pth", folder / f"{stage}.checkpoint")


STAGES = {
    "data": data,
    "subwords": subwords,
    "vocabulary": vocabulary,
    "lm": lm,
    "unpack": unpack,
    "classifier": classifier,
    "teach": teach,
    "student": student,
    "labels": labels,
    "export": export,
    "evaluate": evaluate,
    "inside": inside,
    "baselines": baselines,
    "publish": publish,
    "all": everything,
}
