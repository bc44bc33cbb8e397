"""The cost of deploying: the rows beside the other tool's, and that every byte of a port is counted."""

import socket
import threading

from host_tools.evidence.bench import deploy, figures
from host_tools.places import ROOT
from tests.evidence.bench.test_bench import DEPLOY

BACK = b"so much more"


def test_bytes_stand_side_by_side_and_time_as_a_ratio():
    rows = {row.name: row for row in figures._deploy({"deploy": DEPLOY})}
    assert (rows["deploy_bytes"].value, rows["deploy_bytes"].peer_value) == (150_000, 450_000)
    assert (rows["redeploy_bytes"].value, rows["redeploy_bytes"].peer_value) == (20_000, 60_000)
    assert [rows[name].value for name in ("deploy_time_ratio", "redeploy_time_ratio")] == [0.25, 0.75]
    assert {row.peer for row in rows.values()} == {figures.SOURCES}


def test_every_byte_is_passed_on_and_counted_both_ways():
    with socket.create_server(("127.0.0.1", 0)) as board:

        def answer():
            client, _ = board.accept()
            with client:
                client.sendall(client.recv(100) + BACK)

        thread = threading.Thread(target=answer)
        thread.start()
        with deploy.Counted(board.getsockname()[1]) as port:
            number = int(port.name.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", number)) as client, client.makefile("rb") as said:
                client.sendall(b"hello")
                assert said.read() == b"hello" + BACK
        thread.join()
    assert port.count == 2 * len(b"hello") + len(BACK)


def test_what_is_copied_and_changed_is_there():
    assert (ROOT / deploy.CHANGED).is_file()
    assert all(list(ROOT.glob(pattern)) for pattern in (*deploy.SOURCES, *deploy.NEEDED))
