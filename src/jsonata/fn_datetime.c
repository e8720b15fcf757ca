/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $now, $millis, $fromMillis and $toMillis. The clock is the context's, so all calls of one
 * evaluation give the same instant. Pictures are picture.h's; the form without a picture has a way
 * of its own here, since nearly all calls are of it.
 */
#include "jsonata/fn_picture.h"
#include "jsonata/function.h"

#include "base/time.h"
#include "jsonata/jsonata.h"

enum {
    ISO_BYTES = 24, /* 2026-10-01T12:00:00.000Z */
    ISO_ROOM = 32,  /* that time_print_iso() asks for */
};

static bool datetime_picture(struct ev *e, const struct call *c, str text, struct fn_picture *p)
{
    struct picture_error err = {0};
    const struct picture_datetime *analysed;
    if (fn_picture_find(e, FN_PICTURE_DATETIME, text, p))
        return true;
    if (!picture_datetime_analyse(e->arena, text, &analysed, &err)) {
        fn_picture_failed(e, c->node, &err);
        return false;
    }
    p->analysed = analysed;
    fn_picture_keep(e, FN_PICTURE_DATETIME, text, p);
    return true;
}

/* The usual form of the years 0 to 9999; undefined when it takes another one. */
static struct json_val datetime_iso(struct ev *e, double ms)
{
    bool is_usual = ms >= -62167219200000.0 && ms < 253402300800000.0;
    if (!is_usual)
        return json_undefined();
    char *text = ev_alloc(e, ISO_ROOM);
    if (text == NULL)
        return (struct json_val){.tag = VAL_FAILED};
    return json_string((str){text, time_print_iso((int64_t)ms, text)}, JSON_ASCII | JSON_PLAIN);
}

static struct json_val datetime_format(struct ev *e, const struct call *c, double ms,
                                       struct json_val picture, struct json_val timezone)
{
    struct picture_error err = {0};
    struct fn_picture p;
    struct json_val result = json_undefined();
    if (picture.tag == JSON_UNDEFINED && timezone.tag == JSON_UNDEFINED)
        result = datetime_iso(e, ms);
    if (result.tag != JSON_UNDEFINED)
        return result;
    str zone = timezone.tag == JSON_STRING ? json_str(timezone) : STR("");
    const str *zone_given = timezone.tag == JSON_STRING ? &zone : NULL;
    struct buf *out = fn_picture_scratch(e);
    if (picture.tag != JSON_STRING) {
        picture_iso_format(ms, zone_given, out);
        return fn_picture_text(e, c->node, 0);
    }
    if (!datetime_picture(e, c, json_str(picture), &p))
        return (struct json_val){.tag = VAL_FAILED};
    if (!picture_datetime_format(p.analysed, ms, zone_given, out, &err))
        return fn_picture_failed(e, c->node, &err);
    fn_picture_done(e, &p);
    return fn_picture_text(e, c->node, 0);
}

struct json_val fn_now(struct ev *e, const struct call *c)
{
    return datetime_format(e, c, (double)e->context->now_ms, c->args[0], c->args[1]);
}

struct json_val fn_millis(struct ev *e, const struct call *c)
{
    (void)c;
    return json_num((double)e->context->now_ms);
}

struct json_val fn_from_millis(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    return datetime_format(e, c, json_number(c->args[0]), c->args[1], c->args[2]);
}

static struct json_val datetime_parse_iso(struct ev *e, const struct call *c, str text)
{
    struct picture_error err = {0};
    double ms;
    int64_t whole_ms;
    /* With these bytes in place time_parse_iso() takes nothing but the usual form. */
    if (text.n == ISO_BYTES && text.p[4] == '-' && text.p[19] == '.' && text.p[23] == 'Z' &&
        time_parse_iso(text, &whole_ms))
        return json_num((double)whole_ms);
    if (!picture_iso_parse(text, &ms, &err))
        return fn_picture_failed(e, c->node, &err);
    return json_num(ms);
}

struct json_val fn_to_millis(struct ev *e, const struct call *c)
{
    struct json_val text = c->args[0], picture = c->args[1];
    struct picture_error err = {0};
    struct fn_picture p;
    double ms;
    bool matched;
    if (text.tag == JSON_UNDEFINED)
        return text;
    if (picture.tag != JSON_STRING)
        return datetime_parse_iso(e, c, json_str(text));
    if (!datetime_picture(e, c, json_str(picture), &p))
        return (struct json_val){.tag = VAL_FAILED};
    double now_ms = (double)e->context->now_ms;
    if (!picture_datetime_parse(p.analysed, json_str(text), now_ms, &matched, &ms, &err))
        return fn_picture_failed(e, c->node, &err);
    fn_picture_done(e, &p);
    return matched ? json_num(ms) : json_undefined();
}
