// SPDX-License-Identifier: Apache-2.0
// npm's aws-local-stepfunctions, measured as bench_asl.c does it: name, then transitions/s (median, lowest,
// highest), or "-" and why not.
//   NPM_DIR=... [MIN_S=0.2] [BENCH_CASES="loop_jsonpath …"] node asl.mjs MACHINES.JSON
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { StateMachine } = createRequire(`${process.env.NPM_DIR}/package.json`)('aws-local-stepfunctions');
const SAMPLES = 5;
const MIN_S = Number(process.env.MIN_S ?? 0.2);
const ITEMS = Array.from({ length: 10000 }, (_, k) => k);
const GENERATED = {
  items: { items: ITEMS.map((k) => ({ k, code: `SAVE-${String(k).padStart(6, '0')}` })) },
  marked: ITEMS.map((k) => ({ k, ok: true })),
};

const now = () => performance.now() / 1e3;

// Transitions per second of runs over at least MIN_S; the output of the last one is compared.
async function runFor(machine, stateMachine, input, output) {
  const start = now();
  let runs = 0;
  let spent;
  let got;
  do {
    got = await stateMachine.run(input).result;
    runs++;
    spent = now() - start;
  } while (spent < MIN_S);
  if (JSON.stringify(got) !== output) throw new Error(`another output: ${JSON.stringify(got)?.slice(0, 40)}`);
  return (runs * machine.transitions) / spent;
}

async function measure(machine) {
  const input = machine.input_gen ? GENERATED[machine.input_gen] : machine.input;
  const output = JSON.stringify(machine.output_gen ? GENERATED[machine.output_gen] : machine.output);
  const stateMachine = new StateMachine(machine.definition);
  const rates = [];
  await runFor(machine, stateMachine, input, output); // warm up
  for (let i = 0; i < SAMPLES; i++) rates.push(await runFor(machine, stateMachine, input, output));
  rates.sort((a, b) => a - b);
  return [rates[SAMPLES >> 1], rates[0], rates[SAMPLES - 1]].map((rate) => String(Number(rate.toPrecision(5))));
}

const cases = (process.env.BENCH_CASES ?? '').split(/\s+/).filter(Boolean);
for (const machine of JSON.parse(readFileSync(process.argv[2], 'utf8')).speed) {
  if (cases.length > 0 && !cases.includes(machine.name)) continue;
  let columns;
  try {
    columns = await measure(machine);
  } catch (e) {
    // It takes JSONata for plain text.
    const language = machine.definition.QueryLanguage === 'JSONata' ? 'no JSONata: ' : '';
    const message = String(e.message).replace('Execution has failed with the following error: ', '').split('\n')[0];
    columns = ['-', (language + message).slice(0, 60)];
  }
  console.log([machine.name, ...columns].join('\t'));
}
