/* SPDX-License-Identifier: Apache-2.0 */
/* Refusing requests before any service has seen them: as JSON where they name a target, else as the
 * XML of S3. */
#include "api/api_internal.h"
#include "json/write.h"

enum { REFUSAL_MAX = 4096 };

static void refuse_put_xml_text(struct buf *out, str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '<': buf_add(out, STR("&lt;")); break;
        case '>': buf_add(out, STR("&gt;")); break;
        case '&': buf_add(out, STR("&amp;")); break;
        default: buf_add_byte(out, text.p[i]);
        }
    }
}

void api_refuse(struct api *api, struct http_exchange *x, int status, const char *json_name,
                const char *xml_name, const char *message)
{
    struct buf body;
    char id[REQUEST_ID_MAX];
    api_new_id(api, false, id);
    buf_init(&body, REFUSAL_MAX);
    if (http_exchange_header(x, "X-Amz-Target").p) {
        buf_printf(&body, "{\"__type\":\"%s\",\"message\":", json_name);
        json_write_string(&body, str_of(message));
        buf_add_byte(&body, '}');
        api_answer(x, status, "application/x-amz-json-1.1", id, &body);
        return;
    }
    buf_printf(&body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>",
               xml_name);
    refuse_put_xml_text(&body, str_of(message));
    buf_printf(&body, "</Message><RequestId>%s</RequestId></Error>", id);
    api_answer(x, status, "application/xml", id, &body);
}

void api_http_refuse(void *arg, struct http_exchange *x, enum http_refusal why)
{
    static const struct {
        const char *json_name, *xml_name, *message;
    } refusals[] = {
        [HTTP_REFUSE_TARGET] = {"InvalidURI", "InvalidURI", "The request's URI cannot be parsed."},
        [HTTP_REFUSE_FRAMING] = {"BadRequest", "BadRequest",
                                 "The request's headers contradict each other."},
        [HTTP_REFUSE_CODING] = {"NotImplemented", "NotImplemented",
                                "The only transfer coding here is chunked."},
        [HTTP_REFUSE_TOO_LARGE] = {"RequestEntityTooLarge", "MaxMessageLengthExceeded",
                                   "The request's body is too large."},
        [HTTP_REFUSE_BUSY] = {"ServiceUnavailableException", "SlowDown",
                              "Too much is being sent at once. Try again later."},
        [HTTP_REFUSE_CLOSING] = {"ServiceUnavailableException", "ServiceUnavailable",
                                 "The server is going down. Try again later."},
    };
    api_refuse(arg, x, http_refusal_status(why), refusals[why].json_name, refusals[why].xml_name,
               refusals[why].message);
}
