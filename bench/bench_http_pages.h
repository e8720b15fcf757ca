/* SPDX-License-Identifier: Apache-2.0 */
/* What a third party's API gives: pages of records and small documents, as files. */
#ifndef AFFLUX_BENCH_HTTP_PAGES_H
#define AFFLUX_BENCH_HTTP_PAGES_H

enum { BENCH_PAGES = 400, BENCH_RECORDS_PER_PAGE = 400, BENCH_SMALLS = 1000 };

/* dir/page/0.json … of about 77 KB, dir/small/0.json … of about 300 bytes. The same each time. */
void bench_http_pages(const char *dir);

#endif
