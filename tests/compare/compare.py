# SPDX-License-Identifier: Apache-2.0
"""The same calls to afflux serve and to other implementations; prints where the answers differ.

compare.py dynamodb|s3    beside dynalite or s3rver (PEERS is a folder with them), and moto where dynalite has nothing

Calls are in dynamodb.calls and s3.calls. What differs for a known reason has a row in docs/compared.md
("| call | peer | …"), and is only counted. AFFLUX names the program. Exits 1 when something differs without one.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from urllib.parse import quote, unquote

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.environ.get("PEERS", "")
KEY = "S3RVER"  # s3rver's own credentials; it checks signatures

# ---- servers ----


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command_of(who, folder, port):
    """What starts a server, or None where it cannot be had."""
    module = os.path.join(PEERS, "node_modules", who)
    if who == "afflux":
        return [os.environ["AFFLUX"], "serve", "--data", folder, "--listen", f"127.0.0.1:{port}"]
    if who == "moto":
        try:
            import moto.server  # noqa: F401
        except ImportError:
            return None
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    if not PEERS or not os.path.isdir(module) or not shutil.which("node"):
        return None
    if who == "dynalite":
        options = "createTableMs: 0, updateTableMs: 0, deleteTableMs: 0"
        return ["node", "-e", f"require('{module}')({{{options}}}).listen({port}, '127.0.0.1')"]
    return ["node", f"{module}/bin/s3rver.js", "-d", folder, "-a", "127.0.0.1", "-p", str(port), "--silent",
            "--no-vhost-buckets"]


def start(who, folder):
    port = free_port()
    command = command_of(who, folder, port)
    if command is None:
        return None, None
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder + ".log"), "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server, port
        except OSError:
            time.sleep(0.05)
    server.kill()
    raise SystemExit(f"{who} does not listen: {open(folder + '.log').read()[-500:]}")


# ---- signed calls ----


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def call(port, service, method, target, headers, body):
    """Status, headers (lower case) and body, signed with AWS Signature Version 4."""
    path, _, query = target.partition("?")
    pairs = sorted((p.partition("=")[0], p.partition("=")[2]) for p in query.split("&") if p)
    text = "&".join(f"{k}={quote(unquote(v), safe='-_.~')}" for k, v in pairs)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body).hexdigest()
    all_headers = {k.lower(): v for k, v in headers.items()}
    all_headers.update({"host": f"127.0.0.1:{port}", "x-amz-date": now, "x-amz-content-sha256": digest})
    names = ";".join(sorted(all_headers))
    lines = "".join(f"{k}:{all_headers[k]}\n" for k in sorted(all_headers))
    scope = f"{now[:8]}/us-east-1/{service}/aws4_request"
    request = f"{method}\n{path}\n{text}\n{lines}\n{names}\n{digest}"
    key = ("AWS4" + KEY).encode()
    for part in scope.split("/"):
        key = mac(key, part)
    signed = hashlib.sha256(request.encode()).hexdigest()
    signature = mac(key, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{signed}").hex()
    all_headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, "
                                    f"Signature={signature}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path + (f"?{text}" if text else ""), body, all_headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


# ---- tables ----

# What is new every time, and what is a matter of each implementation's size estimates.
UNSTABLE = {"TableId", "TableArn", "IndexArn", "CreationDateTime", "LastUpdateToPayPerRequestDateTime",
            "LastIncreaseDateTime", "LastDecreaseDateTime", "TableSizeBytes", "IndexSizeBytes", "ItemCount"}
UNORDERED = {"AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "SS", "NS", "BS",
             "ConsumedCapacity", "NonKeyAttributes"}


def settled(value, name=""):
    """Without what differs from run to run, and in one order."""
    if isinstance(value, dict):
        return {k: settled(v, k) for k, v in value.items() if k not in UNSTABLE}
    if isinstance(value, list):
        items = [settled(v) for v in value]
        return sorted(items, key=lambda v: json.dumps(v, sort_keys=True)) if name in UNORDERED else items
    return value


def call_table(port, operation, request):
    status, _, body = call(port, "dynamodb", "POST", "/", {
        "X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"},
        json.dumps(request).encode())
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {"__type": "#no JSON", "message": body[:200].decode("utf-8", "replace")}
    return status, answer


def run_tables(port):
    for name, operation, text in read_calls("dynamodb.calls", 3):
        request = json.loads(text)
        status, answer = call_table(port, operation, request)
        if operation in ("CreateTable", "DeleteTable", "UpdateTable") and status == 200:
            until_settled(port, request["TableName"])
            for text in ("TableStatus", "IndexStatus"):  # who is quick has an ACTIVE table at once
                answer = json.loads(re.sub(rf'"{text}": "[A-Z]+"', f'"{text}": "-"', json.dumps(answer)))
        if "__type" in answer:
            answer = {"error": answer["__type"].split("#")[-1],
                      **{k.lower(): v for k, v in answer.items() if k != "__type"}}
        answer = settled(answer)
        if operation in ("Scan", "BatchGetItem"):  # their order is nobody's promise
            for items in [answer, *answer.get("Responses", {}).values()]:
                if isinstance(items, dict) and "Items" in items:
                    items["Items"].sort(key=lambda v: json.dumps(v, sort_keys=True))
            for table in answer.get("Responses", {}).values():
                table.sort(key=lambda v: json.dumps(v, sort_keys=True))
        yield name, {"status": status, **answer}


def until_settled(port, table):
    for _ in range(200):
        status, answer = call_table(port, "DescribeTable", {"TableName": table})
        if status != 200 or answer["Table"]["TableStatus"] == "ACTIVE":
            return
        time.sleep(0.02)


# ---- objects ----

HEADERS = ["etag", "content-type", "content-length", "content-range", "accept-ranges", "cache-control",
           "content-disposition", "x-amz-meta-who", "x-amz-meta-new", "x-amz-meta-p", "location"]
GONE = {"RequestId", "HostId", "LastModified", "CreationDate", "Owner", "Message", "Resource", "UploadId", "Location",
        "ChecksumAlgorithm", "ChecksumType", "NextContinuationToken", "ContinuationToken"}


def xml_of(element):
    """A tree as lists: a name's values in their order."""
    children = list(element)
    if not children:
        return element.text or ""
    ret = {}
    for child in children:
        name = child.tag.split("}")[-1]
        if name not in GONE and not name.startswith("Checksum"):
            ret.setdefault(name, []).append(xml_of(child))
    return ret


