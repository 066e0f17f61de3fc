"""A file of texts that a visitor chooses, and which of its columns are meant."""

from __future__ import annotations

import gradio as gr


def file_field(label: str, elem_id: str) -> gr.File:
    """A field for a CSV or a text file."""
    types = [".csv", ".tsv", ".txt"]
    return gr.File(label=label, file_types=types, height=150, elem_id=elem_id)


def column_choice(label: str, elem_id: str) -> gr.Dropdown:
    """A menu of a file's columns; it shows once there is something to choose.

    It takes any value: a session keeps no choices of its own, the server knows the columns by the file.
    """
    return gr.Dropdown(label=label, visible=False, allow_custom_value=True, elem_id=elem_id)
