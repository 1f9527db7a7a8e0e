"""A client of HTTP/2 that begins many gRPC calls with large messages and ends none of them."""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Dict

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK, END_HEADERS = 1, 4
INITIAL_WINDOW_SIZE = 4


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name: str, value: str) -> bytes:
    """A header field as it is, without compression."""
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


class Hoarder:
    """Without a token. It keeps to the flow control of the server, so that all it may send is taken."""

    def __init__(self, address: str, calls: int, size: int) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.came = b""
        self.open = True
        self.window, self.initial = 65_535, 65_535
        self.sent = 0
        path = "/inference.GRPCInferenceService/ModelInfer"
        fields = {":method": "POST", ":scheme": "http", ":path": path, ":authority": host, "content-type": "application/grpc", "te": "trailers"}
        head = b"".join(literal(*field) for field in fields.items())
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b""))
        self.left: Dict[int, int] = {}  # of each message, but for its last byte
        self.windows: Dict[int, int] = {}
        self.read(1)
        for number in range(calls):
            stream = 2 * number + 1
            self.left[stream], self.windows[stream] = size + 4, self.initial
            self.socket.sendall(frame(HEADERS, END_HEADERS, stream, head))
            self.send(stream, b"\x00" + struct.pack(">I", size))

    def close(self) -> None:
        self.socket.close()

    def push(self, patience: float = 1.0) -> None:
        """Sends until the server has taken no more for a while, or hangs up."""
        idle_since = time.monotonic()
        before = -1
        while self.open and time.monotonic() - idle_since < patience:
            self.read(0 if self.sent > before else 0.05)
            before = self.sent
            for stream in list(self.left):
                self.send(stream, bytes(max(0, min(16_384, self.left[stream], self.windows[stream], self.window))))
            if self.sent > before:
                idle_since = time.monotonic()

    def send(self, stream: int, data: bytes) -> None:
        if not data or not self.open:
            return
        try:
            self.socket.sendall(frame(DATA, 0, stream, data))
        except OSError:
            self.open = False
        self.sent += len(data)
        self.window -= len(data)
        self.windows[stream] -= len(data)
        self.left[stream] -= len(data)

    def read(self, wait: float) -> None:
        while self.open and select.select([self.socket], [], [], wait)[0]:
            try:
                data = self.socket.recv(1 << 16)
            except OSError:
                data = b""
            self.open = bool(data)
            self.came += data
            wait = 0
            while len(self.came) >= 9:
                size = int.from_bytes(self.came[:3], "big")
                if len(self.came) < 9 + size:
                    break
                kind, flags, stream = struct.unpack(">BBI", self.came[3:9])
                payload, self.came = self.came[9 : 9 + size], self.came[9 + size :]
                self.take(kind, flags, stream, payload)

    def take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == SETTINGS and not flags:
            for at in range(0, len(payload), 6):
                name, value = struct.unpack(">HI", payload[at : at + 6])
                if name == INITIAL_WINDOW_SIZE:
                    for known in self.windows:
                        self.windows[known] += value - self.initial
                    self.initial = value
        if kind in (SETTINGS, PING) and not flags:
            self.socket.sendall(frame(kind, ACK, 0, payload if kind == PING else b""))
        if kind == WINDOW_UPDATE:
            more = int.from_bytes(payload, "big")
            if stream == 0:
                self.window += more
            elif stream in self.windows:
                self.windows[stream] += more
        if kind == RST_STREAM or (kind == HEADERS and stream in self.left):  # refused
            self.left.pop(stream, None)
            self.windows.pop(stream, None)
        if kind == GOAWAY:
            self.open = False
