"""A word and what it owes to the words before it, as HTML. Computes nothing but colours."""

from __future__ import annotations

from functools import partial

from ulmfit_demo import limits
from ulmfit_demo.inference.inside.remembering import Remembered
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.inspection import shipped
from ulmfit_demo.tabs.inside.strip_html import NOTHING, Under, strip
from ulmfit_demo.tabs.inside.unit_html import level
from ulmfit_demo.tabs.shared.signs import seen
from ulmfit_demo.tabs.shared.templates import macro, markup

ENOUGH = 0.05  # bits a token: closer than this to the whole context is "as good as all of it"
_html = partial(macro, "inside/memory.html")


def shaded(r: Remembered, measure: str) -> str:
    """The text; under each earlier token the bits that it saved (above 0: it made the word likelier)."""
    m = r.memory
    values = m.left_out if measure == "left_out" else m.gradient
    most = max(1.0, *(abs(v) for v in values))
    under = [
        Under(
            f"without it {left_out:+.2f} bits, gradient {gradient:+.2f} bits",
            level(value, most),
            bits(value),
        )
        for value, left_out, gradient in zip(values, m.left_out, m.gradient, strict=True)
    ]
    under.append(Under(f"{m.bits:.2f} bits", "v0", f"{m.bits:.1f} b"))
    under += [Under("read later", "v0", NOTHING)] * (len(r.text.tokens) - len(under))
    label = "bits that each earlier token saved"
    chance = 100 * 2**-m.bits
    told = f"{chance:.1f} %" if chance >= 0.1 else f"1 in {2**m.bits:,.0f}"
    return _html(
        "shaded",
        strip=markup(strip(r.text.tokens, under, m.place, label, limits.MEMORY_TOKENS)),
        told=f"“{seen(r.word)}” had {told} ({m.bits:.2f} bits) after the {m.place:,} tokens before it · "
        "blue: made it likelier, orange: unlikelier, in bits · "
        f"{r.precision}, {r.milliseconds:,.0f} ms · click another word{_reach(r)}",
    )


def _reach(r: Remembered) -> str:
    """Which words can be clicked, where that is not all of them."""
    if len(r.text.tokens) <= limits.MEMORY_TOKENS + 1:
        return ""
    return f" of the first {limits.MEMORY_TOKENS + 1}: the work grows with the square of the length"


def bits(value: float) -> str:
    """A difference of bits with its sign: +1.4."""
    sign = "−" if round(value, 1) < 0 else "+"
    return f"{sign}{abs(value):.1f}"


def claim(loaded: LoadedModels) -> str:
    """What was published, and what the held-out reviews say of it, in a sentence."""
    published = (
        "Khandelwal and others (2018) found that an LSTM uses about 200 tokens of its "
        "context, and their "
        "order only within the last 50."
    )
    curves = shipped.of(loaded.bundle).curves if loaded.bundle else None
    if curves is None:
        return _html("claim", sentence=f"{published} This model ships without its averages.")

    def enough(at, values) -> str:
        close = (k for k, b in zip(at, values, strict=True) if b - curves.whole <= ENOUGH)
        first = next(close, None)
        return f"the last {first}" if first else f"more than the last {at[-1]}"

    return _html(
        "claim",
        sentence=f"{published} Here, with a context of {curves.context}: reading "
        f"{enough(curves.lengths, curves.shortened)} tokens alone comes within {ENOUGH} bits of reading "
        f"all, and shuffling all but {enough(curves.distances, curves.shuffled)} costs less than that "
        f"({curves.n_places:,} words, {curves.whole:.2f} bits each). {_mixed(curves)}",
    )


def _mixed(curves: shipped.Curves) -> str:
    """Whether older words out of order are better than none, at the distance where it matters most."""
    both = dict(zip(curves.lengths, curves.shortened, strict=True))
    pairs = [
        (k, b, both[k]) for k, b in zip(curves.distances, curves.shuffled, strict=True) if k in both
    ]
    if not pairs:
        return ""
    k, mixed, none = max(pairs, key=lambda p: abs(p[1] - p[2]))
    better = "worse" if mixed > none else "better"
    return (
        f"Beyond the last {'word' if k == 1 else k}, older words out of order are {better} than "
        f"none: {mixed:.2f} bits against {none:.2f}."
    )
