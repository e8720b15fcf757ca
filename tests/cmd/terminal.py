#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a pseudo terminal and says what would have been seen.

terminal.py [--size COLSxROWS] [--at SECONDS ACTION]... -- COMMAND...

Actions: `resize COLSxROWS`, `key TEXT` (^C is \\x03), `look` (prints the screen as it is then).
Prints each look, and at the end the screen, below a line "== end, exit N, D drawings in T s". The
terminal knows what afflux uses: line breaks, going up, erasing, colours; anything else is an error.
Lines that are too long break, as on a terminal.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    def __init__(self, columns):
        self.lines, self.row, self.column, self.columns = [""], 0, 0, columns
        self.drawings, self.colors, self.broken, self.rest = 0, 0, 0, ""

    def put(self, char):
        if self.column >= self.columns:
            self.broken += 1
            self.newline()
            self.column = 0
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + char + line[self.column + 1 :]
        self.column += 1

    def newline(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def sequence(self, number, letter):
        if letter == "A":
            self.row = max(0, self.row - int(number or 1))
            self.drawings += 1
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        elif letter == "m":
            self.colors += 1
        else:
            sys.exit(f"unknown sequence {number}{letter}")

    def feed(self, text):
        text, at = self.rest + text, 0
        self.rest = ""
        while at < len(text):
            match = SEQUENCE.match(text, at)
            if match:
                self.sequence(match[2], match[3])
                at = match.end()
                continue
            if text[at] == "\x1b":
                self.rest = text[at:]
                return
            if text[at] == "\r":
                self.column = 0
            elif text[at] == "\n":
                self.newline()
            else:
                self.put(text[at])
            at += 1

    def show(self):
        for line in self.lines:
            print("|" + line.rstrip())


def size(text):
    columns, rows = text.split("x")
    return int(columns), int(rows)


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def arguments(argv):
    split = argv.index("--")
    options, command = argv[:split], argv[split + 1 :]
    columns, rows, actions = 80, 24, []
    while options:
        name = options.pop(0)
        if name == "--size":
            columns, rows = size(options.pop(0))
        elif name == "--at":
            seconds, action = float(options.pop(0)), options.pop(0)
            actions.append((seconds, action, "" if action == "look" else options.pop(0)))
    return columns, rows, actions, command


def act(fd, screen, action, value):
    if action == "look":
        print("== look")
        screen.show()
    elif action == "key":
        os.write(fd, value.encode().decode("unicode_escape").encode())
    elif action == "resize":
        columns, rows = size(value)
        screen.columns = columns
        set_size(fd, columns, rows)


def main():
    columns, rows, actions, command = arguments(sys.argv[1:])
    pid, fd = pty.fork()
    if pid == 0:
        time.sleep(0.05)
        os.execvp(command[0], command)
    set_size(fd, columns, rows)
    screen, begun, decoder = Screen(columns), time.monotonic(), b""
    while True:
        passed = time.monotonic() - begun
        while actions and passed >= actions[0][0]:
            act(fd, screen, *actions.pop(0)[1:])
        wait = max(0, actions[0][0] - passed) if actions else 60
        if not select.select([fd], [], [], wait)[0]:
            if not actions and wait == 60:
                os.kill(pid, signal.SIGKILL)
            continue
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        decoder += piece
        try:
            text, decoder = decoder.decode(), b""
        except UnicodeDecodeError:
            continue
        screen.feed(text)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    passed = time.monotonic() - begun
    print(f"== end, exit {status}, {screen.drawings} drawings in {passed:.1f} s, "
          f"{screen.colors} colors, {screen.broken} broken lines")
    screen.show()


main()
