"""Every bound a visitor meets, and the sentence that says so. Enforced on the server; draws nothing."""

from __future__ import annotations

import math
import re

TEXT_CHARACTERS = 20_000  # tokenizers, vocabulary, batches, sentiment
PROMPT_CHARACTERS = 4_000
JOURNEY_CHARACTERS = (
    PROMPT_CHARACTERS  # the strip over the tabs follows a text: a quarter of a second
)
GIVEN_CHARACTERS = 1_000  # of an example that a tab but “Train your own” takes
LINK_TEXT = 2_000  # characters of a text that an address restores; `MOST` in link.js
LINK_QUERY = 60_000  # characters of a whole address: several texts, nine for each character
OWN_TOKENIZER_BYTES = 10_000_000  # a visitor's .model or tokenizer.json
IDS = 400  # ids shown as a tensor
DOCUMENTS = 200
BS = (1, 64)
SEQ_LEN = (1, 200)
DOCUMENT_TOKENS = (1, 10_000)  # a length written instead of a document
TABLE_CELLS = 6_000  # cells a batch table draws
ROWS_CELLS = 2_400  # cells the table of the whole stream draws
MIN_FREQ = (1, 100)  # word vocabulary
MAX_VOCAB = (100, 60_000)  # every word up to rank 60,000 ships with its count
LADDER_GRID = 600  # characters drawn one above the other; longer texts become rows of chips
MERGE_WORDS = 12  # words of a text whose merges are listed, each of up to MERGE_CHARACTERS
MERGE_CHARACTERS = 60
SCORES = 40  # pieces of a text listed with their probability
TRAIN_BYTES = 2_000_000  # a text that a subword model is trained on
TRAIN_SAMPLE = 2_000  # characters shown in the pieces of that model
SCORED_PIECES = 400  # pieces of that model listed with their score
CODE_TEXT = 1_000  # characters written into the code that is shown
TRAIN_PIECES = 16_000  # the largest vocabulary that is trained
TRAIN_CPU_SECONDS = 120
TRAIN_SECONDS = 240
TRAIN_MEMORY = 2**30
LIVE_TEXT = 50_000  # characters that a language model is trained on, live
LIVE_LEAST = 2_000
LIVE_PROMPT = 60
LIVE_FIRST_PROMPT = "The film"
LIVE_EPOCHS = (6, 12, 24)
LIVE_CPU_SECONDS = 110
LIVE_SECONDS = 120  # the whole process, its start included
LIVE_MEMORY = 2 * 2**30
LIVE_WAITING = 6  # visitors in the line behind the one that trains
LIVE_FRAME_SECONDS = 0.3  # the curve is drawn so often
TEACH_LINES = 2_000  # lines that a visitor teaches with
TEACH_NAMES = (2, 8)  # labels
TEACH_NAME_CHARACTERS = 40
TEACH_CHARACTERS = 2_000  # of one line
TEACH_TEXT = 400_000  # of all lines that are pasted at once
TEACH_TOKENS = 200  # of a line, or of a text that is judged: its beginning is read
TEACH_ROWS = 60  # lines of the table that is drawn
TEACH_MARKS = 4_000  # labels given by clicks: one may be changed
TEACH_DRAWS = 8  # of the learning curve, for each number of labels
CURVE_SECONDS = 15.0  # no new draw after this; the points that lack draws are left out
VALIDATION_SECONDS = 5.0  # no new fold of a cross-validation after this
CURVE_LANE = 1  # learning curves at once
VALIDATION_LANE = 1  # cross-validations at once
TUNE_LINES = 400  # labelled lines that a fine-tuning reads
TUNE_CPU_SECONDS = 100
TUNE_SECONDS = 110  # the whole process, its start included
TUNE_MEMORY = 2 * 2**30
TUNE_WAITING = 4  # visitors in the line behind the one who fine-tunes
KEPT_TOKENS = 2_000  # of a review whose states are kept between two keystrokes (3 MB)
EXPLAINED_TOKENS = 400  # of a review whose reasons are worked out
SURPRISE_TOKENS = 1_000
INSIDE_TOKENS = 400  # of a text whose units are shown
MEMORY_TOKENS = 200  # before the word whose memory is asked for: the work grows with the square
READERS_TOKENS = 400  # of a text that two stages read
CHANGE_TOKENS = 200  # of a review whose verdict is to be flipped
CHANGE_SECONDS = 2.0  # no new batch of changed reviews is read after this
UNIT_VALUE = (-1.0, 1.0)
HELD_WORDS = (1, 60)  # tokens written while a unit is held
WORD_CHARACTERS = 200  # of the word whose neighbours are asked for
NEIGHBOURS = (1, 30)  # of a word, in each matrix
MAP_WORDS = 8  # words of a text on the map, each with a few neighbours
LINES = 200  # pasted reviews classified at once
ROWS = 5_000  # reviews of a CSV file
COLUMNS = 200  # of a CSV file
CSV_BYTES = 10_000_000
SHOWN_ROWS = 100  # of the results; the file holds all
TOKENIZED_AT_ONCE = 100  # reviews between two lines of progress
SESSIONS = 200  # visitors whose last review and texts are kept
ORDER_SESSIONS = 2_000  # visitors whose answers are kept in order: a few numbers each
UNDO = 50  # changes of a review that can be taken back
STATE_SECONDS = 1_800  # a visitor's last review and texts are forgotten after so long
WIRE_LEAST_BYTES = 1_000  # of an answer: a shorter one goes as it is
WIRE_KEPT_BYTES = 16_000_000  # of compressed answers that are kept for the next visitor
BODY_BYTES = 12_000_000  # of a request: the longest text that is taken, six bytes for a character
BRANCHES = 12  # texts side by side, those that a visitor steered included
FRAME_SECONDS = 0.05  # a text that is being written is drawn so often
ALTERNATIVES = 10  # words that could have come instead
WORDS = (1, 300)  # tokens a text is continued by
TEXTS = (1, 8)
TEMPERATURE = (0.0, 2.0)
TOP_K = (0, 1_000)
SHARE = (0.0, 1.0)  # top-p, min-p
TOP_P_SLIDER = (0.05, 1.0)  # the useful part of SHARE, on the page
MIN_P_SLIDER = (0.0, 0.5)
PENALTY = (1.0, 2.0)  # on words seen before
SEED = (0, 2**31 - 1)

