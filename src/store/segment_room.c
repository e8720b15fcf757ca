/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room in a segment: preallocated ahead of what is appended, so that an append changes no size and
 * a commit writes no metadata of its file. A segment begins small and doubles, so that a folder
 * takes about as much of the disk as it holds; at the end of a disk it takes what is left in small
 * steps, as the database needs some of that, too.
 *
 * Sizes are multiples of SEGMENT_STEP, which the ends of records nearly never are: it shows which
 * files were not cut when their process ended (sweep.c).
 */
#include "base/check.h"
#include "store/body_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FREE_SHARE = 4 /* a growth takes at most such a part of what is free on the disk */ };

static uint64_t round_up(uint64_t n)
{
    return (n + SEGMENT_STEP - 1) / SEGMENT_STEP * SEGMENT_STEP;
}

static uint64_t wished(uint64_t room, uint64_t first, uint64_t need)
{
    uint64_t size = room > 0 ? room * 2 : first;
    while (size < need)
        size *= 2;
    return size < STORE_SEGMENT_BYTES ? round_up(size) : STORE_SEGMENT_BYTES;
}

static uint64_t afforded(int fd, uint64_t room, uint64_t need, uint64_t wish)
{
    struct statvfs fs;
    if (fstatvfs(fd, &fs) != 0)
        return wish;
    uint64_t most = room + (uint64_t)fs.f_bavail * fs.f_frsize / FREE_SHARE;
    return wish <= most ? wish : most > need ? round_up(most) : need;
}

static bool is_full(int code)
{
    return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

enum status store_segment_grow(int fd, int64_t id, uint64_t first, uint64_t need, uint64_t *room,
                               struct error *err)
{
    check(need > *room && need <= STORE_SEGMENT_BYTES);
    need = round_up(need);
    uint64_t size = afforded(fd, *room, need, wished(*room, first, need));
    for (;;) {
        int code = fallocate(fd, 0, (off_t)*room, (off_t)(size - *room)) == 0 ? 0 : errno;
        if (code == 0 || code == EOPNOTSUPP ||
            code == ENOSYS) { /* then it grows as it is written */
            *room = size;
            return STATUS_OK;
        }
        if (code == EINTR)
            continue;
        int cut = ftruncate(fd, (off_t)*room); /* a part may be there: others can use it */
        (void)cut;
        errno = code;
        if (!is_full(code) || size == need)
            return store_bodies_fail("making room in segment", id, err);
        size = need + (size - need) / 2 / SEGMENT_STEP * SEGMENT_STEP;
    }
}
