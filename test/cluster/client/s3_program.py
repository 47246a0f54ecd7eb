"""A program that someone wrote for AWS: a bucket, files up and down, presigned URLs, a multipart upload, a listing, and away with all of it.

From AWS's own it differs in two settings: AWS_ENDPOINT_URL and AWS_CA_BUNDLE. Its arguments are the bucket and, if need be, the addressing
style (path or virtual). Prints what it did as JSON.
"""

import hashlib
import json
import os
import sys
import tempfile
from urllib.parse import urlsplit

import boto3
import requests
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1 << 20
PART = 16 * MIB
bucket = sys.argv[1]
style = sys.argv[2] if len(sys.argv) > 2 else "auto"
s3 = boto3.client("s3", config=Config(s3={"addressing_style": style}))
trust = os.environ["AWS_CA_BUNDLE"]
did = {"style": style}


def write(size):
    file = tempfile.NamedTemporaryFile(delete=False)
    file.write(os.urandom(size))
    file.close()
    return file.name


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same(path, key):
    """Whether the object has the file's content, by a download of its own."""
    back = tempfile.NamedTemporaryFile(delete=False).name
    s3.download_file(bucket, key, back)
    return digest(path) == digest(back)


def code(call, **arguments):
    try:
        call(**arguments)
        return "accepted"
    except ClientError as error:
        return error.response["Error"]["Code"]


prefix = f"program-{style}-{os.getpid()}/"
try:
    s3.create_bucket(Bucket=bucket)
    did["bucket"] = "made"
except s3.exceptions.BucketAlreadyOwnedByYou:
    did["bucket"] = "mine"

small = write(3 * MIB)
s3.upload_file(small, bucket, prefix + "small")
did["small"] = same(small, prefix + "small")

large = write(2 * PART + 5 * MIB)
s3.upload_file(
    large, bucket, prefix + "large", Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
)
did["large"] = same(large, prefix + "large")
did["parts"] = s3.head_object(Bucket=bucket, Key=prefix + "large", PartNumber=1)["PartsCount"]

upload = s3.create_multipart_upload(Bucket=bucket, Key=prefix + "by-hand")["UploadId"]
parts, whole = [], hashlib.sha256()
for number, size in enumerate([PART + 1, PART + 7, MIB], start=1):
    block = os.urandom(size)
    whole.update(block)
    part = s3.upload_part(Bucket=bucket, Key=prefix + "by-hand", UploadId=upload, PartNumber=number, Body=block)
    parts.append({"PartNumber": number, "ETag": part["ETag"]})
s3.complete_multipart_upload(
    Bucket=bucket, Key=prefix + "by-hand", UploadId=upload, MultipartUpload={"Parts": parts}
)
body = s3.get_object(Bucket=bucket, Key=prefix + "by-hand")["Body"].read()
did["byHand"] = hashlib.sha256(body).hexdigest() == whole.hexdigest()
did["middle"] = s3.get_object(Bucket=bucket, Key=prefix + "by-hand", Range="bytes=5-9")["Body"].read() == body[5:10]

where = {"Bucket": bucket, "Key": prefix + "signed"}
put = s3.generate_presigned_url("put_object", Params=where, ExpiresIn=60)
get = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
did["signedPut"] = requests.put(put, data=b"by a signed URL", verify=trust, timeout=30).status_code
did["signedGet"] = requests.get(get, verify=trust, timeout=30).text
did["signedHost"] = urlsplit(get).hostname
did["forgedGet"] = requests.get(get.replace("/signed?", "/large?"), verify=trust, timeout=30).status_code

pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": 2})
keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
did["listed"] = [key.removeprefix(prefix) for key in keys]
did["foreign"] = code(s3.list_objects_v2, Bucket=os.environ["FOREIGN_BUCKET"])
did["another"] = code(s3.create_bucket, Bucket="somebody-elses")

did["deleted"] = len(s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})["Deleted"])
did["left"] = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"]
print(json.dumps(did))
