/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: bounds, patterns and members of the requests about connections. Patterns are functions
 * here; what each stands for is written beside it, as AWS's messages show it.
 */
#include "services/connection_shape.h"

#include "base/attr.h"

/* ---- patterns ---- */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, digits and the others given. */
static bool is_of(str text, str others)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_alnum(text.p[i]) && str_find_byte(others, text.p[i], 0) == STR_NONE)
            return false;
    return true;
}

#define NAME_PATTERN "[\\.\\-_A-Za-z0-9]+"
static bool is_name(str text)
{
    return text.n > 0 && is_of(text, STR(".-_"));
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

#define AUTH_PATTERN "^[ \\t]*[^\\x00-\\x1F:\\x7F]+([ \\t]+[^\\x00-\\x1F:\\x7F]+)*[ \\t]*$"
static bool is_auth_text(str text)
{
    size_t solid = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ':' || (is_control(text.p[i]) && text.p[i] != '\t'))
            return false;
        solid += text.p[i] != '\t';
    }
    return solid > 0;
}

#define ENDPOINT_PATTERN "^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@\\x26=+$,A-Za-z0-9])+)([).!';/?:,])?$"
static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool is_endpoint(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%') {
            if (i + 2 >= text.n || !is_hex(text.p[i + 1]) || !is_hex(text.p[i + 2]))
                return false;
            i += 2;
        } else if (!is_of((str){text.p + i, 1}, STR("-()_.!~*';/?:@&=+$,"))) {
            return false;
        }
    }
    return text.n > 0;
}

#define HEADER_KEY_PATTERN "^[!#$%&'*+-.^_`|~0-9a-zA-Z]+$"
static bool is_header_key(str text)
{
    return text.n > 0 && is_of(text, STR("!#$%&'*+,-.^_`|~"));
}

#define HEADER_VALUE_PATTERN "^[ \\t]*[\\x20-\\x7E]+([ \\t]+[\\x20-\\x7E]+)*[ \\t]*$"
static bool is_header_value(str text)
{
    size_t solid = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c < 0x20 || c > 0x7E) && c != '\t')
            return false;
        solid += c != '\t';
    }
    return solid > 0;
}

#define QUERY_KEY_PATTERN "[^\\x00-\\x1F\\x7F]+"
static bool is_query_key(str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (is_control(text.p[i]))
            return false;
    return text.n > 0;
}

#define QUERY_VALUE_PATTERN "[^\\x00-\\x09\\x0B\\x0C\\x0E-\\x1F\\x7F]+"
static bool is_query_value(str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (is_control(text.p[i]) && text.p[i] != '\n' && text.p[i] != '\r')
            return false;
    return text.n > 0;
}

#define KMS_PATTERN "^[a-zA-Z0-9_\\-/:]*$"
static bool is_kms_key(str text)
{
    return is_of(text, STR("_-/:"));
}

/* ---- texts ---- */

static const char *const types[] = {"BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY", NULL};
static const char *const methods[] = {"GET", "POST", "PUT", NULL};
static const char *const states[] = {
    "CREATING",    "UPDATING",      "DELETING", "AUTHORIZED",          "DEAUTHORIZED",
    "AUTHORIZING", "DEAUTHORIZING", "ACTIVE",   "FAILED_CONNECTIVITY", NULL};

static const struct shape name_text = {
    .kind = SHAPE_STRING, .min = 1, .max = 64, .matches = is_name, .pattern = NAME_PATTERN};
static const struct shape description_text = {.kind = SHAPE_STRING, .max = 512};
static const struct shape type_text = {.kind = SHAPE_STRING, .values = types};
static const struct shape method_text = {.kind = SHAPE_STRING, .values = methods};
static const struct shape state_text = {.kind = SHAPE_STRING, .values = states};
static const struct shape kms_text = {
    .kind = SHAPE_STRING, .max = 2048, .matches = is_kms_key, .pattern = KMS_PATTERN};
static const struct shape auth_text = {
    .kind = SHAPE_STRING, .min = 1, .max = 512, .matches = is_auth_text, .pattern = AUTH_PATTERN};
static const struct shape auth_secret = {.kind = SHAPE_STRING,
                                         .min = 1,
                                         .max = 512,
                                         .matches = is_auth_text,
                                         .pattern = AUTH_PATTERN,
                                         .is_sensitive = true};
static const struct shape endpoint_text = {.kind = SHAPE_STRING,
                                           .min = 1,
                                           .max = 2048,
                                           .matches = is_endpoint,
                                           .pattern = ENDPOINT_PATTERN};
static const struct shape header_key = {
    .kind = SHAPE_STRING, .max = 512, .matches = is_header_key, .pattern = HEADER_KEY_PATTERN};
static const struct shape header_value = {.kind = SHAPE_STRING,
                                          .max = 512,
                                          .matches = is_header_value,
                                          .pattern = HEADER_VALUE_PATTERN,
                                          .is_sensitive = true};
