"""The workflow for GitHub's runners: its form, its files, and its shell steps. GitHub itself never ran it."""

import os
import shlex
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from host_tools.places import ROOT

WORKFLOW = ROOT / ".github/workflows/ci.yml"
# What make would install is there already; without it the tests would not run. Make accepts -o only as an argument.
INSTALLED = "-o .venv/.base -o .venv/.stamp -o host_tools/toolchain/node/node_modules/.stamp"
MAKE = f'make() {{ command make {INSTALLED} "$@"; }}\n'


def steps():
    return YAML(typ="safe").load(WORKFLOW)["jobs"]["gate"]["steps"]


def scripts():
    return {step["run"]: step for step in steps() if "run" in step}


def check(*words):
    name = "check-jsonschema"
    program = os.path.join(os.path.dirname(sys.executable), name)
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def test_its_form_is_what_github_takes():
    done = check("--builtin-schema", "vendor.github-workflows", str(WORKFLOW))
    assert done.returncode == 0, done.stdout


def test_a_workflow_of_another_form_is_found(tmp_path):
    wrong = tmp_path / "ci.yml"
    wrong.write_text(WORKFLOW.read_text(encoding="utf-8").replace("runs-on:", "run-on:"))
    assert check("--builtin-schema", "vendor.github-workflows", str(wrong)).returncode == 1


def test_every_shell_step_is_one_that_a_test_knows():
    assert set(scripts()) == {"mkdir -p out", "make uf2", ".ci/run"}


def test_the_folder_of_the_reports_is_made(tmp_path):
    subprocess.run(["bash", "-e", "-c", "mkdir -p out"], cwd=tmp_path, check=True)
    assert (tmp_path / "out").is_dir()


@pytest.mark.skipif(not (ROOT / ".venv/.stamp").exists(), reason="not set up by make")
def test_another_image_than_the_pinned_one_is_refused(tmp_path):
    other = tmp_path / "other.uf2"
    other.write_bytes(b"another image")
    env = {**os.environ, "HOME": str(tmp_path), "URL": other.as_uri()}
    env.pop("XDG_CACHE_HOME", None)
    words = ["bash", "-e", "-c", f"{MAKE}make uf2"]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "SHA-256 is" in done.stderr and "not stored" in done.stderr
    assert not (tmp_path / ".cache/cryo").exists()


def test_the_gate_that_it_calls_is_there_and_takes_no_argument():
    words = shlex.split(".ci/run")
    assert len(words) == 1 and os.access(ROOT / words[0], os.X_OK)


def test_the_caches_depend_on_files_that_are_there():
    key = next(step["with"]["key"] for step in steps() if "cache" in step.get("uses", ""))
    names = shlex.split(key.partition("hashFiles(")[2].partition(")")[0].replace(",", " "))
    assert len(names) == 3 and all((ROOT / name).is_file() for name in names)


@pytest.mark.parametrize("target", ["demo", "sim"])
def test_what_a_page_of_the_demo_holds_is_installed_for_it(target):
    words = ["make", "--dry-run", "--always-make", target]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "npm ci" in done.stdout and "--editable" in done.stdout
    assert "stubs" not in done.stdout  # the job with the tests' tools waits for `setup`
