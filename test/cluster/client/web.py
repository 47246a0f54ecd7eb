"""Answers HTTP requests given as a JSON list on standard input, without following redirects; prints a JSON list of what came back.

A request: {"url", "method"?, "host"?, "user"?, "password"?, "headers"?, "body"?, "authority"?}, where host is what the request says instead of the
URL's, and authority a file of PEM certificates in this folder, or "public" for those that Python's programs trust.
"""

import base64
import hashlib
import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

import certifi


def ask(request):
    url = urlsplit(request["url"])
    answer = {"url": request["url"]}
    headers = dict(request.get("headers", {}))
    if "host" in request:
        headers["Host"] = request["host"]
    if "user" in request:
        pair = f"{request['user']}:{request['password']}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    try:
        if url.scheme == "https":
            authority = request.get("authority", "ca.crt")
            context = ssl.create_default_context(cafile=certifi.where() if authority == "public" else authority)
            connection = http.client.HTTPSConnection(url.hostname, url.port or 443, timeout=20, context=context)
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=20)
        connection.connect()
        if url.scheme == "https":
            answer["certificate"] = certificate(connection.sock)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(request.get("method", "GET"), path, body=request.get("body"), headers=headers)
        response = connection.getresponse()
        answer["status"] = response.status
        answer["headers"] = {name.lower(): value for name, value in response.getheaders()}
        answer["body"] = response.read(2000).decode(errors="replace")
        connection.close()
    except ssl.SSLCertVerificationError as error:
        answer["error"] = f"certificate: {error.verify_message}"
    except OSError as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    return answer


def certificate(sock):
    der = sock.getpeercert(binary_form=True)
    parsed = sock.getpeercert()
    return {
        "sha256": hashlib.sha256(der).hexdigest(),
        "issuer": {key: value for part in parsed["issuer"] for key, value in part},
        "names": [name for kind, name in parsed["subjectAltName"] if kind == "DNS"],
        "protocol": sock.version(),
    }


print(json.dumps([ask(request) for request in json.load(sys.stdin)]))
