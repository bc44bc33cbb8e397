"""`make uf2` stores only the pinned bytes, whole or not at all. A local server stands for the network."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from host_tools.toolchain.uf2 import download

DATA = b"UF2\n" + bytes(range(256)) * 8
PIN = hashlib.sha256(DATA).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Answers /good with DATA, /bad with other bytes, /cut with less than it announced, /long without end."""

    def do_GET(self):
        body = {"/good": DATA, "/bad": b"x" + DATA[1:], "/cut": DATA, "/long": bytes(download.LONGEST + 1)}
        if self.path not in body:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body[self.path])))
        self.end_headers()
        self.wfile.write(body[self.path][: 100 if self.path == "/cut" else None])

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "RPI_PICO.uf2"


def test_the_pinned_bytes_are_stored_and_not_fetched_twice(url, target):
    download.ensure(f"{url}/good", target, PIN)
    assert target.read_bytes() == DATA
    assert "already" in download.ensure(f"{url}/nowhere", target, PIN)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("path", "why"),
    [("/bad", "SHA-256"), ("/cut", "cannot read|SHA-256"), ("/long", "longer"), ("/nowhere", "404")],
)
def test_anything_else_is_refused_and_leaves_nothing(url, target, path, why):
    with pytest.raises(download.Refused, match=why):
        download.ensure(url + path, target, PIN)
    assert not target.parent.exists() or not list(target.parent.iterdir())


def test_without_network_the_error_names_the_file_and_the_way_to_bring_it(target):
    with pytest.raises(download.Refused, match=r"cannot read .*URL=file:///") as refused:
        download.ensure("http://127.0.0.1:1/", target, PIN)  # nobody listens there
    assert download.URL in str(refused.value)


def test_a_copy_brought_by_hand_is_held_to_the_same_pin(tmp_path, target):
    copy = tmp_path / "copy.uf2"
    copy.write_bytes(DATA[:-1])
    with pytest.raises(download.Refused, match="SHA-256"):
        download.ensure(copy.as_uri(), target, PIN)
    copy.write_bytes(DATA)
    download.ensure(copy.as_uri(), target, PIN)
    assert target.read_bytes() == DATA


def test_another_image_that_is_there_is_not_replaced(url, target):
    target.parent.mkdir()
    target.write_bytes(b"built by somebody")
    with pytest.raises(download.Refused, match="another image"):
        download.ensure(f"{url}/good", target, PIN)
    assert target.read_bytes() == b"built by somebody"


def test_the_command_says_why_and_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(download.image, "CACHE", tmp_path / "image.uf2")
    assert download.main([(tmp_path / "none.uf2").as_uri()]) == 1
    assert capsys.readouterr().err.startswith("uf2: cannot read file:///")
