/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of requests: percent-encoding, query strings, form bodies, base64, and what a header may
 * hold. */
#ifndef AFFLUX_SERVICES_HTTP_ENCODE_H
#define AFFLUX_SERVICES_HTTP_ENCODE_H

#include "base/buf.h"
#include "services/http_invoke.h"

/* Letters, digits and -._~ as they are (RFC 3986, 2.3), everything else as %XX; a blank is %20. */
void http_encode_text(struct buf *out, str text);
/* A text that is already part of a URL: what may not stand there at all is encoded, % is kept. */
void http_encode_url(struct buf *out, str text);
void http_encode_base64(struct buf *out, str bytes);

/* "&" between two parts, nothing before the first. */
void http_encode_pair(struct buf *out, size_t start, str key, str value);

/* An object as a form; anything else as a text. False: nested too deep. */
NODISCARD bool http_encode_form(struct buf *out, struct arena *arena, struct json_val v,
                                enum http_invoke_array format);

/* Strings as they are, numbers and booleans as JSON writes them. False for everything else. */
NODISCARD bool http_encode_scalar(struct arena *arena, struct json_val v, str *ret);

/* RFC 9110, 5.1 and 5.5: a token; no control characters but tabs. */
bool http_encode_is_name(str name);
bool http_encode_is_value(str value);

static inline str http_encode_key_at(struct json_val object, uint32_t i)
{
    const struct json_key *key = &object.obj->shape->keys[i];
    return (str){key->p, key->n};
}

#endif
