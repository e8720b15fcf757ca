/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux env: what a shell needs to have the stock `aws` talk to `afflux serve`. An aws that does
 * not know AWS_ENDPOINT_URL (before 2.13 and 1.29) gets a function of its name around it.
 */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/house.h"
#include "cmd/serve_options.h"

enum { OPT_HELP = 1, OPT_LISTEN, OPT_REGION };

static const struct arg_option env_table[] = {
    {OPT_LISTEN, 'l', "listen", "ADDR:PORT", "where the server listens (default " SERVE_LISTEN ")"},
    {OPT_REGION, 0, "region", "NAME", "(default " HOUSE_REGION ")"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_env_help(struct buf *out)
{
    buf_add(out, STR("afflux env: shell settings that have the aws command talk to afflux serve\n"
                     "\n"
                     "usage: eval \"$(afflux env [OPTIONS])\"\n"
                     "\n"));
    args_print_help(env_table, ARRAY_LEN(env_table), out);
    buf_add(out,
            STR("\n"
                "Sets the endpoint, the region and credentials that need not be true, and takes "
                "away what would lead\n"
                "elsewhere. For an aws older than 2.13 (or 1.29), which knows no "
                "AWS_ENDPOINT_URL, there is a function\n"
                "that adds --endpoint-url. Such a one cannot be kept from asking for "
                "sync-HOST either, in two\n"
                "operations of Step Functions.\n"
                "\n"
                "Examples\n"
                "  eval \"$(afflux env)\"; aws sts get-caller-identity\n"
                "  eval \"$(afflux env --listen 127.0.0.1:8080)\"\n"));
}

static void env_print(struct buf *out, const struct http_address *address, str region)
{
    char text[HTTP_ADDRESS_TEXT];
    http_address_print(address, text);
    buf_printf(out,
               "export AWS_ENDPOINT_URL=http://%s\n"
               "export AWS_REGION=%.*s AWS_DEFAULT_REGION=%.*s\n"
               "export AWS_ACCESS_KEY_ID=afflux AWS_SECRET_ACCESS_KEY=afflux\n"
               "export AWS_DISABLE_HOST_PREFIX_INJECTION=true AWS_EC2_METADATA_DISABLED=true\n",
               text, STR_ARG(region), STR_ARG(region));
    buf_add(out,
            STR("unset AWS_PROFILE AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS\n"
                "unset AWS_ENDPOINT_URL_DYNAMODB AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_SFN\n"
                "unset AWS_ENDPOINT_URL_GLUE AWS_ENDPOINT_URL_EVENTBRIDGE AWS_ENDPOINT_URL_STS\n"
                "case \"$(aws --version 2>&1)\" in\n"
                "aws-cli/2.?.* | aws-cli/2.1[0-2].* | aws-cli/1.?.* | aws-cli/1.1?.* | "
                "aws-cli/1.2[0-8].*)\n"
                "    aws() { command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }\n"
                "    [ -z \"${BASH_VERSION-}\" ] || export -f aws ;;\n"
                "esac\n"));
}

static int env_option(int id, const struct args *a, struct http_address *address, str *region,
                      bool *is_help)
{
    struct error err;
    const char *value = a->value[0];
    switch (id) {
    case OPT_HELP: *is_help = true; break;
    case OPT_LISTEN:
        if (http_address_read(str_of(value), address, &err) != STATUS_OK)
            return cmd_usage("env", "--listen: %s", err.message);
        break;
    case OPT_REGION:
        if (!serve_is_region(str_of(value)))
            return cmd_usage("env", "--region is a name like us-east-1, not '%s'", value);
        *region = str_of(value);
        break;
    case ARG_OPERAND: return cmd_usage("env", "what is '%s'? There are only options", value);
    default: return cmd_usage("env", "%s", a->message);
    }
    return CMD_OK;
}

int cmd_env(int argc, char **argv)
{
    struct args a;
    struct http_address address;
    str region = STR(HOUSE_REGION);
    bool is_help = false;
    int id, code = CMD_OK;
    if (http_address_read(STR(SERVE_LISTEN), &address, NULL) != STATUS_OK)
        return CMD_FAILED;
    args_init(&a, argc, argv, env_table, ARRAY_LEN(env_table));
    while (code == CMD_OK && !is_help && (id = args_next(&a)) != ARG_END)
        code = env_option(id, &a, &address, &region, &is_help);
    if (code != CMD_OK)
        return code;
    struct buf text;
    buf_init(&text, 1 << 16);
    if (is_help)
        cmd_env_help(&text);
    else
        env_print(&text, &address, region);
    code = cmd_print("env", buf_str(&text));
    buf_done(&text);
    return code;
}
