// SPDX-License-Identifier: Apache-2.0
//
// usage: node bench_http.mjs NODE-MODULES-PARENT ORIGIN PREFIX COUNT IN-FLIGHT SECONDS
//
// The same as bench_http, with npm's undici: requests per second, MB per second, cores used, MB of memory.

import { createRequire } from 'node:module';

const [dir, origin, prefix, count, inFlight, seconds] = process.argv.slice(2);
const { Pool } = createRequire(`${dir}/package.json`)('undici');
const pool = new Pool(origin, { connections: Number(inFlight), pipelining: 1 });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let isOver = false;
let next = 0;
let requests = 0;
let bytes = 0;

async function fetchAll() {
    while (!isOver) {
        const answer = await pool.request({ path: `${prefix}${next++ % count}.json`, method: 'GET' });
        const body = await answer.body.arrayBuffer();
        bytes += body.byteLength;
        requests++;
    }
}

const all = Array.from({ length: Number(inFlight) }, fetchAll);
await sleep(500);
const was = { requests, bytes, at: performance.now(), cpu: process.cpuUsage() };
await sleep(seconds * 1000);
const took = (performance.now() - was.at) / 1000;
const cpu = process.cpuUsage(was.cpu);
const figures = [(requests - was.requests) / took, (bytes - was.bytes) / took / 1e6];
isOver = true;
await Promise.all(all);
await pool.close();
console.log([...figures.map((x) => x.toFixed(0)), ((cpu.user + cpu.system) / 1e6 / took).toFixed(2),
    (process.resourceUsage().maxRSS / 1024).toFixed(0)].join('\t'));
