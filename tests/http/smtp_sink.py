# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server for tests: takes messages, or says what it is told to say instead."""
import base64
import socket
import ssl
import threading


class Sink:
    """
    say: what to answer instead of yes, by verb ("connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "." for the end of a message);
    a list is used up one by one, "" hangs up, a function is called first.
    """

    def __init__(self, tls=None, implicit=False, starttls=False, auth=None, **say):
        self.tls, self.implicit, self.starttls, self.auth, self.say = tls, implicit, starttls, auth, dict(say)
        self.messages, self.verbs, self.logins, self.in_clear = [], [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # close() alone leaves the one that waits in accept() there
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.guard, args=(sock,), daemon=True).start()

    def guard(self, sock):
        try:
            with sock:
                self.serve(sock)
        except (OSError, ssl.SSLError, EOFError):
            pass

    def reply(self, verb, default):
        text = self.say.get(verb, default)
        if isinstance(text, list):
            text = text.pop(0) if text else default
        if callable(text):
            text = text() or default
        if text == "":
            raise EOFError
        return text.encode() + b"\r\n"

    def serve(self, sock):
        encrypted = self.implicit
        if encrypted:
            sock = self.tls.wrap_socket(sock, server_side=True)
        f = sock.makefile("rwb")

        def send(data):
            f.write(data)
            f.flush()

        send(self.reply("connect", "220 sink ready"))
        sender, to = None, []
        while line := f.readline():
            verb = line.split()[0].upper().decode() if line.split() else ""
            text = line.decode().strip()
            self.verbs.append(verb)
            if not encrypted:
                self.in_clear.append(text)
            if verb == "EHLO":
                lines = ["sink"] + ["STARTTLS"] * (self.starttls and not encrypted) + ["AUTH PLAIN"] * bool(self.auth) + ["8BITMIME"]
                send(self.reply("EHLO", "\r\n".join(f"250{'-' if i + 1 < len(lines) else ' '}{s}" for i, s in enumerate(lines))))
            elif verb == "STARTTLS":
                send(b"220 go ahead\r\n")
                sock = self.tls.wrap_socket(sock, server_side=True)
                f, encrypted = sock.makefile("rwb"), True
            elif verb == "AUTH":
                given = text.split()[2] if len(text.split()) > 2 else None
                if given is None:
                    send(b"334 \r\n")
                    given = f.readline().decode().strip()
                self.logins.append(tuple(base64.b64decode(given).decode().split("\0")[1:]))
                send(self.reply("AUTH", "235 welcome" if self.logins[-1] == self.auth else "535 5.7.8 no"))
            elif verb == "MAIL":
                sender, to = text[text.index("<") + 1:text.index(">")], []
                send(self.reply("MAIL", "250 ok"))
            elif verb == "RCPT":
                to.append(text[text.index("<") + 1:text.index(">")])
                send(self.reply("RCPT", "250 ok"))
            elif verb == "DATA":
                answer = self.reply("DATA", "354 go on")
                send(answer)
                if not answer.startswith(b"354"):
                    continue
                data = b""
                while (part := f.readline()) != b".\r\n":
                    if not part:
                        return
                    data += part[1:] if part.startswith(b".") else part
                answer = self.reply(".", "250 taken")
                if answer.startswith(b"250"):
                    self.messages.append((sender, tuple(to), data))
                send(answer)
            elif verb == "QUIT":
                send(b"221 bye\r\n")
                return
            else:
                send(b"250 ok\r\n" if verb in ("RSET", "NOOP") else b"502 what?\r\n")
