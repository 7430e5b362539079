"""The server on this computer: what it tells the person at the terminal."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("panel")

from tornado.websocket import WebSocketClosedError

from smsim.app.serve import unless_closed


def test_a_page_that_is_closed_while_it_is_drawn_is_no_error_and_any_other_is() -> None:
    told: list[Any] = []

    class Loop:
        def default_exception_handler(self, context: dict[str, Any]) -> None:
            told.append(context["exception"])

    mistake = ValueError("a mistake")
    for error in (WebSocketClosedError(), mistake):
        unless_closed(Loop(), {"exception": error})  # type: ignore[arg-type]
    assert told == [mistake]
