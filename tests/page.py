"""A `gradio_client` whose `/NAME` is the page's private event `page_NAME`: for tests of what is drawn."""

from __future__ import annotations

from typing import Any

from gradio_client import Client

SECONDS = 120  # httpx's own five are less than a busy machine may take for an answer


def program(url: str, **settings: Any) -> Client:
    """A client as a program has one."""
    return Client(url, verbose=False, httpx_kwargs={"timeout": SECONDS}, **settings)


class Page(Client):
    """`predict(..., api_name="/sentiment")` calls the event `page_sentiment`, as the page does.

    An argument that is left out gets the value that its field has on the page.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"httpx_kwargs": {"timeout": SECONDS}, **kwargs})

    def _infer_fn_index(self, api_name: str | None, fn_index: int | None) -> int:
        name = f"page_{(api_name or '').removeprefix('/')}"
        for dependency in self.config["dependencies"]:
            if dependency["api_name"] == name:
                endpoint = self.endpoints[dependency["id"]]
                endpoint.is_valid = True
                endpoint.parameters_info = self._fields(dependency)
                return dependency["id"]
        return super()._infer_fn_index(api_name, fn_index)

    def _fields(self, dependency: dict) -> list[dict[str, Any]]:
        known = {c["id"]: c for c in self.config["components"]}
        fields = [known[i] for i in dependency["inputs"] if known[i]["type"] != "state"]
        return [
            {
                "label": field["props"].get("label") or "",
                "parameter_name": f"field_{number}",
                "parameter_has_default": True,
                "parameter_default": field["props"].get("value"),
                "type": field.get("api_info", {}),
                "python_type": {"type": "Any", "description": ""},
                "component": field["type"],
                "example_input": None,
            }
            for number, field in enumerate(fields)
        ]
