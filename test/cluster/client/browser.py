"""A person's browser: cookies, redirects, and the form in which Dex asks for a name and a password."""

import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

CONTEXT = ssl.create_default_context(cafile="ca.crt")


class NoLocalRedirect(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not to the person's own computer, where a program would listen."""

    def redirect_request(self, request, file, code, message, headers, url):
        if urllib.parse.urlsplit(url).hostname == "localhost":
            return None
        return super().redirect_request(request, file, code, message, headers, url)


class Browser:
    def __init__(self):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=CONTEXT), jar, NoLocalRedirect())

    def ask(self, url, data=None, headers=None, form=True):
        body = urllib.parse.urlencode(data).encode() if form and data else data
        try:
            answer = self.opener.open(urllib.request.Request(url, data=body, headers=headers or {}), timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.geturl(), answer.headers, answer.read().decode(errors="replace")

    def sign_in(self, url, user, password):
        """The answer to the form that the url leads to, or to the url itself where there is none."""
        answer = self.ask(url)
        form = re.search(r'<form[^>]*action="([^"]+)"', answer[3])
        if not form:
            return answer
        action = urllib.parse.urljoin(answer[1], form.group(1).replace("&amp;", "&"))
        return self.ask(action, {"login": user, "password": password})
