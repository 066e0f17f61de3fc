"""What a visitor of a Space asks beside reviews and texts: the same questions, asked in any process.

`python zero_gpu_paths.py` prints the answers of a process without ZeroGPU; `zero_gpu_space.py` asks in
one with it. All of it is work of the CPU there: a call of the GPU costs quota, and these answers follow a
key or a click.
"""

import json
import os

from ulmfit_demo import limits, theme
from ulmfit_demo.inference import generation, loading, sentiment, stages, surprisal
from ulmfit_demo.inference.inside import changing, neighbours, readers, remembering, units
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.teach import learn, task, tuning
from ulmfit_demo.workers.live_training.supervisor import Supervisor

REVIEW = "A warm and clever film, but it is far too long."
SONGS = [f"The song number {i} is sung with joy." for i in range(9)]
SEAS = [f"A wave of the sea, number {i}, breaks the boat." for i in range(9)]
LABELS = ["song"] * 9 + ["sea"] * 9
limits.CHANGE_SECONDS = 300.0  # a busy machine is to give the same answer


def teach(loaded) -> dict:
    """Labels of a visitor's own: the head, texts that are judged, the last layer fine-tuned."""
    told = Pipeline(loaded).fit_and_judge(SONGS + SEAS, LABELS, ["They sing.", "The boat sinks."])
    lesson = learn.begin(loaded, task.task_of(list(zip(LABELS, SONGS + SEAS, strict=True))))
    tuning.SETTINGS["epochs"] = 1
    *_, tuned = tuning.tune(loaded, Supervisor(1, tuning.WORKER), lesson, [])
    layer = tuned.layer or {}
    own = learn.begin(loaded, lesson.task, "lm", tuned.layer)
    classifier = learn.begin(loaded, lesson.task, "classifier")
    return {
        "verdicts": [[v["label"], v["score"]] for v in told["verdicts"]],
        "accuracy": told["accuracy"],
        "tuning": [tuned.stage, tuned.why, [e.right for e in tuned.epochs]],
        "layer": [float(layer[name].float().abs().mean()) for name in sorted(layer)],
        "features": [f.features[:, :3].ravel().tolist() for f in (lesson, own, classifier)],
    }


def inside(loaded) -> dict:
    """The gradients and gates of Inside, a text with a unit held, neighbours, the smallest change."""
    remembered = remembering.recall(loaded, REVIEW).memory
    reading = units.read(loaded, REVIEW, 3, 5)
    two = readers.compare(loaded, REVIEW)
    near = neighbours.near(loaded, "wooden", 3).columns[-1].neighbours
    *_, search = changing.smallest_change(loaded, "A dull film.")
    return {
        "memory": [remembered.bits, *remembered.gradient, *remembered.left_out],
        "unit": [*reading.values, *reading.cell.gates, *(x.gradient for x in reading.listened)],
        "held": units.hold(loaded, "The film", 3, 0.8, 8, 1).held,
        "readers": [b for t in two.tokens if t for b in t.bits],
        "near": [n.word for n in near],
        "change": [search.positive, *(s.positive for s in search.path)],
    }


def live(loaded) -> dict:
    """Reasons (integrated gradients), surprise, the next word, the stages."""
    reasons = sentiment.explain(loaded, REVIEW)
    following = generation.next_word(loaded, None, "The film", None, 0, Sampling(), [1.0])
    before = stages.before_and_after(loaded, "The film")
    return {
        "reasons": [*reasons.gradients, *reasons.left_out],
        "surprise": list(surprisal.surprisal_of(loaded, REVIEW).bits),
        "next": [c.probability for c in following.distributions[0].candidates],
        "stages": [p for s in before for _, p in s.words],
    }


def answers(loaded) -> dict:
    """All of them, as JSON has it."""
    return {"teach": teach(loaded), "inside": inside(loaded), "live": live(loaded)}


if __name__ == "__main__":
    print("FOUND " + json.dumps(answers(loading.load(theme.ASSETS))), flush=True)
    os._exit(0)
