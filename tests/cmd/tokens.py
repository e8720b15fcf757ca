#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A token endpoint for tests on a free port of 127.0.0.1: POST /token gives a token, POST /no 401.
Prints the port."""
import http.server


class Tokens(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        is_good = self.path == "/token"
        body = b'{"access_token": "t1", "expires_in": 3600}' if is_good else b"{}"
        self.send_response(200 if is_good else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
print(server.server_port, flush=True)
server.serve_forever()
