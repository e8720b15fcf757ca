/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms with four buckets for each doubling: values 0 to 7 have one each. */
#include "store/store.h"

static unsigned bucket_of(uint64_t value)
{
    if (value < 8)
        return (unsigned)value;
    unsigned top = 63 - (unsigned)__builtin_clzll(value);
    unsigned bucket = 8 + (top - 3) * 4 + (unsigned)(value >> (top - 2) & 3);
    return bucket < STORE_BUCKETS ? bucket : STORE_BUCKETS - 1;
}

static uint64_t upper_end(unsigned bucket)
{
    if (bucket < 8)
        return bucket;
    unsigned top = 3 + (bucket - 8) / 4;
    return ((uint64_t)1 << top) + ((uint64_t)((bucket - 8) % 4 + 1) << (top - 2)) - 1;
}

void store_histogram_add(struct store_histogram *h, uint64_t value)
{
    h->count++;
    h->buckets[bucket_of(value)]++;
    if (h->max < value)
        h->max = value;
}

uint64_t store_histogram_quantile(const struct store_histogram *h, double share)
{
    double wanted = share * (double)h->count;
    uint64_t seen = 0;
    for (unsigned i = 0; i < STORE_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return upper_end(i) < h->max ? upper_end(i) : h->max;
    }
    return h->max;
}
