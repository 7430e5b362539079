"""The command ``smsim``, also ``python -m smsim``."""

import atexit
import gc
import os
import signal
import sys
import threading
from types import FrameType

BUSY = "_raw_object_cache"  # so begin the names of the functions of llvmlite's that LLVM calls
LATER = 0.05  # seconds

_again: list[threading.Timer] = []  # one at most


def interrupt(number: int, frame: FrameType | None) -> None:
    """Ctrl-C is heard, in a function that LLVM calls a moment later: what is raised there is printed, and lost."""
    while _again:
        _again.pop().cancel()  # many are one
    while frame is not None:
        if frame.f_code.co_name.startswith(BUSY):
            _again.append(threading.Timer(LATER, _interrupt_again))
            _again[0].daemon = True
            _again[0].start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _interrupt_again() -> None:
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        os.kill(os.getpid(), signal.SIGINT)  # wakes the main thread, too, if it waits for something


def main() -> None:
    """Entry point of ``smsim``."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    # Importing and compiling make many objects and little garbage: looking for it costs a sixth of a warm start, and a
    # twentieth of --help.
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)  # nor is there any to look for at the end, which took a second after compiling
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console may lack a letter of a title
    from smsim.cli import app

    app(prog_name="smsim")


if __name__ == "__main__":
    main()
