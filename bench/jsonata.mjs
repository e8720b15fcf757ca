// SPDX-License-Identifier: Apache-2.0
// npm's jsonata, measured as bench_jsonata.c does it; the same columns.
//   NPM_DIR=... [MIN_S=0.2] node jsonata.mjs CASES.TSV
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const jsonata = createRequire(`${process.env.NPM_DIR}/package.json`)('jsonata');
const SAMPLES = 5;
const MIN_S = Number(process.env.MIN_S ?? 0.2);
const FIRST_RUN_ENOUGH_S = 10;

const now = () => performance.now() / 1e3;

function fnv1a(text) {
  let h = 0x811c9dc5;
  for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 16777619) >>> 0;
  return h.toString(16).padStart(8, '0');
}

// Evaluations per second over at least MIN_S; the clock is read between batches of about 1 ms.
async function evaluateFor(run) {
  const start = now();
  let batch = 1;
  let done = 0;
  let spent = 0;
  do {
    const before = spent;
    for (let i = 0; i < batch; i++) await run();
    done += batch;
    spent = now() - start;
    if (spent - before < 0.0005) batch *= 2;
  } while (spent < MIN_S);
  return done / spent;
}

async function measure(name, size, run) {
  const start = now();
  const result = await run();
  const first = now() - start;
  const text = JSON.stringify(result) ?? 'undefined';
  const rates = [];
  if (first < FIRST_RUN_ENOUGH_S) await evaluateFor(run); // warm up
  for (let i = 0; i < SAMPLES; i++) rates.push(first < FIRST_RUN_ENOUGH_S ? await evaluateFor(run) : 1 / first);
  rates.sort((a, b) => a - b);
  const shown = [rates[SAMPLES >> 1], rates[0], rates[SAMPLES - 1]].map((rate) => String(Number(rate.toPrecision(5))));
  console.log([name, size, ...shown, fnv1a(text), Buffer.byteLength(text)].join('\t'));
}

const inputs = new Map();
for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const [name, size, file, bind, expr] = line.split('\t');
  if (!inputs.has(file)) inputs.set(file, JSON.parse(readFileSync(file, 'utf8')));
  const input = inputs.get(file);
  const bound = bind === '-' ? undefined : { [bind]: input[bind] };
  const compiled = jsonata(expr);
  await measure(name, size, () => compiled.evaluate(input, bound));
}
