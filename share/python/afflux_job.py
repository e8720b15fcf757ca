# SPDX-License-Identifier: Apache-2.0
"""Starts a job's script: python3 afflux_job.py SCRIPT ARGUMENTS...

The script finds the modules beside this file behind all others: what the machine has of its own (a
real pyspark, say) goes first. A boto3 that is too old to know AWS_ENDPOINT_URL is told of it.
"""
import importlib.abc
import importlib.util
import os
import runpy
import sys

ENDPOINT_SINCE = (1, 31)  # botocore that reads AWS_ENDPOINT_URL itself


def _version(text):
    parts = []
    for part in text.split(".")[:2]:
        if not part.isdigit():
            break
        parts.append(int(part))
    return tuple(parts)


def _point_clients_at(session_module, endpoint):
    plain = session_module.Session.create_client

    def create_client(self, service_name, region_name=None, api_version=None, use_ssl=True,
                      verify=None, endpoint_url=None, *args, **kwargs):
        return plain(self, service_name, region_name, api_version, use_ssl, verify,
                     endpoint_url or endpoint, *args, **kwargs)

    session_module.Session.create_client = create_client


class _SessionLoader(importlib.abc.Loader):
    def __init__(self, loader, endpoint):
        self.loader = loader
        self.endpoint = endpoint

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        import botocore
        if _version(botocore.__version__) < ENDPOINT_SINCE:
            _point_clients_at(module, self.endpoint)


class _SessionFinder(importlib.abc.MetaPathFinder):
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _SessionLoader(spec.loader, self.endpoint)
        return spec


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: afflux_job.py SCRIPT ARGUMENTS...")
    script = os.path.abspath(sys.argv[1])
    modules = os.path.join(os.path.dirname(os.path.abspath(__file__)), "modules")
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(script)
    sys.path.append(modules)
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        sys.meta_path.insert(0, _SessionFinder(endpoint))
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
