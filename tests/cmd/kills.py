# SPDX-License-Identifier: Apache-2.0
"""afflux serve is killed (SIGKILL) again and again while it works, for tests/cmd/kills.bats. AFFLUX names the program.

kills.py load DATA KILLS        puts, updates and objects over several connections: what was acknowledged is there
kills.py workflows DATA KILLS   tasks of workflows add 1 to counters: each has counted once, no more and no less

Prints what was done; exits 1 and says what is wrong.
"""

import hashlib
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time

OUTSIDE = (OSError, http.client.HTTPException)


class Server:
    """One data folder, and the process that has it."""

    def __init__(self, folder):
        self.folder = folder
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["AFFLUX"], "serve", "--data", self.folder, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        if "http://" not in line:
            raise SystemExit(f"it does not start: {line!r}")
        self.address = line.split("http://")[1].split(",")[0]

    def kill(self):
        self.address = "127.0.0.1:1"  # where nobody is; its port may soon be somebody else's
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Client:
    """One connection."""

    def __init__(self, address):
        self.http = http.client.HTTPConnection(address, timeout=60)

    def call(self, service, operation, request, accepted=None):
        """The answer; None for the error that is accepted."""
        target = {"dynamodb": "DynamoDB_20120810.", "states": "AWSStepFunctions."}[service] + operation
        self.http.request("POST", "/", json.dumps(request), {"X-Amz-Target": target})
        answer = self.http.getresponse()
        body = answer.read()
        if answer.status == 400 and accepted and accepted.encode() in body:
            return None
        if answer.status != 200:
            raise SystemExit(f"{operation}: {answer.status} {body[:300]}")
        return json.loads(body)

    def item(self, table, key):
        return self.call("dynamodb", "GetItem", {"TableName": table, "Key": {"id": {"S": key}}, "ConsistentRead": True}
                         ).get("Item")

    def object(self, method, path, body=None):
        self.http.request(method, path, body)
        answer = self.http.getresponse()
        return answer.status, answer.read()


def make_table(client, name):
    client.call("dynamodb", "CreateTable", {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]})


def failed(text):
    raise SystemExit(text)


# ---- load ----


def add_one(key):
    return {"TableName": "things", "Key": {"id": {"S": key}}, "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}, "ReturnValues": "UPDATED_NEW"}


def put_items(client, number, round_number, done):
    for i in range(10**9):
        key = f"{round_number}-{number}-{i}"
        text = random.Random(key).randbytes(200).hex()
        client.call("dynamodb", "PutItem", {"TableName": "things", "Item": {"id": {"S": key}, "text": {"S": text}}})
        done.append(("item", key, text))


def update_own(client, number, round_number, done):
    """A counter that nobody else counts with: its value is what was acknowledged, or one more."""
    key, last = f"own-{round_number}-{number}", 0
    while True:
        answer = client.call("dynamodb", "UpdateItem", add_one(key))
        last += 1
        if answer["Attributes"]["n"]["N"] != str(last):
            failed(f"{key} is {answer}, not {last}")
        done.append(("own", key, last))


def update_shared(client, number, round_number, done):
    while True:
        client.call("dynamodb", "UpdateItem", add_one("shared"))
        done.append(("shared", "shared", 1))


def object_of(path):
    chance = random.Random(path)
    return chance.randbytes(1500000 if chance.random() < 0.1 else chance.randrange(20000))


def put_objects(client, number, round_number, done):
    for i in range(10**9):
        path = f"/box/{round_number}/{number}/{i}"
        status, body = client.object("PUT", path, object_of(path))
        if status != 200:
            failed(f"{path}: {status} {body[:300]}")
        done.append(("object", path, hashlib.md5(object_of(path)).hexdigest()))


WORKERS = [put_items, put_items, update_own, update_own, update_shared, update_shared, put_objects, put_objects]


def work(worker, address, number, round_number, done, wrong):
    try:
        worker(Client(address), number, round_number, done)
    except OUTSIDE:
        pass
    except SystemExit as e:
        wrong.append(str(e))


def check_done(client, done):
    """All that was acknowledged; each counter once, by its last value."""
    last = {}
    for kind, key, value in done:
        if kind in ("own", "shared"):
            last[key] = (kind, last[key][1] + 1 if key in last and kind == "shared" else value)
        elif kind == "item":
            item = client.item("things", key)
            if not item or item["text"]["S"] != value:
                failed(f"item {key} is {item}")
        else:
            status, body = client.object("GET", key)
            if status != 200 or hashlib.md5(body).hexdigest() != value:
                failed(f"{key}: {status}, {len(body)} bytes")
    for key, (kind, value) in last.items():
        if kind == "own":
            n = int(client.item("things", key)["n"]["N"])
            if n not in (value, value + 1):
                failed(f"{key} is {n}, acknowledged was {value}")


def run_load(server, kills):
    client = Client(server.address)
    make_table(client, "things")
    client.object("PUT", "/box")
    everything, shared, under_way = [], 0, 0
    for round_number in range(kills):
        done, wrong = [], []
        threads = [threading.Thread(target=work, args=(worker, server.address, i, round_number, done, wrong))
                   for i, worker in enumerate(WORKERS)]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.1, 1.0))
        server.kill()
        for thread in threads:
            thread.join()
        if wrong:
            failed("\n".join(wrong))
        server.start()
        client = Client(server.address)
        check_done(client, done)
        everything += done
        shared += sum(kind == "shared" for kind, _, _ in done)
        under_way += WORKERS.count(update_shared)
        n = int((client.item("things", "shared") or {"n": {"N": "0"}})["n"]["N"])
        if not shared <= n <= shared + under_way:
            failed(f"the shared counter is {n}, acknowledged were {shared}, under way at most {under_way}")
    check_done(client, everything)
    print(f"{kills} kills, {len(everything)} acknowledged writes")


