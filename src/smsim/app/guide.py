"""``python -m smsim.app.guide``: the facilitator's guide on paper, made from docs/facilitator.md by a browser."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from smsim.errors import ScenarioError, SmsimError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
SECONDS = 120
STYLE = """
@page { size: A4; margin: 15mm 18mm 13mm }
body { font: 11pt/1.4 "Noto Sans", system-ui, sans-serif; color: #1f2328; max-width: 44em; margin: auto }
h1 { font-size: 21pt; color: #14324a; margin: 0 0 8pt } h2 { font-size: 14pt; color: #0b4f7a; margin: 16pt 0 4pt }
h2, h3 { break-after: avoid } p { margin: 4pt 0; orphans: 3; widows: 3 } code { font-size: 10pt }
table { border-collapse: collapse; width: 100%; margin: 8pt 0 } tr { break-inside: avoid }
td, th { border: 1px solid #b6bec7; padding: 4pt 7pt; text-align: start; vertical-align: top }
"""


def page(text: str) -> str:
    """The guide as a page that prints well; it asks for nothing beside itself."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>smsim: facilitator's guide</title>"
        f"<style>{STYLE}</style></head><body>{body}</body></html>"
    )


def write_guide(source: Path, target: Path, browser: str | None = None) -> None:
    """Write the guide: as a page if the name ends in .html, else as a PDF printed by a browser of this computer.

    Raises
    ------
    ScenarioError : the text cannot be read, there is no browser that prints, or the file cannot be written
    """
    try:
        made = page(source.read_text(encoding="utf-8"))
        if target.suffix == ".html":
            target.write_text(made, encoding="utf-8")
            return
    except (OSError, UnicodeError) as error:
        raise ScenarioError(f"{source} or {target}: {error}; name the text, docs/facilitator.md, and a file") from None
    found = browser or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise ScenarioError(
            f"no browser that prints was found ({', '.join(BROWSERS)}); write {target.with_suffix('.html')} with -o "
            "and print it from any browser"
        )
    with tempfile.TemporaryDirectory() as folder:
        html, pdf = Path(folder, "guide.html"), Path(folder, "guide.pdf")
        html.write_text(made, encoding="utf-8")
        command = [
            found, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={pdf}", html.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
            shutil.copyfile(pdf, target)
        except (OSError, subprocess.SubprocessError) as error:
            raise ScenarioError(
                f"{target}: {found} could not print it ({error}); name a file ending in .html"
            ) from None


def main() -> int:
    """The command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m smsim.app.guide", description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, default=Path("docs/facilitator.md"))
    parser.add_argument("-o", "--out", type=Path, default=Path("facilitator.pdf"))
    asked = parser.parse_args()
    try:
        write_guide(asked.source, asked.out)
    except SmsimError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"Written: {asked.out} ({asked.out.stat().st_size / 1e3:.0f} kB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
