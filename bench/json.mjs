// SPDX-License-Identifier: Apache-2.0
// JSON.parse and JSON.stringify of Node on the files given, measured as bench_json.c does it.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const SAMPLES = 9;
const SAMPLE_MS = 80;

function sample(run) {
  const start = performance.now();
  let rounds = 0;
  let spent;
  do {
    run();
    rounds++;
    spent = performance.now() - start;
  } while (spent < SAMPLE_MS);
  return spent / rounds;
}

function measure(what, name, bytes, run) {
  for (let i = 0; i < 3; i++) sample(run);
  const ms = Array.from({ length: SAMPLES }, () => sample(run)).sort((a, b) => a - b);
  console.log(`json ${what} ${name} ${(bytes / ms[SAMPLES >> 1] / 1e3).toFixed(0)} MB/s`);
}

let sink;
for (const path of process.argv.slice(2)) {
  const name = basename(path);
  const text = readFileSync(path, 'utf8');
  const value = JSON.parse(text);
  const indent = name.includes('indented') ? 2 : undefined;
  measure('parse', name, Buffer.byteLength(text), () => { sink = JSON.parse(text); });
  const written = Buffer.byteLength(JSON.stringify(value, null, indent));
  measure('write', name, written, () => { sink = JSON.stringify(value, null, indent); });
}
if (sink === undefined) process.exitCode = 1;
