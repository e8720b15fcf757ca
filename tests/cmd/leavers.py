# SPDX-License-Identifier: Apache-2.0
"""Workers of an activity that leave while they wait, for tests/cmd/states.bats.

leavers.py HOST:PORT ACTIVITY MACHINE COUNT

COUNT connections poll the activity and are closed, one half of them in an orderly way; an execution of the machine
starts in the same moment. Its task must come to the poll that follows. Exits 1 and says so when it does not.
"""

import http.client
import json
import socket
import struct
import sys


def request(address, operation, body):
    text = json.dumps(body).encode()
    return (
        f"POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: AWSStepFunctions.{operation}\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(text)}\r\n\r\n"
    ).encode() + text


def call(address, operation, body):
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request(
        "POST",
        "/",
        json.dumps(body),
        {"X-Amz-Target": "AWSStepFunctions." + operation, "Content-Type": "application/x-amz-json-1.0"},
    )
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        sys.exit(f"{operation}: {answer.status} {text.decode()}")
    return json.loads(text)


def main():
    address, activity, machine, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    host, port = address.rsplit(":", 1)
    polls = []
    for _ in range(count):
        poll = socket.create_connection((host, int(port)))
        poll.sendall(request(address, "GetActivityTask", {"activityArn": activity}))
        polls.append(poll)
    call(address, "ListActivities", {})  # they have come
    for i, poll in enumerate(polls):
        if i % 2:
            poll.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        poll.close()
    call(address, "StartExecution", {"stateMachineArn": machine})
    task = call(address, "GetActivityTask", {"activityArn": activity})
    if "taskToken" not in task:
        sys.exit(f"the task is lost: {task}")
    call(address, "SendTaskSuccess", {"taskToken": task["taskToken"], "output": "{}"})


main()
