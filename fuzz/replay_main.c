/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main() for a fuzz target without libFuzzer: feeds it every file of the folders (and files) given,
 * so that what was found once is tried in every test run and with every compiler.
 */
#include "base/buf.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATH_BYTES = 4096 };

static unsigned replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    size_t n = 1;
    while (n > 0 && buf_reserve(&b, 1 << 16)) {
        n = fread(b.p + b.n, 1, 1 << 16, f);
        b.n += n;
    }
    fclose(f);
    /* a block of the exact size shows reads behind the end */
    uint8_t *data = malloc(b.n ? b.n : 1);
    if (!data)
        abort();
    memcpy(data, b.p, b.n);
    LLVMFuzzerTestOneInput(data, b.n);
    free(data);
    buf_done(&b);
    return 1;
}

static unsigned replay(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return replay_file(path);
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char inner[PATH_BYTES];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        count += replay_file(inner);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    printf("%u inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
