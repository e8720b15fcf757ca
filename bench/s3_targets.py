# SPDX-License-Identifier: Apache-2.0
"""Presigned targets (AWS Signature Version 4, in the query), one a line, for servers that verify them.

s3_targets.py HOST METHOD BUCKET COUNT [QUERY]   COUNT keys o/000000 …; with a query: the bucket itself, COUNT times
"""

import hashlib
import hmac
import sys
import time
from urllib.parse import quote

KEY_ID = SECRET = "S3RVER"


def hmac_of(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def main():
    host, method, bucket, count = sys.argv[1:5]
    query = sys.argv[5] if len(sys.argv) > 5 else ""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    key = b"AWS4" + SECRET.encode()
    for part in scope.split("/"):
        key = hmac_of(key, part)
    for i in range(int(count)):
        path = f"/{bucket}" if query else f"/{bucket}/o/{i:06}"
        pairs = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{KEY_ID}/{scope}",
            "X-Amz-Date": now,
            "X-Amz-Expires": "3600",
            "X-Amz-SignedHeaders": "host",
        }
        pairs.update(pair.split("=") for pair in query.split("&") if pair)
        text = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(pairs.items()))
        request = f"{method}\n{path}\n{text}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        sign = hmac_of(key, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}").hex()
        print(f"{path}?{text}&X-Amz-Signature={sign}")


main()
