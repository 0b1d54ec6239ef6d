"""What a client may do with connections: heads too large or too slow, half-sent requests, none left."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
import urllib.request

import pytest

from recsys.errors import UsageError
from recsys.serving.server import believes_everyone, listen
from tests.builders.fake_recommender import write_bundle
from tests.builders.fake_service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = write_bundle(tmp_path_factory.mktemp("connections") / "bundle")
    service = Service(folder, head_seconds=1, idle_seconds=2, answer_seconds=2)
    yield service
    assert service.stop() == 0


@contextlib.contextmanager
def connected(service, *parts: bytes):
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as made:
        for part in parts:
            made.sendall(part)
        yield made


def read(made) -> bytes:
    """All until the end, a reset included."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := made.recv(65536):
            answer += part
    return answer


def healthy(service) -> bool:
    began = time.monotonic()
    with urllib.request.urlopen(f"{service.url}/health", timeout=5) as answer:
        return answer.status == 200 and time.monotonic() - began < 2


def counted(service, reason: str) -> float:
    text = urllib.request.urlopen(f"{service.url}/metrics", timeout=5).read().decode()
    name = f'recsys_connections_ended_total{{reason="{reason}"}} '
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)), 0)


GET = b"GET /health HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /api/recommend HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HEADS = {
    "one long header": [GET, b"A: " + b"x" * 40_000 + b"\r\n\r\n"],
    "one that never ends": [GET, b"A: ", b"x" * 500_000],
    "a long address": [b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
    "many headers": [GET, b"".join(b"A%d: 1\r\n" % i for i in range(200)), b"\r\n"],
    "what follows a body in chunks": [
        POST, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: ", b"x" * 500_000,
    ],
}  # fmt: skip


@pytest.mark.parametrize("parts", HEADS.values(), ids=HEADS)
def test_a_head_too_large_is_refused(service, parts):
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as made:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                made.sendall(part)
                time.sleep(0.05)
        answer = read(made)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"larger than 32 KiB" in answer or b"more than 100 headers" in answer
    assert b"content-security-policy" in answer
    assert healthy(service)


def test_a_large_head_within_the_limit_is_taken(service):
    with connected(service, GET, b"A: " + b"x" * 30_000 + b"\r\nConnection: close\r\n\r\n") as made:
        assert read(made).startswith(b"HTTP/1.1 200 ")


