# SPDX-License-Identifier: Apache-2.0
"""What the third parties of the tests share: answers of JSON, and a free port of 127.0.0.1."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class JsonHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value, headers=None):
        self.answer_body(status, json.dumps(value, ensure_ascii=False).encode(), headers)

    def answer_body(self, status, body, headers=None):
        """204 has none, whatever it is."""
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if status == 204 else body)

    def log_message(self, format, *args):
        pass


def listen(handler, port=0):
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def tell(path, text):
    """Into a file, which is there as a whole or not at all."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def serve(handler, port_file=None, port=0):
    """For ever. The port goes into the file, or to stdout."""
    server = listen(handler, port)
    if port_file:
        tell(port_file, str(server.server_port))
    else:
        print(server.server_port, flush=True)
    server.serve_forever()
