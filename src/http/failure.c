/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's codes as errors of ours, by table. */
#include "http/failure.h"
#include <curl/curl.h>
#include <errno.h>

struct failure_row {
    CURLcode code;
    enum status status;
    const char *name;
};

static const struct failure_row failure_rows[] = {
    {CURLE_URL_MALFORMAT, STATUS_INVALID, "HttpInvalid"},
    {CURLE_BAD_FUNCTION_ARGUMENT, STATUS_INVALID, "HttpInvalid"},
    {CURLE_COULDNT_RESOLVE_HOST, STATUS_UNAVAILABLE, "HttpNotResolved"},
    {CURLE_COULDNT_RESOLVE_PROXY, STATUS_UNAVAILABLE, "HttpProxy"},
    {CURLE_PROXY, STATUS_UNAVAILABLE, "HttpProxy"},
    {CURLE_COULDNT_CONNECT, STATUS_UNAVAILABLE, "HttpUnreachable"},
    {CURLE_INTERFACE_FAILED, STATUS_UNAVAILABLE, "HttpUnreachable"},
    {CURLE_OPERATION_TIMEDOUT, STATUS_UNAVAILABLE, "HttpTimedOut"},
    {CURLE_PARTIAL_FILE, STATUS_UNAVAILABLE, "HttpAborted"},
    {CURLE_GOT_NOTHING, STATUS_UNAVAILABLE, "HttpAborted"},
    {CURLE_SEND_ERROR, STATUS_UNAVAILABLE, "HttpAborted"},
    {CURLE_RECV_ERROR, STATUS_UNAVAILABLE, "HttpAborted"},
    {CURLE_HTTP2, STATUS_UNAVAILABLE, "HttpAborted"},
    {CURLE_HTTP2_STREAM, STATUS_UNAVAILABLE, "HttpAborted"},
    {CURLE_SSL_CONNECT_ERROR, STATUS_IO, "HttpTls"},
    {CURLE_PEER_FAILED_VERIFICATION, STATUS_IO, "HttpTls"},
    {CURLE_SSL_CACERT_BADFILE, STATUS_IO, "HttpTls"},
    {CURLE_SSL_CERTPROBLEM, STATUS_IO, "HttpTls"},
    {CURLE_SSL_CIPHER, STATUS_IO, "HttpTls"},
    {CURLE_SSL_ISSUER_ERROR, STATUS_IO, "HttpTls"},
    {CURLE_SSL_CRL_BADFILE, STATUS_IO, "HttpTls"},
    {CURLE_SSL_INVALIDCERTSTATUS, STATUS_IO, "HttpTls"},
    {CURLE_SSL_SHUTDOWN_FAILED, STATUS_IO, "HttpTls"},
    {CURLE_UNSUPPORTED_PROTOCOL, STATUS_IO, "HttpBadAnswer"}, /* the answer's: HTTP/0.9 */
    {CURLE_WEIRD_SERVER_REPLY, STATUS_IO, "HttpBadAnswer"},
    {CURLE_BAD_CONTENT_ENCODING, STATUS_IO, "HttpBadAnswer"},
    {CURLE_HTTP_RETURNED_ERROR, STATUS_IO, "HttpBadAnswer"},
    {CURLE_WRITE_ERROR, STATUS_IO, "HttpBadAnswer"},
    {CURLE_FILESIZE_EXCEEDED, STATUS_LIMIT, "HttpTooLarge"},
};

static const struct failure_row *failure_row_of(CURLcode code)
{
    static const struct failure_row other = {CURLE_OK, STATUS_IO, "HttpFailed"};
    for (size_t i = 0; i < sizeof failure_rows / sizeof failure_rows[0]; i++)
        if (failure_rows[i].code == code)
            return &failure_rows[i];
    return &other;
}

enum status http_failure(struct error *err, int curl_code, const char *words, long os_errno)
{
    CURLcode code = (CURLcode)curl_code;
    const struct failure_row *row = failure_row_of(code);
    const char *name = row->name;
    if (code == CURLE_COULDNT_CONNECT && os_errno == ECONNREFUSED)
        name = "HttpRefused";
    else if (code == CURLE_COULDNT_CONNECT && os_errno == ETIMEDOUT)
        name = "HttpTimedOut";
    return error_set(err, row->status, name, "%s",
                     words[0] != '\0' ? words : curl_easy_strerror(code));
}
