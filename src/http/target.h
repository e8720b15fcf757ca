/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request asks for, as it stands in its first line: RFC 9112, section 3.2. Parts stay as
 * they came, escapes and all, because who decodes a path first cannot tell "%2F" from "/" any more;
 * they are decoded where their meaning is known. Pure.
 */
#ifndef AFFLUX_HTTP_TARGET_H
#define AFFLUX_HTTP_TARGET_H

#include "base/arena.h"
#include "base/error.h"

enum { HTTP_TARGET_MAX = 16 * 1024 }; /* bytes of a target */

/* Slices of the text. */
struct http_target {
    str authority; /* of http://authority/path; else empty */
    str path;      /* begins with '/', or is "*" */
    str query;     /* behind '?'; empty when there is none */
    bool has_query;
};

/* STATUS_INVALID "HttpTarget": an escape that is none, %00, control characters, spaces, bytes that
 * are no UTF-8 when decoded, another form than those of GET and OPTIONS. STATUS_LIMIT "HttpTarget":
 * longer than HTTP_TARGET_MAX. */
NODISCARD enum status http_target_read(str text, struct http_target *ret, struct error *err);

/* A part of a target that was read, without its escapes, in the arena (or the part itself, when it
 * has none). is_form: '+' is a space, as in forms and in AWS's queries. */
str http_target_decode(struct arena *a, str part, bool is_form);

/* The next piece of a path: bytes up to '/', which is dropped. False at the end. "/a//b/" has
 * "a", "", "b", "". *rest begins as the path without its first '/'; a path that is "/" alone has
 * one empty piece. */
struct http_walk {
    str rest;
    bool is_over;
};
struct http_walk http_walk_path(str path);
bool http_walk_segment(struct http_walk *w, str *ret_segment);

/* The next name=value of a query or a form; without '=' the value is empty. Empty pairs are left
 * out. False at the end. */
bool http_walk_pair(struct http_walk *w, str *ret_name, str *ret_value);
/* The decoded value of the first pair of that name (decoded, too); p is NULL when there is none. */
str http_query_get(struct arena *a, str query, str name);

#endif
