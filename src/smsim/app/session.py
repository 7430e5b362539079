"""One visitor's document: other threads hand it what to show, and it is shown when the page stands in the browser.

Bokeh's own next tick is not used: Panel drops changes of Bokeh's models that come between the page's serialisation and
its first sign of life, and may lose a callback that another thread adds while the document is being changed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import panel as pn
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop


class Session:
    """The document that is being made where this is called, if a browser has asked for one."""

    def __init__(self) -> None:
        self.document: Any = pn.state.curdoc
        self._served = self.document is not None and self.document.session_context is not None
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._ready = not self._served
        if self._served:
            self._loop = IOLoop.current()
            pn.state.onload(self._open)

    @property
    def ready(self) -> bool:
        """Whether the page stands in the browser; without a browser, always."""
        return self._ready

    def later(self, what: Callable[[], None]) -> None:
        """Do something to the document, in the thread that owns it, once the page stands; in the order of the calls."""
        if not self._served:
            what()
            return
        with self._lock:
            self._waiting.append(what)
            if self._ready:
                self._loop.add_callback(self._locked)

    def _open(self) -> None:
        with self._lock:
            self._ready = True
            for _what in self._waiting:
                self._loop.add_callback(self._locked)

    async def _locked(self) -> None:
        context = self.document.session_context
        if context is not None and not context.destroyed:
            await context.with_locked_document(self._work)

    async def _work(self, document: Any) -> None:
        # One thing a call: if it fails, the next has a call of its own.
        with set_curdoc(document):
            self._waiting.popleft()()
