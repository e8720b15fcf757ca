/* SPDX-License-Identifier: Apache-2.0 */
/* Host, Origin, Referer and Sec-Fetch-Site, see hosts.h. */
#include "api/hosts.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static char host_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool host_eq(str a, str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (host_lower(a.p[i]) != host_lower(b.p[i]))
            return false;
    return true;
}

/* "name:port" without its port, "[v6]:port" without port and brackets. */
static str host_name(str host, bool *ret_is_v6)
{
    *ret_is_v6 = str_starts(host, STR("["));
    if (*ret_is_v6) {
        size_t end = str_find_byte(host, ']', 0);
        return end == STR_NONE ? (str){"", 0} : str_sub(host, 1, end);
    }
    str name = str_sub(host, 0, str_find_byte(host, ':', 0));
    return str_ends(name, STR(".")) ? str_sub(name, 0, name.n - 1) : name;
}

static bool host_is_loopback(str name, bool is_v6)
{
    char text[INET6_ADDRSTRLEN] = {0};
    struct in6_addr v6;
    struct in_addr v4;
    if (name.n == 0 || name.n >= sizeof(text))
        return false;
    memcpy(text, name.p, name.n);
    if (is_v6)
        return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    return inet_pton(AF_INET, text, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool host_is_base(const struct api_hosts *hosts, str name, bool is_v6)
{
    if (host_is_loopback(name, is_v6) || (!is_v6 && host_eq(name, STR("localhost"))))
        return true;
    for (size_t i = 0; i < hosts->count; i++)
        if (host_eq(name, hosts->names[i]))
            return true;
    return false;
}

static str host_bucket(str prefix)
{
    if (host_eq(prefix, STR("s3")))
        return (str){"", 0};
    return str_ends(prefix, STR(".s3")) ? str_sub(prefix, 0, prefix.n - 3) : prefix;
}

bool api_host_is_ours(const struct api_hosts *hosts, str host, str *ret_bucket)
{
    bool is_v6;
    str name = host_name(host, &is_v6);
    *ret_bucket = (str){"", 0};
    if (host_is_base(hosts, name, is_v6))
        return true;
    if (is_v6 || name.n == 0)
        return false;
    if (str_starts(name, STR("sync-")) && host_is_base(hosts, str_sub(name, 5, name.n), false))
        return true;
    for (size_t dot = 0; (dot = str_find_byte(name, '.', dot)) != STR_NONE; dot++) {
        if (dot == 0 || !host_is_base(hosts, str_sub(name, dot + 1, name.n), false))
            continue;
        *ret_bucket = host_bucket(str_sub(name, 0, dot));
        return true;
    }
    return false;
}

/* "scheme://authority/…" */
static str origin_authority(str url)
{
    size_t at = str_find(url, STR("://"), 0);
    if (at == STR_NONE)
        return (str){"", 0};
    str rest = str_sub(url, at + 3, url.n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    return str_sub(rest, 0, end);
}

bool api_origin_is_own(const struct api_origin *o, str host)
{
    if (o->origin.p && !host_eq(origin_authority(o->origin), host))
        return false;
    if (o->referer.p && !host_eq(origin_authority(o->referer), host))
        return false;
    return !o->fetch_site.p || str_eq(o->fetch_site, STR("same-origin")) ||
           str_eq(o->fetch_site, STR("none"));
}
