"""A sweep as an RO-Crate: what was asked, what came out, with checksums, in one file that reruns with one command.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1): a folder whose ro-crate-metadata.json says in linked data what each file
is, what made it and from what. `smsim sweep BUNDLE` runs it again and compares every file.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsim.errors import RunError, ScenarioError
from smsim.folder import LIBRARIES, MANIFEST, installed, package_version, whole_folder
from smsim.scenario import Scenario
from smsim.sweep.execute import code_digest
from smsim.sweep.store import PARTS, SPEC, design_name

if TYPE_CHECKING:
    from smsim.sweep.study import Sweep

BUNDLE, METADATA, SCENARIO, READ_ME = "bundle.zip", "ro-crate-metadata.json", "scenario.yaml", "README.txt"
RUNS = "runs"
MADE_BY = (*LIBRARIES, "SALib")
OWN_TIME = (MANIFEST, BUNDLE)  # hold when and by which command they were written, so they differ from run to run
FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # of every entry: the same files give the same archive


def write_bundle(study: Sweep, folder: Path, command: str | None) -> Path:
    """Write bundle.zip into the folder of a finished sweep.

    Raises
    ------
    ScenarioError : a sweep of a function has no scenario to rerun
    """
    scenario = study.scenario
    if scenario is None:
        raise ScenarioError("only a sweep of a scenario can be bundled")
    files = {name: (folder / name).read_bytes() for name in _results(folder)}
    for name in (SPEC, PARTS, design_name(study.store.spec)):
        files[f"{RUNS}/{name}"] = (study.store.root / name).read_bytes()
    # By itself: what the scenario file extends is written out.
    files[SCENARIO] = Scenario.from_mapping(study.store.spec["scenario"]["given"]).to_yaml().encode("utf-8")
    files[MANIFEST] = (folder / MANIFEST).read_bytes()
    files[READ_ME] = _read_me(scenario.name).encode("utf-8")
    files[METADATA] = _json(metadata(study, files, command))
    with whole_folder(folder) as staging, zipfile.ZipFile(staging / BUNDLE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return folder / BUNDLE


def is_bundle(path: str | Path) -> bool:
    """Whether a file is a bundle, or a folder an unpacked one."""
    try:
        return (Path(path) / METADATA).is_file() if Path(path).is_dir() else METADATA in _names(Path(path))
    except OSError:  # a name too long, say
        return False


def bundle_spec(path: Path) -> tuple[dict[str, Any], tuple[tuple[str, str], tuple[str, str] | None]]:
    """What a bundle asks to be run, and by what its strategies are compared: decision and phase of `Sweep`.

    Raises
    ------
    ScenarioError : it was made by another version, which would not give the same bytes
    """
    spec: dict[str, Any] = json.loads(_read(path, f"{RUNS}/{SPEC}"))
    own = {"smsim": package_version(), "code": code_digest()}
    for key, here in own.items():
        if spec[key] != here:
            what = f"smsim {spec['smsim']}" + (" with other sources" if key == "code" else "")
            raise ScenarioError(f"{path}: was made by {what}; install the same to rerun it to the same bytes")
    told = json.loads(_read(path, MANIFEST))["sweep"]
    phase = tuple(told["phase"]) if told["phase"] else None
    return spec, (tuple(told["decision"]), phase)


def compare_with(path: Path, folder: Path) -> tuple[int, list[str]]:
    """Files of a rerun that are the same to the byte as the bundle's, and the names of those that differ or lack.

    The manifest, which holds the time and the command, is left out.
    """
    alike, different = 0, []
    for name in _names(path):
        if name in (METADATA, SCENARIO, READ_ME, *OWN_TIME):
            continue
        file = folder / name
        if file.is_file() and hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(_read(path, name)).digest():
            alike += 1
        else:
            different.append(name)
    return alike, different


def metadata(study: Sweep, files: Mapping[str, bytes], command: str | None) -> dict[str, Any]:
    """The content of ro-crate-metadata.json."""
    scenario, spec = study.scenario, study.store.spec
    assert scenario is not None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    asked = [SCENARIO, f"{RUNS}/{SPEC}", f"{RUNS}/{design_name(spec)}"]
    made = sorted(set(files) - {*asked, READ_ME})
    title = scenario.about.get("title") or scenario.name
    libraries = [f"{name} {version}" for name in MADE_BY if (version := installed(name))]
    graph: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Sensitivity of {title}: {spec['method']}, n = {spec['n']}",
            "description": " ".join(study.summary()[:1]) + f" Rerun: smsim sweep {BUNDLE}",
            "datePublished": now[:10],
            "license": "not chosen yet: name one before you publish",
            "conformsTo": {"@id": "https://w3id.org/ro/wfrun/process/0.5"},
            "hasPart": [{"@id": name} for name in sorted(files)],
            "mentions": {"@id": "#sweep"},
        },
        {
            "@id": "#sweep",
            "@type": "CreateAction",
            "name": f"smsim sweep of {scenario.name}",
            "description": command or "smsim.sweep",
            "endTime": now,
            "instrument": {"@id": "#smsim"},
            "object": [{"@id": name} for name in asked],
            "result": [{"@id": name} for name in made],
        },
        {
            "@id": "#smsim",
            "@type": "SoftwareApplication",
            "name": "smsim",
            "softwareVersion": spec["smsim"],
            "identifier": f"sha256 of the decisive sources: {spec['code']}",
            "softwareRequirements": libraries,
            "license": {"@id": "https://spdx.org/licenses/MIT"},
        },
    ]
    graph += [
        {
            "@id": name,
            "@type": "File",
            "contentSize": str(len(content)),
            "encodingFormat": FORMATS.get(Path(name).suffix, "application/octet-stream"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in sorted(files.items())
    ]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


def _results(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file() and p.suffix in FORMATS and p.name not in OWN_TIME)


def _names(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.namelist())


def _read(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            return (path / name).read_bytes()
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise RunError(f"{path}: {name} cannot be read ({error}); the bundle is damaged") from None


def _read_me(name: str) -> str:
    return (
        f"A sensitivity study of the scenario {name!r}, made by smsim.\n\n"
        f"Run it again, with the version that {METADATA} names, and compare every file:\n\n"
        f"    smsim sweep {BUNDLE} --out again\n\n"
        "summary.txt says what was found; scenario.yaml and runs/sweep.json are what was asked.\n"
    )


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
