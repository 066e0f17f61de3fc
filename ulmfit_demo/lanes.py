"""Bounds each lane of gradio's queue, so that a full one takes no place from the others. Draws nothing.

gradio bounds the queue as a whole only: sixty texts that wait to be written would turn every
keystroke away.
"""

from __future__ import annotations

import gradio as gr
from gradio import route_utils

from ulmfit_demo import limits

FREE = "keystroke"  # bounded by what the other lanes leave of the queue
BUSY = "Queue is full: {} such requests wait already. Try again in a moment; nothing was lost."


def bound(demo: gr.Blocks, most: int = limits.LANE_WAITING) -> None:
    """Let at most `most` requests wait in every lane but `FREE`. Call it after `demo.queue`."""
    queue = demo._queue
    push = queue.push

    async def fair(body, request, username=None):
        if body.fn_index is not None:
            lane = route_utils.get_fn(queue.blocks, None, body).concurrency_id
            there = queue.event_queue_per_concurrency_id.get(lane)
            if lane != FREE and there is not None and len(there.queue) >= most:
                return False, BUSY.format(most), "queue_full"
        return await push(body=body, request=request, username=username)

    queue.push = fair
