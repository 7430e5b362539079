"""The command ``smsim``, also ``python -m smsim``."""

import atexit
import gc
import sys


def main() -> None:
    """Entry point of ``smsim``."""
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
