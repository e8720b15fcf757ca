/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux serve`, and its help. */
#include "cmd/serve_options.h"

#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/house.h"
#include <string.h>
#include <unistd.h>

enum {
    OPT_HELP = 1,
    OPT_DATA,
    OPT_LISTEN,
    OPT_HOST,
    OPT_ACCOUNT,
    OPT_REGION,
    OPT_STRICT_AWS,
    OPT_ALLOW_SCRIPTS,
    OPT_KEEP_DAYS,
    OPT_LOOPS,
    OPT_CA_FILE,
    OPT_DEPLOY,
};

static const struct arg_option serve_table[] = {
    {OPT_DATA, 'd', "data", "DIR", "everything is kept in this folder (default " SERVE_DATA ")"},
    {OPT_LISTEN, 'l', "listen", "ADDR:PORT",
     "a loopback address (default " SERVE_LISTEN ");\nport 0: one that is free, which is printed"},
    {OPT_HOST, 0, "host", "NAME",
     "a name by which clients call this server, beside the\nloopback ones; may be repeated"},
    {OPT_DEPLOY, 0, "deploy", "DIR",
     "a folder of \"afflux aggregate --init\": its workflows can\nbe started; may be repeated"},
    {OPT_ACCOUNT, 0, "account", "ID", "12 digits in ARNs (default " HOUSE_ACCOUNT ")"},
    {OPT_REGION, 0, "region", "NAME", "for requests that name none (default " HOUSE_REGION ")"},
    {OPT_STRICT_AWS, 0, "strict-aws", NULL, "AWS's ceilings"},
    {OPT_ALLOW_SCRIPTS, 0, "allow-scripts", NULL,
     "jobs may run Python scripts, as this user; without it they fail"},
    {OPT_KEEP_DAYS, 0, "keep-days", "N",
     "ended executions and runs of jobs are kept so long\n(default 90; 0: for ever)"},
    {OPT_LOOPS, 0, "loops", "N", "threads that answer and run workflows (default: one per core)"},
    {OPT_CA_FILE, 0, "ca-file", "FILE",
     "certificates that http:invoke trusts (default: the system's)"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_serve_help(struct buf *out)
{
    buf_add(
        out,
        STR("afflux serve: the server, for the aws command and everything else that speaks AWS\n"
            "\n"
            "usage: afflux serve [OPTIONS]\n"
            "\n"
            "Runs until SIGTERM or SIGINT, prints one line when it listens, and goes on with what "
            "was under way\n"
            "when it is started again on the same folder. Any credentials are accepted, "
            "therefore only loopback\n"
            "addresses can be listened on, and requests of web pages are refused.\n"));
    args_print_help(serve_table, ARRAY_LEN(serve_table), out);
    buf_add(out,
            STR("\n"
                "Examples\n"
                "  afflux serve &\n"
                "  eval \"$(afflux env)\"\n"
                "  aws sts get-caller-identity\n"
                "  aws events create-connection --name shop --authorization-type API_KEY \\\n"
                "      --auth-parameters 'ApiKeyAuthParameters={ApiKeyName=X-Key,ApiKeyValue=…}'\n"
                "  aws s3 cp parts s3://parts --recursive\n"
                "  curl http://" SERVE_LISTEN "/_afflux/health\n"
                "  afflux aggregate --init shop && afflux serve --deploy shop\n"
                "\n"
                "Exit status: 0 ended by a signal; 1 could not listen, open the folder or deploy; "
                "2 wrong usage.\n"));
}

bool serve_is_region(str region)
{
    for (size_t i = 0; i < region.n; i++) {
        char c = region.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return region.n > 0 && region.n <= SERVE_REGION_MAX;
}

static bool is_account(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 12;
}

static int read_option(struct serve_options *o, int id, const struct args *a)
{
    const char *value = a->value[0];
    struct error err;
    switch (id) {
    case OPT_HELP: o->is_help = true; break;
    case OPT_DATA: o->data = value; break;
    case OPT_STRICT_AWS: o->is_strict = true; break;
    case OPT_KEEP_DAYS:
        return cmd_number("serve", "keep-days", value, 0, SERVE_KEEP_DAYS_MAX, &o->keep_days);
    case OPT_ALLOW_SCRIPTS: o->allows_scripts = true; break;
    case OPT_CA_FILE: o->ca_file = value; break;
    case OPT_LOOPS: return cmd_number("serve", "loops", value, 1, SERVE_LOOPS_MAX, &o->loops);
    case OPT_LISTEN:
        if (http_address_read(str_of(value), &o->listen, &err) != STATUS_OK)
            return cmd_usage("serve", "--listen: %s", err.message);
        break;
    case OPT_HOST:
        if (o->host_count == SERVE_HOSTS_MAX)
            return cmd_usage("serve", "--host can be given %d times", SERVE_HOSTS_MAX);
        if (!*value || strpbrk(value, ":/ "))
            return cmd_usage("serve", "--host is a name without a port, not '%s'", value);
        o->hosts[o->host_count++] = str_of(value);
        break;
    case OPT_DEPLOY:
        if (o->deploy_count == SERVE_DEPLOY_MAX)
            return cmd_usage("serve", "--deploy can be given %d times", SERVE_DEPLOY_MAX);
        o->deploy[o->deploy_count++] = value;
        break;
    case OPT_ACCOUNT:
        if (!is_account(str_of(value)))
            return cmd_usage("serve", "--account has 12 digits, which '%s' has not", value);
        o->account = str_of(value);
        break;
    case OPT_REGION:
        if (!serve_is_region(str_of(value)))
            return cmd_usage("serve", "--region is a name like us-east-1, not '%s'", value);
        o->region = str_of(value);
        break;
    case ARG_OPERAND: return cmd_usage("serve", "what is '%s'? There are only options", value);
    default: return cmd_usage("serve", "%s", a->message);
    }
    return CMD_OK;
}

int serve_options_read(struct serve_options *o, int argc, char **argv)
{
    struct args a;
    int id, code = CMD_OK;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *o = (struct serve_options){.data = SERVE_DATA,
                                .account = STR(HOUSE_ACCOUNT),
                                .region = STR(HOUSE_REGION),
                                .keep_days = SERVE_KEEP_DAYS,
                                .loops = cores < 1                 ? 1
                                         : cores > SERVE_LOOPS_MAX ? SERVE_LOOPS_MAX
                                                                   : (uint32_t)cores};
    if (http_address_read(STR(SERVE_LISTEN), &o->listen, NULL) != STATUS_OK)
        return CMD_FAILED;
    args_init(&a, argc, argv, serve_table, ARRAY_LEN(serve_table));
    while (code == CMD_OK && !o->is_help && (id = args_next(&a)) != ARG_END)
        code = read_option(o, id, &a);
    return code;
}
