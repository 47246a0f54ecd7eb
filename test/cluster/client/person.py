"""What a person does with a browser, given as JSON on standard input: {"user", "password", "url", "workspaces", "issuer", "buckets", "s3"}.

Signs in at url, and says where that led; asks MLflow for the experiments of each workspace and makes one in each; gets a token of the issuer for
MinIO, and with it credentials, with which it writes to each bucket and lists it. Prints what came of it, as JSON.
"""

import base64
import json
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree as xml

import boto3
import botocore.exceptions
from browser import Browser


def mlflow(browser, url, workspace):
    def api(path, data=None):
        headers = {"X-MLFLOW-WORKSPACE": workspace, "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        return browser.ask(f"{url}/ajax-api/2.0/mlflow/{path}", body, headers, form=False)

    name = f"{wanted['user']}-{uuid.uuid4().hex[:8]}"
    made = api("experiments/create", {"name": name})[0]
    status, _, _, text = api("experiments/search?max_results=1000")
    names = [each["name"] for each in json.loads(text).get("experiments", [])] if status == 200 else []
    return {"make": made, "list": status, "names": sorted(names), "own": name in names}


def token(issuer, user, password, audience):
    browser = Browser()
    client = {"client_id": "cli", "redirect_uri": "http://localhost:8000/"}
    scope = f"openid email profile groups audience:server:client_id:{audience}"
    query = urllib.parse.urlencode({**client, "response_type": "code", "scope": scope})
    status, _, headers, text = browser.sign_in(f"{issuer}/auth?{query}", user, password)
    if "Location" not in headers:
        return None
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)["code"][0]
    status, _, _, text = browser.ask(f"{issuer}/token", {"grant_type": "authorization_code", "code": code, **client})
    return json.loads(text)["id_token"]


def credentials(s3, id_token):
    query = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "DurationSeconds": "900",
        "WebIdentityToken": id_token,
    }
    status, _, _, text = Browser().ask(s3, query)
    if status != 200:
        return {"status": status, "text": text[:500]}
    found = {node.tag.split("}")[1]: node.text for node in xml.fromstring(text).iter()}
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def bucket(client, name):
    def code(what, **arguments):
        try:
            getattr(client, what)(Bucket=name, **arguments)
            return "done"
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    key = f"{wanted['user']}.txt"
    return {
        "write": code("put_object", Key=key, Body=b"mine"),
        "list": code("list_objects_v2"),
        "read": code("get_object", Key=key),
    }


wanted = json.load(sys.stdin)
person = Browser()
status, at, _, text = person.sign_in(wanted["url"], wanted["user"], wanted["password"])
result = {"status": status, "host": urllib.parse.urlsplit(at).hostname}
if result["host"] == urllib.parse.urlsplit(wanted["url"]).hostname and status == 200:
    result["workspaces"] = {name: mlflow(person, wanted["url"], name) for name in wanted.get("workspaces", [])}
if "s3" in wanted:
    id_token = token(wanted["issuer"], wanted["user"], wanted["password"], wanted["audience"])
    if id_token:
        claims = id_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        result["claims"] = {key: claims.get(key) for key in ("email", "groups", "aud", "iss")}
        keys = credentials(wanted["s3"], id_token)
        result["credentials"] = "aws_session_token" in keys or keys
        if "aws_session_token" in keys:
            s3 = boto3.client("s3", endpoint_url=wanted["s3"], verify="ca.crt", region_name="us-east-1", **keys)
            result["buckets"] = {name: bucket(s3, name) for name in wanted["buckets"]}
print(json.dumps(result))