def test_a_body_in_the_smallest_chunks_is_taken(service):
    body = b'{"k": 1' + b" " * 60_000 + b"}"
    head = (
        b"POST /api/recommend HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    chunks = b"".join(b"1\r\n%c\r\n" % each for each in body)
    with connected(service, head + b"Transfer-Encoding: chunked\r\n\r\n", chunks, b"0\r\n\r\n") as made:
        assert read(made).startswith(b"HTTP/1.1 200 ")


SLOW = {
    "nothing": [],
    "half a head": [GET],
    "a body that nobody asked for": [GET + b"Content-Length: 100000\r\n\r\n", b"x"],
    "half a body": [POST + b"Content-Length: 100\r\n\r\n{"],
    "empty lines": [b"\r\n"],
}


@pytest.mark.parametrize("parts", SLOW.values(), ids=SLOW)
def test_who_is_slow_is_let_go(service, parts):
    """A byte every so often does not win time."""
    began = time.monotonic()
    with connected(service, *parts) as made:
        made.settimeout(0.2)
        while time.monotonic() - began < 12:
            try:
                if not made.recv(65536):
                    break
            except TimeoutError:
                with contextlib.suppress(ConnectionError):
                    made.sendall(b"\r\n" if parts == [b"\r\n"] else b"x" if parts else b"")
            except ConnectionError:
                break
    assert time.monotonic() - began < 8


def test_who_does_not_read_is_let_go(service):
    before = counted(service, "slow") + counted(service, "pipelined")
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.connect(("127.0.0.1", service.port))
        made.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(200):
                made.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        until = time.monotonic() + 20
        while counted(service, "slow") + counted(service, "pipelined") == before:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert healthy(service)


def test_what_is_no_http_is_refused(service):
    with connected(service, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") as made:
        assert read(made).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("part", [GET, POST + b"Content-Length: 99\r\n\r\n{"])
def test_half_sent_requests_keep_nobody_out(tmp_path, part):
    """500 of them, where the process may have 256 files open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, hard), hard))
    folder = write_bundle(tmp_path / "bundle")
    service = Service(folder, files=256, head_seconds=60, answer_seconds=60)
    with contextlib.ExitStack() as stack:
        stack.callback(service.stop)
        for count in range(500):
            made = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=10))
            with contextlib.suppress(ConnectionError):
                made.sendall(part)
            if count % 100 == 99:
                assert healthy(service)
        assert healthy(service)
        assert counted(service, "crowded out") >= 300


def test_idle_connections_are_used_again_and_let_go(service):
    with connected(service) as made:
        for _ in range(3):
            made.sendall(GET + b"\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += made.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 ")
        began = time.monotonic()
        assert read(made) == b""
        assert 1 < time.monotonic() - began < 6


def test_pipelined_requests_are_answered_in_order(service):
    one = b"GET /api/regions HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(service, one * 5, GET + b"Connection: close\r\n\r\n") as made:
        assert read(made).count(b"HTTP/1.1 200") == 6


def test_too_many_at_once_on_a_connection_are_no_defect(service):
    """What was asked before wrote behind the refusal, and each was logged as a defect."""
    one = b"POST /api/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    body = b'{"requests": [%s]}' % b",".join([b'{"k": 100}'] * 40)
    one += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with connected(service, one + (GET + b"\r\n") * 30) as made:
        answer = read(made)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"too many requests wait on this connection" in answer
    assert healthy(service)
    time.sleep(0.5)
    assert "defect" not in service.log.read_text()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 8000000\r\n", b"413"),
        (b"Content-Length: 4000000\r\nContent-Encoding: br\r\n", b"415"),
        (b"Transfer-Encoding: chunked\r\n", b"413"),
    ],
)
def test_who_sends_all_before_reading_sees_the_refusal(service, head, status):
    with connected(service, POST + head + b"\r\n") as made:
        time.sleep(0.1)
        for _ in range(40 if b"4000000" in head else 80):
            made.sendall(b"186a0\r\n" + b" " * 100_000 + b"\r\n" if b"chunked" in head else b" " * 100_000)
        if b"chunked" in head:
            made.sendall(b"0\r\n\r\n")
        assert read(made).startswith(b"HTTP/1.1 " + status)


def test_who_sends_no_more_of_a_refused_body_is_let_go(service):
    with connected(service, POST + b"Content-Length: 8000000\r\n\r\n{") as made:
        began = time.monotonic()
        assert read(made).startswith(b"HTTP/1.1 413")
        assert time.monotonic() - began < 6


def test_a_websocket_is_answered_in_http_and_nobody_is_told_what_to_install(service):
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with connected(service, GET + upgrade) as made:
        assert made.recv(65536).startswith(b"HTTP/1.1 200 ")
    time.sleep(0.2)
    assert "install" not in service.log.read_text()


def test_many_headers_are_called_so(service):
    with connected(service, GET, b"".join(b"A%d: 1\r\n" % i for i in range(101)), b"\r\n") as made:
        answer = read(made)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"has more than 100 headers" in answer


def test_a_taken_port_is_named():
    taken = listen("127.0.0.1", 0)
    port = taken[0].getsockname()[1]
    with taken[0], pytest.raises(UsageError, match=f"port {port}: another program listens there"):
        listen("127.0.0.1", port)
    with pytest.raises(UsageError, match=r"host 192\.0\.2\.1: cannot be listened on"):
        listen("192.0.2.1", 8000)


@pytest.mark.parametrize(("given", "expected"), [
    (None, False), ("10.0.0.1", False), ("*", True), ("10.0.0.1, *", True), ("0.0.0.0/0", True),
])  # fmt: skip
def test_whom_a_proxy_setting_believes(given, expected):
    assert believes_everyone(given) is expected
