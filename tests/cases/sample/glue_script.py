# SPDX-License-Identifier: Apache-2.0
"""A job like the sample's script, with nothing but what Python has: the parts of a task to one CSV, and away."""
import csv
import io
import json
import os
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree

from awsglue.utils import getResolvedOptions

args = getResolvedOptions(sys.argv, ["source_bucket", "task_id", "output_file_name", "destination_bucket"])


def call(method, bucket, key="", query="", body=None):
    url = f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}/{urllib.parse.quote(key)}{query}"
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method)) as answer:
        return answer.read()


def keys(bucket, prefix):
    found, token = [], ""
    while token is not None:
        query = "?" + urllib.parse.urlencode({"list-type": 2, "prefix": prefix, "max-keys": 2})
        page = xml.etree.ElementTree.fromstring(call("GET", bucket, query=query + token))
        name = {"s": page.tag[1:].split("}")[0]}
        found += [e.text for e in page.findall("s:Contents/s:Key", name)]
        following = page.find("s:NextContinuationToken", name)
        token = None if following is None else "&" + urllib.parse.urlencode({"continuation-token": following.text})
    return found


parts = keys(args["source_bucket"], f"tmp/{args['task_id']}/")
rows = [row for key in parts for row in json.loads(json.loads(call("GET", args["source_bucket"], key)))]
text = io.StringIO(newline="")
out = csv.DictWriter(text, ["discount_code", "error_message", "status"], quoting=csv.QUOTE_ALL)
out.writeheader()
out.writerows(rows)
call("PUT", args["destination_bucket"], args["output_file_name"], body=text.getvalue().encode())
for part in parts:
    call("DELETE", args["source_bucket"], part)
print(f"{len(rows)} rows of {len(parts)} parts")