def shown(method, status, headers, body):
    ret = {"status": status, **{k: headers[k] for k in HEADERS if k in headers}}
    if not body and (method not in ("GET", "HEAD") or status >= 400):
        ret.pop("content-type", None)  # of nothing
        ret.pop("content-length", None)
    if body.lstrip().startswith(b"<"):
        try:
            root = xml.etree.ElementTree.fromstring(body)
            ret.pop("content-length", None)
            ret["xml"] = {root.tag.split("}")[-1]: xml_of(root)}
            if root.tag.endswith("Error"):
                ret["xml"] = root.findtext("Code")
        except xml.etree.ElementTree.ParseError:
            ret["body"] = body[:200].decode("utf-8", "replace")
    elif body:
        ret["body"] = body.decode("utf-8", "replace") if len(body) < 200 else hashlib.md5(body).hexdigest()
    return ret


def run_objects(port):
    known = {"upload": "", "etag1": "", "etag2": ""}
    for name, method, target, rest in read_calls("s3.calls", 4):
        headers, end = json.JSONDecoder().raw_decode(rest)
        text = rest[end:].strip()
        body = b"x" * int(text[1:]) if text.startswith("*") else text.encode()
        for word, value in known.items():
            target = target.replace("{" + word + "}", value)
            body = body.replace(b"{" + word.encode() + b"}", value.encode()) if len(body) < 1000 else body
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        headers = {k: v.replace("{md5}", md5) for k, v in headers.items()}
        status, answered, got = call(port, "s3", method, target, headers, body)
        found = re.search(rb"<UploadId>([^<]*)", got)
        if found:
            known["upload"] = found[1].decode()
        if re.fullmatch("upload-[12]", name):
            known["etag" + name[-1]] = answered.get("etag", "").strip('"')
        yield name, shown(method, status, answered, got)


# ---- comparing ----

# Which calls each is asked for: moto checks little of what it is sent, but has what dynalite lacks.
PEERS_OF = {"dynamodb": [("dynalite", ""), ("moto", "transact-|ttl-")], "s3": [("s3rver", "")]}


def read_calls(file, fields):
    with open(os.path.join(HERE, file), encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n").split(" ", fields - 1)


def explained():
    """The pairs (call, peer) of the table in docs/compared.md."""
    ret = set()
    with open(os.path.join(HERE, "../../docs/compared.md"), encoding="utf-8") as lines:
        for line in lines:
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 5:
                ret.update((call.strip(" `"), peer) for call in cells[1].split(",") for peer in cells[2].split(", "))
    return ret


def differences(mine, theirs, path=""):
    """What of two answers is not the same, a line each: where, here, there."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in sorted({*mine, *theirs}):
            yield from differences(mine.get(key), theirs.get(key), f"{path}.{key}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for i, pair in enumerate(zip(mine, theirs)):
            yield from differences(*pair, f"{path}[{i}]")
    elif mine != theirs:
        yield f"    {path}: {json.dumps(mine, ensure_ascii=False)} | {json.dumps(theirs, ensure_ascii=False)}"


def answers_of(who, kind, folder):
    server, port = start(who, os.path.join(folder, who))
    if server is None:
        return None
    try:
        return dict(run_tables(port) if kind == "dynamodb" else run_objects(port))
    finally:
        server.terminate()
        server.wait()


def main():
    kind = sys.argv[1]
    known, bad = explained(), 0
    folder = tempfile.mkdtemp(prefix="afflux-compare.")
    try:
        mine = answers_of("afflux", kind, folder)
        for peer, names in PEERS_OF[kind]:
            theirs = answers_of(peer, kind, folder)
            if theirs is None:
                print(f"{kind}: {peer} is not installed, skipped")
                continue
            same = explained_count = 0
            asked = {name: answer for name, answer in mine.items() if re.match(names, name)}
            for name, answer in asked.items():
                lines = list(differences(answer, theirs[name]))
                if not lines:
                    same += 1
                    if (name, peer) in known:
                        print(f"{name}: no longer differs from {peer}, but docs/compared.md has it")
                elif (name, peer) in known:
                    explained_count += 1
                else:
                    bad += 1
                    print(f"{name}: afflux, {peer}", *lines, sep="\n")
            print(f"{kind}: {len(asked)} calls, {same} answered as by {peer}, {explained_count} differ and are explained, "
                  f"{len(asked) - same - explained_count} differ")
    finally:
        shutil.rmtree(folder)
    sys.exit(1 if bad else 0)


main()
