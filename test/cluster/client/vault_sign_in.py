"""What Vault's user interface does when a person signs in by Dex, given as JSON on standard input: {"user", "password", "url"}.

Prints {"token"}, or {"host"}: where the person got no further.
"""

import json
import sys
import urllib.parse

from browser import Browser

wanted = json.load(sys.stdin)
url = wanted["url"]
browser = Browser()


def vault(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    status, _, _, text = browser.ask(f"{url}/v1/auth/oidc/oidc/{path}", data, {"Content-Type": "application/json"}, form=False)
    if status != 200:
        raise SystemExit(f"{path}: {status} {text[:1000]}")
    return json.loads(text)


asked = vault("auth_url", {"role": "people", "redirect_uri": f"{url}/ui/vault/auth/oidc/oidc/callback"})
_, at, _, _ = browser.sign_in(asked["data"]["auth_url"], wanted["user"], wanted["password"])
came = urllib.parse.urlsplit(at)
if came.hostname == urllib.parse.urlsplit(url).hostname:
    query = urllib.parse.parse_qs(came.query)
    given = urllib.parse.urlencode({name: query[name][0] for name in ("state", "code")})
    print(json.dumps({"token": vault(f"callback?{given}")["auth"]["client_token"]}))
else:
    print(json.dumps({"host": came.hostname}))
