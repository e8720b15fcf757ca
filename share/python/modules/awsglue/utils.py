# SPDX-License-Identifier: Apache-2.0
"""Arguments of a job."""
import sys

# Told also when they are not asked for.
RESERVED = ("JOB_ID", "JOB_NAME", "JOB_RUN_ID", "TempDir", "SECURITY_CONFIGURATION",
            "encryption-type", "job-bookmark-option", "job-bookmark-from", "job-bookmark-to")


class GlueArgumentError(Exception):
    """An argument that was asked for is missing, or none may be called so."""


def _read(argv):
    """All arguments: --name value, --name=value, --name (an empty value)."""
    found = {}
    at = 0
    while at < len(argv):
        word = argv[at]
        at += 1
        if not word.startswith("--") or len(word) == 2:
            continue
        name, equals, value = word[2:].partition("=")
        if not equals and at < len(argv):
            value = argv[at]
            at += 1
        found[name] = value
    return found


def getResolvedOptions(args, options):
    """The values of options (names without --) in args, which is sys.argv, by name."""
    wanted = [name[2:] if name.startswith("--") else name for name in options]
    for name in wanted:
        if name in RESERVED and name not in ("JOB_ID", "JOB_NAME", "JOB_RUN_ID", "TempDir"):
            raise GlueArgumentError("Using reserved arguments: --%s" % name)
    found = _read(args[1:])
    missing = ["--%s" % name for name in wanted if name not in found]
    if missing:
        raise GlueArgumentError("the following arguments are required: " + ", ".join(missing))
    result = {name.replace("-", "_"): found[name] for name in RESERVED if name in found}
    result.update((name.replace("-", "_"), found[name]) for name in wanted)
    return result


def get_job_name(argv=None):
    return _read((sys.argv if argv is None else argv)[1:]).get("JOB_NAME")
