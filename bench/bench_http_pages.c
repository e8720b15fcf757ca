/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the files that bench_http fetches. */
#include "bench_http_pages.h"
#include "base/check.h"
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

static uint32_t pages_random(uint32_t below)
{
    static uint32_t seed = 7;
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % below;
}

static FILE *pages_create(const char *dir, const char *kind, int number)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%d.json", dir, kind, number);
    FILE *file = fopen(path, "w");
    check(file != NULL);
    return file;
}

static void write_record(FILE *file, int number)
{
    static const char *const errors[] = {"null",
                                         "null",
                                         "null",
                                         "null",
                                         "null",
                                         "null",
                                         "null",
                                         "\"gateway timeout\"",
                                         "\"already redeemed\"",
                                         "\"limit, exceeded \\\"hard\\\"\""};
    uint32_t error = pages_random(10);
    fprintf(file,
            "{\"id\":\"dc_%08d\",\"discount_code\":\"SAVE-%08d\",\"status\":\"%s\","
            "\"error_message\":%s,\"amount\":%u.%02u,\"currency\":\"EUR\","
            "\"created_at\":\"2026-10-%02uT12:%02u:00Z\",\"customer_id\":\"cus_%u\"}",
            number, number, error < 7 ? "APPLIED" : "FAILED", errors[error], pages_random(200),
            pages_random(100), pages_random(28) + 1, pages_random(60), pages_random(60000));
}

static void write_page(const char *dir, int page)
{
    FILE *file = pages_create(dir, "page", page);
    fputs("{\"data\":[", file);
    for (int i = 0; i < BENCH_RECORDS_PER_PAGE; i++) {
        if (i > 0)
            fputc(',', file);
        write_record(file, page * BENCH_RECORDS_PER_PAGE + i);
    }
    fprintf(file, "],\"page\":%d,\"has_more\":%s}", page,
            page + 1 < BENCH_PAGES ? "true" : "false");
    check(fclose(file) == 0);
}

static void write_small(const char *dir, int number)
{
    FILE *file = pages_create(dir, "small", number);
    fprintf(file,
            "{\"campaign\":\"cmp_%d\",\"total\":%u,\"pages\":%u,\"status\":\"ready\","
            "\"updated_at\":\"2026-10-01T00:00:00Z\",\"description\":\"%0150d\","
            "\"owner\":\"team-%02u\"}",
            number, pages_random(60000), pages_random(20) + 1, number, pages_random(100));
    check(fclose(file) == 0);
}

void bench_http_pages(const char *dir)
{
    static const char *const kinds[] = {"page", "small"};
    for (int i = 0; i < 2; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, kinds[i]);
        mkdir(path, 0777);
    }
    for (int i = 0; i < BENCH_PAGES; i++)
        write_page(dir, i);
    for (int i = 0; i < BENCH_SMALLS; i++)
        write_small(dir, i);
}
