/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that are compressed, as the files of inventories and of Athena are: what begins with the
 * first byte of gzip, which no text begins with, is unpacked as it comes. Members of a file follow
 * each other.
 */
#include "base/check.h"
#include "engine/map_reader.h"
#include <stdlib.h>
#include <zlib.h>

enum { PIECE = 64 << 10, GZIP_WINDOW = 15 + 16 /* zlib: gzip only */, GZIP_FIRST = 0x1F };

struct gzip_source {
    struct object_source source;
    struct object_source *from;
    bool is_begun, is_gzip, is_member_over, has_stream;
    z_stream stream;
    unsigned char piece[PIECE];
};

static struct gzip_source *gzip_of(struct object_source *source)
{
    return (struct gzip_source *)(void *)source;
}

static enum objects_got broken(struct gzip_source *g)
{
    g->source.part.cause = "The object is not valid gzip.";
    return OBJECTS_FAILED;
}

static void begin(struct gzip_source *g, str bytes)
{
    g->is_begun = true;
    g->is_gzip = (unsigned char)bytes.p[0] == GZIP_FIRST;
    if (!g->is_gzip)
        return;
    g->source.is_seekable = false;
    g->stream = (z_stream){.next_in = NULL};
    check(inflateInit2(&g->stream, GZIP_WINDOW) == Z_OK);
    g->has_stream = true;
    g->is_member_over = false;
}

static void end(struct gzip_source *g)
{
    if (g->has_stream)
        inflateEnd(&g->stream);
    g->has_stream = g->is_begun = g->is_gzip = false;
}

/* Bytes out of what was fed; END: it is used up. */
static enum objects_got unpack(struct gzip_source *g, str *ret)
{
    z_stream *z = &g->stream;
    z->next_out = g->piece;
    z->avail_out = sizeof(g->piece);
    while (z->avail_out > 0 && !(g->is_member_over && z->avail_in == 0)) {
        if (g->is_member_over && inflateReset(z) != Z_OK)
            return broken(g);
        g->is_member_over = false;
        int got = inflate(z, Z_NO_FLUSH); /* also without input: it may hold output back */
        if (got == Z_BUF_ERROR)
            break;
        if (got != Z_OK && got != Z_STREAM_END)
            return broken(g);
        g->is_member_over = got == Z_STREAM_END;
    }
    *ret = (str){(const char *)g->piece, sizeof(g->piece) - z->avail_out};
    return ret->n > 0 ? OBJECTS_GOT : OBJECTS_END;
}

static enum objects_got gzip_more(struct object_source *source, str *ret)
{
    struct gzip_source *g = gzip_of(source);
    for (;;) {
        enum objects_got got = g->is_gzip ? unpack(g, ret) : OBJECTS_END;
        if (got != OBJECTS_END)
            return got;
        got = g->from->kind->more(g->from, ret);
        if (got == OBJECTS_END && g->is_gzip && !g->is_member_over)
            return broken(g);
        source->part.cause = g->from->part.cause;
        if (got != OBJECTS_GOT)
            return got;
        if (!g->is_begun)
            begin(g, *ret);
        if (!g->is_gzip)
            return OBJECTS_GOT;
        check(ret->n <= UINT32_MAX);
        g->stream.next_in = (unsigned char *)(uintptr_t)ret->p; /* zlib only reads */
        g->stream.avail_in = (uInt)ret->n;
    }
}

/* Not to the first byte: only where it is known that it is no gzip. */
static void gzip_seek(struct object_source *source, uint64_t offset)
{
    struct gzip_source *g = gzip_of(source);
    end(g);
    g->is_begun = offset > 0;
    g->from->kind->seek(g->from, offset);
}

static void gzip_free(struct object_source *source)
{
    struct gzip_source *g = gzip_of(source);
    end(g);
    g->from->kind->free(g->from);
    free(g);
}

static const struct object_source_kind gzip_kind = {
    .more = gzip_more, .seek = gzip_seek, .free = gzip_free};

static void from_ready(void *arg)
{
    struct gzip_source *g = arg;
    if (g->source.part.ready)
        g->source.part.ready(g->source.part.ready_arg);
}

struct object_source *map_gunzip(struct object_source *source)
{
    struct gzip_source *g = calloc(1, sizeof(*g));
    check(g != NULL);
    g->source.kind = &gzip_kind;
    g->source.part.loop = source->part.loop;
    g->source.is_seekable = source->is_seekable;
    g->from = source;
    source->part.ready = from_ready;
    source->part.ready_arg = g;
    return &g->source;
}
