# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server for tests: TXT records, or what it is told to say instead. It has the number of the stack's HTTPS port, in UDP."""
import socket
import struct
import threading


class FakeDNS:
    """records: {"_pact-verification.corp.example": ["text", …]}; a name that is not there does not exist. say: function (question) → the answer's bytes."""

    def __init__(self, port):
        self.records, self.asked, self.say = {}, [], None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            try:
                self.socket.sendto((self.say or self.answer)(question), peer)
            except OSError:
                return

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += question[at] + 1
        name, end = ".".join(labels).lower(), at + 5
        self.asked.append(name)
        texts = self.records.get(name)
        head = question[:2] + struct.pack(">HHHHH", 0x8180 | (3 if texts is None else 0), 1, len(texts or []), 0, 0)
        out = head + question[12:end]
        for text in texts or []:
            data = b"".join(bytes([len(part)]) + part for part in (text.encode()[i:i + 255] for i in range(0, len(text), 255)))
            out += struct.pack(">HHHIH", 0xC00C, 16, 1, 60, len(data)) + data
        return out
