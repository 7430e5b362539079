"""The workshop's server: on this computer alone, one `Page` per visitor."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
from tornado.websocket import WebSocketClosedError

from smsim.app.compute import FEW, Bench, Keep
from smsim.app.lessons import LESSONS
from smsim.app.page import Page
from smsim.app.state import open_scenario, scenario_files
from smsim.errors import ScenarioError
from smsim.i18n import SOURCE

ADDRESS = "127.0.0.1"
KEPT_VISITS = 200


def visit(files: dict[str, Path], bench: Bench, visits: Keep, first: str) -> Any:
    """The page of one visitor; language, scenario and visit may stand in the address (`?lang=fr`)."""
    asyncio.get_running_loop().set_exception_handler(unless_closed)
    asked = {
        key: values[0].decode("utf-8", "replace") for key, values in (pn.state.session_args or {}).items() if values
    }
    language, title = asked.get("lang", SOURCE), asked.get("scenario", first)
    return Page(files, bench, language, title, visits, asked.get("visit", "")).view


def unless_closed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report an error that nobody has caught, unless it is that a visitor closed the page before all was sent."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def serve(file: str | None, port: int = 0, show: bool = True, say: Callable[[str], None] = lambda text: None) -> None:
    """Serve the workshop on this computer until interrupted.

    Parameters
    ----------
    file : scenario file shown first; a page to choose from if None
    port : 0 takes one that is free
    show : open the browser
    say : told what is going on

    Raises
    ------
    ScenarioError : the file cannot be used, or the port is taken
    """
    path = Path(file) if file is not None else None
    files = scenario_files(path)
    first = next(iter(files)) if path is not None else ""
    visitor = open_scenario(path) if path is not None else next(iter(LESSONS.values())).visitor()
    say("Trying out the first scenario; the first time, the engine is compiled, which takes up to a minute.")
    bench, visits = Bench(), Keep(KEPT_VISITS)
    scenario, names = visitor.question()
    bench.answer(scenario, list(names.values()), FEW)
    if port:
        _check_port(port)
    pn.extension(notifications=False)
    logging.getLogger("bokeh.server.views.ws").setLevel(logging.ERROR)  # a page that is closed is no news either
    say(f"Open in a browser on this computer; Ctrl-C ends it. Nothing leaves this computer (address {ADDRESS}).")
    pn.serve(
        {"/": lambda: visit(files, bench, visits, first)}, address=ADDRESS, port=port, show=show,
        title="smsim workshop", autoreload=False, location=True,
    )  # fmt: skip


def _check_port(port: int) -> None:
    with socket.socket() as trial:
        try:
            trial.bind((ADDRESS, port))
        except OSError as error:
            raise ScenarioError(
                f"--port {port}: cannot be used ({error.strerror}); choose another, or leave --port out"
            ) from None