# ---- workflows ----

ITEMS, ROUNDS, AT_ONCE = 20, 2, 12


def add_state(key, end):
    return {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem", "ResultPath": None,
            "Parameters": {"TableName": "counters", "Key": {"id": key}, "UpdateExpression": "ADD n :one",
                           "ExpressionAttributeValues": {":one": {"N": "1"}}}, **end}


def machine():
    """Each item adds 1 to the counter of all and to that of its execution, ROUNDS times."""
    states = {}
    for i in range(ROUNDS):
        states[f"All{i}"] = add_state({"S": "all"}, {"Next": f"Own{i}"})
        states[f"Own{i}"] = add_state({"S.$": "$$.Execution.Name"},
                                      {"Next": f"All{i + 1}"} if i + 1 < ROUNDS else {"End": True})
    return {"StartAt": "Each", "States": {"Each": {
        "Type": "Map", "ItemsPath": "$.items", "End": True,
        "ItemProcessor": {"StartAt": "All0", "States": states}}}}


def keep_busy(server, arn, started, stop):
    """Starts executions until told to stop; one whose start was not acknowledged is started again, by its name (and
    may have ended by then)."""
    client, pending, names = Client(server.address), [], iter(range(10**9))
    while not stop.is_set() or not (started and started[-1].startswith("ok ")):
        try:
            while len(pending) < AT_ONCE:
                name = started[-1] if started and not started[-1].startswith("ok ") else f"e{next(names)}"
                if name not in started[-1:]:
                    started.append(name)
                client.call("states", "StartExecution", {
                    "stateMachineArn": arn, "name": name, "input": json.dumps({"items": list(range(ITEMS))})},
                    "ExecutionAlreadyExists")
                started[-1] = "ok " + name
                pending.append(execution_of(arn, name))
            pending = [e for e in pending if is_running(client, e)]
            time.sleep(0.01)
        except OUTSIDE:
            time.sleep(0.02)
            client = Client(server.address)


def execution_of(machine_arn, name):
    return machine_arn.replace(":stateMachine:", ":execution:") + ":" + name


def is_running(client, arn):
    status = client.call("states", "DescribeExecution", {"executionArn": arn})["status"]
    if status not in ("RUNNING", "SUCCEEDED"):
        failed(f"{arn} is {status}")
    return status == "RUNNING"


def keep_busy_safely(*args):
    try:
        keep_busy(*args)
    except SystemExit as e:
        args[-1].wrong = str(e)


def run_workflows(server, kills):
    client = Client(server.address)
    make_table(client, "counters")
    arn = client.call("states", "CreateStateMachine", {
        "name": "count", "definition": json.dumps(machine()),
        "roleArn": "arn:aws:iam::000000000000:role/any"})["stateMachineArn"]
    started, stop = [], threading.Event()
    stop.wrong = None
    thread = threading.Thread(target=keep_busy_safely, args=(server, arn, started, stop))
    thread.start()
    for _ in range(kills):
        time.sleep(random.uniform(0.05, 0.4))
        server.kill()
        server.start()
    time.sleep(0.2)
    stop.set()
    thread.join()
    if stop.wrong:
        failed(stop.wrong)
    client, names = Client(server.address), [name.removeprefix("ok ") for name in started]
    deadline = time.monotonic() + 60
    for name in names:
        execution = execution_of(arn, name)
        while is_running(client, execution):
            if time.monotonic() > deadline:
                failed(f"{name} does not end")
            time.sleep(0.02)
        n = client.item("counters", name)["n"]["N"]
        if n != str(ITEMS * ROUNDS):
            failed(f"the counter of {name} is {n}, not {ITEMS * ROUNDS}")
    n, wanted = int(client.item("counters", "all")["n"]["N"]), len(names) * ITEMS * ROUNDS
    if n != wanted:
        failed(f"the counter is {n}, not {wanted}")
    print(f"{kills} kills, {len(names)} executions, {2 * wanted} tasks, each counted once")


def main():
    action, folder, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
    server = Server(folder)
    try:
        {"load": run_load, "workflows": run_workflows}[action](server, kills)
    finally:
        server.kill()


main()
