# SPDX-License-Identifier: Apache-2.0
"""A third party that wants credentials: auth_api.py PORT_FILE [CERTIFICATE KEY]

It answers on two ports, the second one with TLS if there is a certificate. /KIND/LOCATION/get-summary and get-data
want credentials of a KIND: key, basic, oauth, none. Every location has three failed rows and one that is rejected.
POST /token gives tokens to the client "me". WAIT in the environment: seconds that an answer takes.
GET /_seen tells the most calls at a time, in all and by port, when each began, how many tokens were given, and the
values of X-Client and X-Extra that came.
"""
import base64
import collections
import os
import ssl
import sys
import threading
import time
import urllib.parse

from json_api import JsonHandler, listen, tell

WAIT = float(os.environ.get("WAIT", "0"))
ROWS = {"failed": 3, "rejected": 1}
lock = threading.Lock()
now, most = collections.Counter(), collections.Counter()
seen = {"begun": [], "tokens": 0, "clients": [], "extras": []}


def is_allowed(kind, headers):
    auth = headers.get("Authorization", "")
    if kind == "key":
        return headers.get("X-Key") == "s3cret"
    if kind == "basic":
        return auth == "Basic " + base64.b64encode(b"me:s3cret").decode()
    if kind == "oauth":
        return auth == "Bearer t0ken"
    return kind == "none" and not auth


class Handler(JsonHandler):
    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        wanted = {
            "grant_type": "client_credentials",
            "client_id": "me",
            "client_secret": "s3cret",
            "scope": "read all",
        }
        if self.path != "/token" or dict(urllib.parse.parse_qsl(form)) != wanted:
            return self.answer(400, {"error": "invalid_client"})
        with lock:
            seen["tokens"] += 1
        return self.answer(200, {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600})

    def do_GET(self):
        if self.path == "/_seen":
            return self.answer(200, dict(seen, most=most))
        port = str(self.server.number)
        with lock:
            seen["begun"].append(time.time())
            seen["clients"].append(self.headers.get("X-Client"))
            seen["extras"].append(self.headers.get("X-Extra"))
            for key in ("all", port):
                now[key] += 1
                most[key] = max(most[key], now[key])
        time.sleep(WAIT)
        with lock:
            for key in ("all", port):
                now[key] -= 1
        return self.give()

    def give(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        _, kind, location, what = url.path.split("/")
        if not is_allowed(kind, self.headers):
            return self.answer(401, {})
        if what == "get-summary":
            return self.answer(200, {"states": ROWS})
        offset, limit = int(query["offset"]), int(query["limit"])
        rows = [
            {"resourceKey": f"{location}-{i}", "state": query["state"], "errors": [{"message": "x"}]}
            for i in range(ROWS[query["state"]])
        ]
        return self.answer(200, {"results": rows[offset : offset + limit]})


ports = []
for number in range(2):
    server = listen(Handler)
    server.number = number
    ports.append(str(server.server_address[1]))
    if number == 1 and len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
tell(sys.argv[1], " ".join(ports))
threading.Event().wait()
