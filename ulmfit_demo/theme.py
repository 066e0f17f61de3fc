"""Colours, type and the one colour map of token kinds. Holds no layout of a tab."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.resources import assets

ASSETS = assets()
MODES = ASSETS / "style" / "modes.css"  # in the head as it is: gradio rewrites what is in an @media
STYLES = sorted(
    p for p in (ASSETS / "style").glob("*.css") if p != MODES
)  # in the order of their names
SCRIPTS = sorted((ASSETS / "script").glob("*.js"))
VENDOR = ASSETS / "vendor"  # what others wrote, loaded when it is needed; a version in each name

# kind of token → (what the legend says, an example); colours: `.tok-<kind>` in assets/style/2-chips.css
KINDS: dict[str, tuple[str, str]] = {
    "word": ("word or first piece", "film"),
    "continuation": ("piece that continues a word", "ing"),
    "special": ("special token", "xxbos"),
    "rule": ("made by a rule", "xxmaj"),
    "unknown": ("not in the vocabulary", "xxunk"),
    "space": ("white space", "␣"),
    "dropped": ("no token: the tokenizer drops it", "é"),
}

# plotly: the same hues as the style sheets, readable on white and on near-black
ACCENT = "#2f6fde"
NEGATIVE = "#d9730d"
TEAL = "#0f8f83"
GREY = "#7d8590"


def theme() -> gr.themes.Base:
    """gradio's base theme with our type, and with the colours that failed contrast replaced."""
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.gray,
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_md,
        font=["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    )
    return base.set(
        button_primary_background_fill="#1f5fc9",
        button_primary_background_fill_hover="#184da6",
        button_primary_background_fill_dark="#1f5fc9",
        button_primary_background_fill_hover_dark="#2f6fde",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        block_label_text_color="#374151",
        block_label_text_color_dark="#d1d5db",
        block_title_text_color="#374151",
        block_title_text_color_dark="#d1d5db",
        block_info_text_color="#4b5563",
        block_info_text_color_dark="#b6bcc6",
        body_text_color_subdued="#57606a",
        body_text_color_subdued_dark="#aab2bd",
        body_background_fill="#ffffff",
        body_background_fill_dark="#101319",
        block_background_fill="#ffffff",
        block_background_fill_dark="#161a22",
        block_border_width="1px",
        block_shadow="none",
        input_background_fill_dark="#1b2029",
    )


def head() -> str:
    """The page's own scripts and the style of its modes, inline: nothing is asked for from outside."""
    style = f"<style>{MODES.read_text(encoding='utf-8')}</style>"
    return style + "".join(f"<script>{p.read_text(encoding='utf-8')}</script>" for p in SCRIPTS)


def own_files() -> dict[str, tuple[bytes, str]]:
    """What the page loads from here when it needs it: name → (content, type)."""
    return {p.name: (p.read_bytes(), "text/javascript; charset=utf-8") for p in VENDOR.glob("*.js")}
