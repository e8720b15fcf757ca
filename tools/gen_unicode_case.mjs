// SPDX-License-Identifier: Apache-2.0
// Makes src/jsonata/unicode_case.c: the simple upper and lower case mappings of Unicode as the running
// Node.js knows them, as runs of equal distance. Usage: node tools/gen_unicode_case.mjs > src/jsonata/unicode_case.c
const runs = (map) => {
  const out = [];
  for (let cp = 0x80; cp < 0x20000; cp++) {
    if (cp >= 0xd800 && cp < 0xe000) continue;
    const s = map(String.fromCodePoint(cp)), to = s.codePointAt(0);
    if ([...s].length !== 1 || to === cp) continue;
    const last = out[out.length - 1], delta = to - cp;
    if (last && last.delta === delta && (last.step === 0 || cp - last.to === last.step) && cp - last.to <= 2) {
      last.step = cp - last.to; last.to = cp;
    } else out.push({ from: cp, to: cp, delta, step: 0 });
  }
  return out;
};
// Characters whose other case is several characters (Unicode's SpecialCasing without conditions).
const several = (map) => {
  const out = [];
  for (let cp = 0x80; cp < 0x20000; cp++) {
    if (cp >= 0xd800 && cp < 0xe000) continue;
    const to = [...map(String.fromCodePoint(cp))].map((c) => '0x' + c.codePointAt(0).toString(16));
    if (to.length > 1) out.push(`    {0x${cp.toString(16)}, {${to.join(', ')}}},`);
  }
  return out.join('\n');
};
const table = (name, list) =>
  `static const struct case_run ${name}[] = {\n` + list.map((r) =>
    `    {0x${r.from.toString(16)}, 0x${r.to.toString(16)}, ${r.delta}, ${r.step || 1}},`).join('\n') + '\n};\n';
console.log(`/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simple case mappings of Unicode beyond ASCII, made by tools/gen_unicode_case.mjs; do not edit. A run maps
 * every step-th code point from \`from\` to \`to\` by adding \`delta\`.
 */
#include "jsonata/unicode_case.h"

#include "base/attr.h"
#include <stddef.h>

struct case_run {
    uint32_t from, to;
    int32_t delta;
    uint32_t step;
};

${table('case_upper', runs((c) => c.toUpperCase()))}
${table('case_lower', runs((c) => c.toLowerCase()))}
static uint32_t case_map(const struct case_run *runs, size_t count, uint32_t cp)
{
    size_t low = 0, high = count;
    while (low < high) { /* the last run that begins at or before cp */
        size_t middle = low + (high - low) / 2;
        if (runs[middle].from <= cp)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return cp;
    const struct case_run *r = &runs[low - 1];
    bool in_run = cp <= r->to && (cp - r->from) % r->step == 0;
    return in_run ? (uint32_t)((int64_t)cp + r->delta) : cp;
}

static const struct case_several {
    uint32_t from, to[3];
} case_upper_several[] = {
${several((c) => c.toUpperCase())}
};

/* 'İ' is the only letter whose lower case is two characters. */
size_t unicode_lower_several(uint32_t cp, uint32_t out[3])
{
    if (cp != 0x130)
        return 0;
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
}

size_t unicode_upper_several(uint32_t cp, uint32_t out[3])
{
    size_t low = 0, high = ARRAY_LEN(case_upper_several), n = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (case_upper_several[middle].from < cp)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == ARRAY_LEN(case_upper_several) || case_upper_several[low].from != cp)
        return 0;
    for (; n < 3 && case_upper_several[low].to[n] != 0; n++)
        out[n] = case_upper_several[low].to[n];
    return n;
}

uint32_t unicode_upper(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'a' && cp <= 'z' ? cp - 32 : cp;
    return case_map(case_upper, ARRAY_LEN(case_upper), cp);
}

uint32_t unicode_lower(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    return case_map(case_lower, ARRAY_LEN(case_lower), cp);
}`);
