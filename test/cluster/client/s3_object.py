"""Reads, writes or tries, and retries nothing: `digest BUCKET KEY` prints an object's SHA-256 and size, `put BUCKET KEY TEXT` writes it, `get BUCKET
KEY TIMES` reads it so often, each time by a connection of its own, and prints how often it got what, `try BUCKET` and `try-unsigned BUCKET` print how
a listing of the bucket is answered."""

import hashlib
import json
import sys
from collections import Counter

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

what, bucket, *rest = sys.argv[1:]
signed = {"signature_version": UNSIGNED} if what == "try-unsigned" else {}
s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}, **signed))


def read(key):
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except ClientError as error:
        return error.response["Error"]["Code"]
    finally:
        s3.close()


try:
    if what == "put":
        s3.put_object(Bucket=bucket, Key=rest[0], Body=rest[1].encode())
        answer = {"code": "accepted"}
    elif what == "get":
        answer = Counter(read(rest[0]) for _ in range(int(rest[1])))
    elif what == "digest":
        digest, size = hashlib.sha256(), 0
        for block in s3.get_object(Bucket=bucket, Key=rest[0])["Body"].iter_chunks(1 << 20):
            digest.update(block)
            size += len(block)
        answer = {"sha256": digest.hexdigest(), "bytes": size}
    else:
        s3.list_objects_v2(Bucket=bucket)
        answer = {"code": "accepted", "status": 200}
except ClientError as error:
    answer = {"code": error.response["Error"]["Code"], "status": error.response["ResponseMetadata"]["HTTPStatusCode"]}
print(json.dumps(answer))