static const struct shape query_key = {
    .kind = SHAPE_STRING, .max = 512, .matches = is_query_key, .pattern = QUERY_KEY_PATTERN};
static const struct shape query_value = {.kind = SHAPE_STRING,
                                         .max = 512,
                                         .matches = is_query_value,
                                         .pattern = QUERY_VALUE_PATTERN,
                                         .is_sensitive = true};
static const struct shape body_key = {.kind = SHAPE_STRING};
static const struct shape body_value = {.kind = SHAPE_STRING, .is_sensitive = true};
static const struct shape truth = {.kind = SHAPE_BOOLEAN};
static const struct shape token_text = {.kind = SHAPE_STRING, .min = 1, .max = 2048};
static const struct shape limit_number = {.kind = SHAPE_INTEGER, .min = 1, .max = 100};

/* ---- lists of parameters ---- */

#define PARAMETER_SHAPE(place)                                                                     \
    static const struct shape_member place##_members[] = {{"Key", &place##_key, true},             \
                                                          {"Value", &place##_value, false},        \
                                                          {"IsValueSecret", &truth, false},        \
                                                          {NULL, NULL, false}};                    \
    static const struct shape place##_parameter = {.kind = SHAPE_STRUCTURE,                        \
                                                   .members = place##_members};                    \
    static const struct shape place##_list = {                                                     \
        .kind = SHAPE_LIST, .max = 100, .item = &place##_parameter}

PARAMETER_SHAPE(header);
PARAMETER_SHAPE(query);
PARAMETER_SHAPE(body);

#define STRUCTURE(name, ...)                                                                       \
    static const struct shape_member name##_members[] = {__VA_ARGS__, {NULL, NULL, false}};        \
    static const struct shape name = {.kind = SHAPE_STRUCTURE, .members = name##_members}

STRUCTURE(http_parameters, {"HeaderParameters", &header_list, false},
          {"QueryStringParameters", &query_list, false}, {"BodyParameters", &body_list, false});

/* Private connectivity is refused (connections.c); its own members do not matter. */
static const struct shape_member no_members[] = {{NULL, NULL, false}};
static const struct shape connectivity = {.kind = SHAPE_STRUCTURE, .members = no_members};

/* ---- AuthParameters: all of a connection to create, any of one to update ---- */

#define AUTH_SHAPES(prefix, all)                                                                   \
    STRUCTURE(prefix##_basic, {"Username", &auth_text, all}, {"Password", &auth_secret, all});     \
    STRUCTURE(prefix##_api_key, {"ApiKeyName", &auth_text, all},                                   \
              {"ApiKeyValue", &auth_secret, all});                                                 \
    STRUCTURE(prefix##_client, {"ClientID", &auth_text, all},                                      \
              {"ClientSecret", &auth_secret, all});                                                \
    STRUCTURE(prefix##_oauth, {"ClientParameters", &prefix##_client, all},                         \
              {"AuthorizationEndpoint", &endpoint_text, all}, {"HttpMethod", &method_text, all},   \
              {"OAuthHttpParameters", &http_parameters, false});                                   \
    static const struct shape_member prefix##_auth_members[] = {                                   \
        {"BasicAuthParameters", &prefix##_basic, false},                                           \
        {"OAuthParameters", &prefix##_oauth, false},                                               \
        {"ApiKeyAuthParameters", &prefix##_api_key, false},                                        \
        {"InvocationHttpParameters", &http_parameters, false},                                     \
        {"ConnectivityParameters", &connectivity, false},                                          \
        {NULL, NULL, false}}

AUTH_SHAPES(whole, true);
AUTH_SHAPES(part, false);

const struct shape connection_auth_shape = {.kind = SHAPE_STRUCTURE, .members = whole_auth_members};
static const struct shape part_auth = {.kind = SHAPE_STRUCTURE, .members = part_auth_members};

/* ---- requests ---- */

#define REQUEST(name, ...)                                                                         \
    static const struct shape_member name##_members[] = {__VA_ARGS__, {NULL, NULL, false}};        \
    const struct shape name = {.kind = SHAPE_STRUCTURE, .members = name##_members}

REQUEST(connection_create_shape, {"Name", &name_text, true},
        {"Description", &description_text, false}, {"AuthorizationType", &type_text, true},
        {"AuthParameters", &connection_auth_shape, true},
        {"InvocationConnectivityParameters", &connectivity, false},
        {"KmsKeyIdentifier", &kms_text, false});

REQUEST(connection_update_shape, {"Name", &name_text, true},
        {"Description", &description_text, false}, {"AuthorizationType", &type_text, false},
        {"AuthParameters", &part_auth, false},
        {"InvocationConnectivityParameters", &connectivity, false},
        {"KmsKeyIdentifier", &kms_text, false});

REQUEST(connection_name_shape, {"Name", &name_text, true});

REQUEST(connection_list_shape, {"NamePrefix", &name_text, false},
        {"ConnectionState", &state_text, false}, {"NextToken", &token_text, false},
        {"Limit", &limit_number, false});
