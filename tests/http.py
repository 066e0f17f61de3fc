"""`httpx.get` and its like with a limit that a busy machine keeps: their own five seconds are too few."""

from functools import partial

import httpx

from tests.page import SECONDS

get = partial(httpx.get, timeout=SECONDS)
head = partial(httpx.head, timeout=SECONDS)
post = partial(httpx.post, timeout=SECONDS)
