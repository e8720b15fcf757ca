// SPDX-License-Identifier: Apache-2.0
// What one writes in an afternoon: asks URL for the rows of the locations of a list, CALLS at a time, and appends them
// to a CSV as they come. Nothing is kept that it could go on from, nothing is sorted, counted or asked for again.
//
//   node aggregate.mjs URL LOCATIONS.csv OUT.csv CALLS PAGE_SIZE
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';

const [url, list, path, calls, size] = process.argv.slice(2);
const locations = readFileSync(list, 'utf8').trim().split('\n').slice(1).map((line) => line.split(',')[0]);
const out = createWriteStream(path);
const quote = (text) => '"' + text.replaceAll('"', '""') + '"';
const get = async (path) => {
    const response = await fetch(`${url}/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
};

async function page(location, state, offset) {
    const { results } = await get(`${location}/get-data?state=${state}&limit=${size}&offset=${offset}`);
    const lines = results.map((row) =>
        [location, row.resourceKey, row.errors.map((e) => e.message).join('; '), row.state].map(quote).join(',') + '\n');
    if (!out.write(lines.join(''))) await once(out, 'drain');
}

const jobs = locations.map((location) => async () => {
    const { states } = await get(`${location}/get-summary`);
    for (const state of ['failed', 'rejected'])
        for (let offset = 0; offset < states[state]; offset += +size) jobs.push(() => page(location, state, offset));
});
out.setMaxListeners(0);
out.write('"location_id","discount_code","error_message","status"\n');
let next = 0, busy = 0;
await new Promise((done, failed) => {
    const more = () => {
        while (busy < +calls && next < jobs.length) {
            const job = jobs[next];
            jobs[next++] = undefined;
            busy++;
            job().then(() => { busy--; more(); }, failed);
        }
        if (busy === 0 && next === jobs.length) done();
    };
    more();
});
out.end();
await once(out, 'finish');
