"""The application on the virtual board, from its image, over the pseudo-terminal: terminals, PyVISA, mpremote."""

import re
import shutil
import socket
import subprocess

import pytest
import pyvisa

from host_tools.cryoctl.sim import image
from tests.cryoctl.conftest import PATIENCE_S, ask, at_prompt, restarted, until
from tests.cryoctl.test_mpremote import MPREMOTE

NAME = "CO2 cryotherapy applicator,virtual,"
BACKGROUND_LINES = 2_000


def verdict(opened):
    """Return the verdict of the self-test, once there is one."""
    return until(lambda: ask(opened, "TEST?"), lambda said: said != "RUNNING")


def test_it_answers_whoever_opens_the_port_and_tests_its_own_file(application, port):
    sim = application("--speed", "0")
    for _ in range(2):
        opened = port(sim.link)
        assert ask(opened, "*IDN?").startswith(NAME)
        assert verdict(opened) == "PASSED"
        opened.close()


def test_a_damaged_application_fails_its_own_test(packed, start, port, tmp_path):
    shutil.copy(packed, tmp_path / "board.img")
    good = image.read(packed)["application"]
    image.write(tmp_path / "board.img", {"application": good[:-1] + bytes((good[-1] ^ 1,))})
    opened = port(start("--speed", "0").link)
    said = verdict(opened)
    assert said.startswith("FAILED") and "APPLICATION" in said


def test_what_is_sent_while_it_boots_is_answered(application, port):
    opened = port(application().link)
    assert ask(opened, "*IDN?").startswith(NAME)


def test_mpremote_is_told_why_not_while_the_application_runs(application, port):
    sim = application("--speed", "10")
    opened = port(sim.link)
    ask(opened, "*IDN?")
    opened.close()
    done = subprocess.run(
        [str(MPREMOTE), "connect", str(sim.link), "exec", "1"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode != 0
    assert "could not enter raw repl" in done.stderr
    assert "ERROR" in done.stdout  # the console's own answer
    opened = port(sim.link)
    opened.write(b"\n*CLS\n")  # ends an unfinished line of mpremote
    assert opened.read_until(b"OK\n").endswith(b"OK\n")
    assert ask(opened, "SYST:CRAS?") == "NONE;RESTARTS=0"  # and the application continued


def test_a_main_that_does_not_start_it_leaves_the_prompt_to_mpremote(packed, start, tmp_path):
    shutil.copy(packed, tmp_path / "board.img")
    image.write(tmp_path / "board.img", {"main.py": b""})  # as a boot.py that must start nothing
    sim = start()
    done = subprocess.run(
        [str(MPREMOTE), "connect", str(sim.link), "exec", "import os; print(sorted(os.listdir()))"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    files = ["application", "archive.mpy", "boot.py", "main.py", "settings.0", "settings.1"]
    assert done.stdout.strip() == str(files), done.stderr


ASKS_FOR_THE_PROMPT = """
f = open('boot.py', 'w')
f.write({boot!r})
f.close()
import archive, machine
from cryo.core.resets import Resets
from scratch import Scratch
Resets(Scratch()).deliberate(True)
machine.reset()
"""


def test_the_flag_for_the_prompt_survives_the_reset_and_counts_once(packed, start, port, tmp_path):
    shutil.copy(packed, tmp_path / "board.img")
    boot = image.read(packed)["boot.py"].decode()
    image.write(tmp_path / "board.img", {"boot.py": b"raise ValueError"})  # reaches the prompt without SERVice:REPL
    sim = start()

    def mpremote(*words):
        command = [str(MPREMOTE), "connect", str(sim.link), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    mpremote("exec", "--no-follow", ASKS_FOR_THE_PROMPT.format(boot=boot))
    at_prompt(sim.link)
    assert mpremote("exec", "import sys; print('board' in sys.modules)") == "False"
    mpremote("reset")
    restarted(sim.link)
    assert ask(port(sim.link), "SYST:CRAS?") == "NONE;RESTARTS=0"  # somebody asked for it: it is not a crash


def test_a_host_that_holds_the_port_and_never_reads_holds_nothing_up(application, port):
    sim = application("--speed", "0", "--tcp", "127.0.0.1:0")
    silent = port(sim.link)
    silent.write_timeout = 0
    number = int(re.search(r"127\.0\.0\.1:(\d+)", sim.said)[1])
    with socket.create_connection(("127.0.0.1", number), PATIENCE_S) as client, client.makefile("rb") as lines:
        for _ in range(BACKGROUND_LINES // 10):  # far more than all queues in between can hold
            client.sendall(b"HELP?\n" * 10)
            for _ in range(10):
                assert b"HELP?" in lines.readline()
        client.sendall(b"SYST:CRAS?\n")
        assert lines.readline() == b"NONE;RESTARTS=0\n"


def test_who_reads_late_gets_what_was_kept_and_the_rest_was_dropped(application, port):
    sim = application("--speed", "0")
    opened = port(sim.link)
    assert ask(opened, "*IDN?")
    opened.write(b"HELP?\n" * 200)  # 100 kB of answers
    until(lambda: opened.in_waiting, lambda count: count >= 2_000)
    opened.write(b"SYST:CRAS?\n")
    lines = []
    until(lambda: lines.append(opened.readline()) or lines[-1], lambda line: line == b"NONE;RESTARTS=0\n")
    assert len(lines) <= 201


# --- PyVISA -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def instrument(application):
    """The board, opened as instrument engineers do it."""
    sim = application("--speed", "0")
    manager = pyvisa.ResourceManager("@py")
    opened = manager.open_resource(f"ASRL{sim.link}::INSTR", read_termination="\n", write_termination="\n")
    opened.timeout = PATIENCE_S * 1000
    yield opened
    opened.close()
    manager.close()


def test_pyvisa_drives_a_whole_set_up(instrument):
    query = instrument.query
    assert query("*IDN?").startswith(NAME)
    until(lambda: query("STAT?"), lambda said: "STATE=STANDBY" in said)
    for command in ("TREAT:PRES CHRONIC", "TREAT:LEV 3", "TREAT:SITE LFOOT-SOLE", "TREAT:POIN 2"):
        assert query(command) == "OK"
    assert [query(f"TREAT:{what}?") for what in ("PRES", "LEV", "SITE", "POIN")] == ["CHRONIC", "3", "LFOOT-SOLE", "2"]

    refused = query("ARM:REQ")
    assert refused.startswith("REFUSED") and "ATTESTATION" in refused
    assert "SKIN" in query("TREAT:ATT?")
    assert query("TREAT:ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND") == "OK"
    assert query("TREAT:ATT?") == "COMPLETE"

    assert "COOL_DOWN" in query("STAT:WHY?") and "ATTESTATION" not in query("STAT?")
    refused = query("ARM:REQ")  # 300 s since switch-on have not passed
    assert refused.startswith("REFUSED") and "COOL_DOWN" in refused and "ATTESTATION" not in refused

    assert query("TREAT:PRES NOTHING").startswith("ERROR -224")
    assert query("NONSENSE").startswith("ERROR -113")
    assert query("TREAT:LEV 9").startswith("ERROR -222")
    assert query("TREAT:LEV?") == "3"
    skin = re.match(r"SKIN=(-?\d+\.\d\d),\d+ms", query("MEAS:TEMP?"))
    assert skin and 30 < float(skin[1]) < 35
    assert query("STOP") == "OK"
    assert "STATE=STANDBY" in query("STAT?") and "FAULT=NONE" in query("STAT?")
