# SPDX-License-Identifier: Apache-2.0
"""A third party for tests: aggregate_api.py PORT_FILE [NAME=WHAT …]

Locations are called l0, l1, …; lN has N * 10 failed rows and N rejected ones. WHAT of a location: dead (503 for
ever), over (announces one more), under (announces one fewer). WAIT in the environment: seconds that an answer takes.
GET /_asked tells how often each page was given.
"""
import collections
import json
import os
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "s3cret"
WAIT = float(os.environ.get("WAIT", "0"))
faults = dict(arg.split("=") for arg in sys.argv[2:])
asked = collections.Counter()
lock = threading.Lock()


def rows(location, state):
    n = int(location[1:]) * (10 if state == "failed" else 1)
    return [
        {
            "resourceKey": f'{location}-{state}-{i}, "x"',
            "state": state,
            "errors": [{"message": f"line {i}\nnext, \N{GRINNING FACE} é"}],
        }
        for i in range(n)
    ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.split("/")
        if url.path == "/_asked":
            return self.answer(200, dict(asked))
        if self.headers.get("X-Key") != KEY:
            return self.answer(401, {})
        time.sleep(WAIT)
        location, fault = parts[2], faults.get(parts[2])
        if fault == "dead":
            return self.answer(503, {})
        if parts[3] == "get-summary":
            more = {"over": 1, "under": -1}.get(fault, 0)
            return self.answer(200, {"states": {s: max(0, len(rows(location, s)) + more) for s in ("failed", "rejected")}})
        offset, limit = int(query["offset"]), int(query["limit"])
        with lock:
            asked[f"{location}/{query['state']}/{offset}"] += 1
        page = rows(location, query["state"])[offset : offset + limit]
        return self.answer(200, {"count": len(page), "results": page})

    def log_message(self, format, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
    file.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
