#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A token endpoint for tests on a free port of 127.0.0.1: POST /token gives a token, POST /no 401.
Prints the port."""
from json_api import JsonHandler, serve


class Tokens(JsonHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        is_good = self.path == "/token"
        self.answer(200 if is_good else 401, {"access_token": "t1", "expires_in": 3600} if is_good else {})


serve(Tokens)
