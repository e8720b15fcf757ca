/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document comes back from what was written: its text is parsed, the values of its links are put
 * in their places, and the whole is frozen, so that it shares memory with those documents again as
 * it did before. Text and links come from a disk or a fuzzer and may say anything.
 */
#include "asl/document_internal.h"
#include "asl/exec.h"
#include "base/check.h"
#include "json/parse.h"
#include <stdlib.h>

static enum status restore_fail(struct error *err, const char *what)
{
    return error_set(err, STATUS_CORRUPT, "DocumentCorrupt", "%s", what);
}

/* The first `keep` items of an array and those behind it: in place where that is possible. */
static struct json_val grown(struct arena *a, struct json_val array, uint32_t keep,
                             struct json_val more)
{
    array.len = keep;
    if (json_grow_append(&array, more.items, more.len))
        return array;
    uint32_t count = keep + more.len;
    struct json_val *items = arena_alloc(a, sizeof(*items) * count);
    if (keep > 0)
        memcpy(items, array.items, sizeof(*items) * keep);
    if (more.len > 0)
        memcpy(items + keep, more.items, sizeof(*items) * more.len);
    return json_array(items, count);
}

/* Where the links belong. All are looked up before the first is put there: what stands at a place
 * afterwards is another document's and must not be changed. */
static enum status find_places(const struct json_val *root, const struct asl_link *links,
                               uint32_t count, struct json_val **places, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        /* values that were just parsed into an arena of ours may be changed */
        places[i] = (struct json_val *)(uintptr_t)asl_pointer_find(root, links[i].place);
        if (!places[i])
            return restore_fail(err, "a link stands at a place that is not there");
    }
    return STATUS_OK;
}

static enum status put_link(struct arena *a, struct json_val *place, const struct asl_link *link,
                            struct error *err)
{
    struct json_val part = asl_pointer_get(link->from->root, link->path);
    if (part.tag == JSON_UNDEFINED)
        return restore_fail(err, "a link names a part that is not there");
    if (link->keep == ASL_LINK_WHOLE) {
        *place = part;
        return STATUS_OK;
    }
    if (part.tag != JSON_ARRAY || link->keep > part.len || place->tag != JSON_ARRAY ||
        place->len > UINT32_MAX / 32 - link->keep)
        return restore_fail(err, "a link keeps items that are not there");
    *place = grown(a, part, link->keep, *place);
    return STATUS_OK;
}

static enum status restore_linked(struct arena *a, str text, const struct asl_link *links,
                                  uint32_t count, struct json_doc **ret, struct error *err)
{
    struct json_val root, *places[ASL_MAX_LINKS];
    struct json_doc *sources[ASL_MAX_LINKS];
    enum status status = json_parse_in(a, text, NULL, &root, err);
    if (status == STATUS_OK)
        status = find_places(&root, links, count, places, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        sources[i] = links[i].from->json;
        status = put_link(a, places[i], &links[i], err);
    }
    if (status != STATUS_OK)
        return status;
    struct json_freeze_options options = {.sources = sources, .source_count = count};
    return json_freeze(root, &options, ret, err);
}

enum status asl_document_restore(struct asl_documents *d, uint64_t number, str text,
                                 bool keeps_text, struct asl_link *links, uint32_t link_count,
                                 struct asl_document **ret, struct error *err)
{
    struct json_doc *json = NULL;
    enum status status;
    if (number == 0 || number >= ASL_MAX_COUNT || asl_documents_find(d, number))
        status = restore_fail(err, "a document's number is taken");
    else if (link_count > ASL_MAX_LINKS || (keeps_text && link_count > 0))
        status = restore_fail(err, "a document has too many links");
    else if (link_count == 0) {
        status = json_parse(text, NULL, &json, err);
    } else {
        struct arena a;
        arena_init(&a, 0);
        status = restore_linked(&a, text, links, link_count, &json, err);
        arena_done(&a);
    }
    if (status == STATUS_OK) {
        *ret = asl_document_new(d, json, number);
        (*ret)->keeps_text = keeps_text;
        struct asl_document *from[ASL_MAX_LINKS];
        for (uint32_t i = 0; i < link_count; i++)
            from[i] = links[i].from;
        if (json_doc_held_count(json) > 0)
            asl_document_find_links(*ret, from, link_count);
        asl_document_seal(*ret);
    }
    for (uint32_t i = 0; i < link_count; i++)
        asl_link_done(&links[i]);
    return status;
}
