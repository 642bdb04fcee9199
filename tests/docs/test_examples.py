"""What README and guide show is run: each page's `console` blocks, in order, in one shell and an empty directory.

A line that begins with `$ ` is a command, the lines below it are output it must show, `…` standing for anything. A
command must succeed, unless the next one shows its exit code with `echo $?`. Addresses of the default port are put on
a free one by the environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.loopback import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "::end"
PROLOGUE = f"""
exec 2>&1
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
__end() {{ local code=$?; echo; echo "{END} $code"; return $code; }}
"""


class Example(NamedTuple):
    """A command of a page and the output shown below it."""

    command: str
    shown: tuple[str, ...]


def examples_of(page: Path) -> list[Example]:
    """The commands of a page, in order."""
    found: list[Example] = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Example(line[2:], ()))
            elif found and found[-1].command.endswith("\\") and not found[-1].shown:
                found[-1] = found[-1]._replace(command=f"{found[-1].command}\n{line}")
            elif line.strip():
                found[-1] = found[-1]._replace(shown=(*found[-1].shown, line))
    return found


def environment() -> dict[str, str]:
    """Commands of this installation first in the path, the default port on a free one."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRIDPOST_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "GRIDPOST_PORT": str(port), "GRIDPOST_URL": f"http://127.0.0.1:{port}"}


@pytest.mark.parametrize("page", [page for page in PAGES if examples_of(page)], ids=lambda page: page.stem)
def test_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("the examples are written for bash")
    examples = examples_of(page)
    script = PROLOGUE + "".join(f"{example.command}\n__end\n" for example in examples)
    ran = subprocess.run(
        [bash, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=600
    )
    outputs = re.split(rf"^{END} (\d+)$\n?", ran.stdout, flags=re.MULTILINE)
    said, codes = outputs[0:-1:2], [int(code) for code in outputs[1::2]]
    assert len(codes) == len(examples), ran.stdout
    for number, (example, output, code) in enumerate(zip(examples, said, codes, strict=True)):
        is_shown = number + 1 < len(examples) and examples[number + 1].command == "echo $?"
        assert code == 0 or is_shown, f"{example.command}\n{output}"
        for line in example.shown:
            pattern = ".*".join(map(re.escape, line.split("…")))
            assert re.search(pattern, output), f"{example.command}\nshows no {line!r} but\n{output}"


def test_pages_have_examples() -> None:
    assert {page.stem for page in PAGES if examples_of(page)} >= {"README", "getting-started", "checking-files"}


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} leads to {target}"


def test_the_build_runs_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tests,) = re.findall(r"^python3 -m venv \.venv && (.*pytest.*)$", readme, re.MULTILINE)
    build = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert all(step in build for step in tests.split(" && ")), tests