DELETE_CACHE = (600, 3_600)  # seconds: look for temporary files so often, delete them at that age
QUEUE = 1_000  # requests waiting, over all lanes
SESSION_CHARACTERS = 200  # of a session's name, which a page or a program chooses
PLACE_SECONDS = 1.0  # who waits is told the place in the line so often
LANE_WAITING = 64  # in one lane
KEYSTROKE_WAITING = 160  # in the lane of live results: what two cores answer in one or two s
KEYSTROKE_LANE = 3  # requests at once in the lane of live results
MODEL_LANE = 2  # in the lane of generation and batches
TRAIN_LANE = 1  # subword models trained at once; as many more are asked for their legal sizes
GPU_SECONDS = 60


class Refused(ValueError):
    """A request outside the bounds. Its text is the sentence that the visitor reads."""


_surrogate = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` with lone surrogates replaced by U+FFFD, so that it can be encoded as UTF-8.

    spaCy and SentencePiece raise on surrogates, and no answer can hold one. The length does not change.
    """
    return _surrogate.sub("\ufffd", text)


def text(value: object, most: int = TEXT_CHARACTERS) -> str:
    """`value` as a text of at most `most` characters, lone surrogates replaced. Raises `Refused`."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("This field takes a text.")
    if len(value) > most:
        raise Refused(
            f"The text has {len(value):,} characters and this tab reads up to {most:,}. "
            "Shorten it to see the result; nothing was lost."
        )
    return clean(value)


def text_to_learn_from(value: object) -> str:
    """`value` as a text that a subword vocabulary is learned from. Raises `Refused`."""
    given = text(value, TRAIN_BYTES)
    n = len(given.encode("utf-8", "replace"))
    if n > TRAIN_BYTES:
        raise Refused(
            f"The text has {n / 1e6:.1f} MB and this view learns from up to "
            f"{TRAIN_BYTES / 1e6:.0f} MB. Shorten it to train; nothing was lost."
        )
    if not given.strip():
        raise Refused("Paste a text or choose a file to learn from.")
    return given


def whole(value: object, bounds: tuple[int, int], name: str) -> int:
    """`value` as a whole number inside `bounds`. Raises `Refused`."""
    number_ = number(value, bounds, name)
    if number_ != int(number_):
        raise Refused(f"{name} must be a whole number, not {number_:g}.")
    return int(number_)


def number(value: object, bounds: tuple[float, float], name: str) -> float:
    """`value` as a finite number inside `bounds`. Raises `Refused`."""
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(_float(value)):
        raise Refused(f"{name} must be a number from {low:,} to {high:,}.")
    if not low <= value <= high:
        raise Refused(f"{name} must be from {low:,} to {high:,}, not {_float(value):,g}.")
    return value


def several(value: object, name: str) -> list:
    """`value` as a list; nothing is an empty one. Raises `Refused`."""
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise Refused(f"{name} must be a list.")
    return list(value)


def _float(value: int | float) -> float:
    """`value` as a float; a whole number too large for one is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def choice(value: object, allowed, name: str):
    """`value` when it is one of `allowed`. Raises `Refused`."""
    for one in allowed:
        if one == value and not isinstance(value, bool):
            return one  # not `value`: 6.0 is equal to 6, and no number of epochs
    raise Refused(f"{name} must be one of: {', '.join(map(str, allowed))}.")
