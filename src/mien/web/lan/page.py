"""The one page that a device on the network sees before it has entered the code.

It needs no script, so its policy allows none, and the server chooses the language.
"""

from html import escape
from string import Template
from typing import Literal

import msgspec

from mien.web.page.words import FIRST, code_words

Problem = Literal["wrong", "too_many"]

# What it is made of besides itself.
SHEETS = ("tokens", "code-colours", "base", "welcome", "code")
STYLES = tuple(f"/static/style/{name}.css" for name in SHEETS)
ICON = "/static/icon.svg"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>$title – mien</title>
  <link rel="icon" href="$icon" type="image/svg+xml">
  $styles
</head>
<body>
  <header class="top">
    <h1 class="name"><img src="$icon" alt="" width="32" height="32">mien</h1>
  </header>
  <main class="layout">
    $message
    <form class="welcome" method="post" action="$action">
      <svg class="welcome-art" viewBox="0 0 160 120" aria-hidden="true">
        <rect class="art-device" x="50" y="8" width="60" height="104" rx="12"/>
        <circle class="art-face" cx="80" cy="56" r="21"/>
        <path d="M72 51v3M88 51v3M71 61.5c2.5 4.5 5.5 6.5 9 6.5s6.5-2 9-6.5M75 98h10"/>
      </svg>
      <h2>$title</h2>
      <p id="where">$where</p>
      <label class="code-label" for="code">$code</label>
      <input id="code" class="code" name="code" type="text" inputmode="numeric" required autofocus
        autocomplete="one-time-code" spellcheck="false" maxlength="12"
        pattern="\\s*[0-9]{4}[\\s\\-]*[0-9]{4}\\s*" aria-describedby="$described"$invalid>
      <button class="button primary" type="submit">$enter</button>
      <p class="code-note">$pictures</p>
    </form>
  </main>
</body>
</html>
""")


def preferred_language(header: str) -> str:
    """Return the language of ours that a browser likes best, by its Accept-Language header."""
    known = code_words()
    wishes = []
    for part in header.split(","):
        tag, _, weight = part.partition(";q=")
        language = tag.strip().lower().split("-")[0]
        if language in known:
            wishes.append((_weight(weight), language))
    # Of equal ones, the first named.
    best = max(wishes, key=lambda wish: wish[0], default=(0.0, FIRST))
    return best[1] if best[0] > 0 else FIRST


def render(language: str, action: str, problem: Problem | None = None) -> str:
    """Return the page.

    Args:
        language: One that there is, as `preferred_language` returns it.
        action: The path that the form is sent to.
        problem: What was wrong with the code before.
    """
    words = msgspec.structs.asdict(code_words()[language])
    texts = {name: escape(text) for name, text in words.items()}
    message = ""
    if problem:
        message = f'<p id="problem" class="message" role="alert">{texts[problem]}</p>'
    return _PAGE.substitute(
        texts,
        language=language,
        action=escape(action),
        icon=ICON,
        styles="\n  ".join(f'<link rel="stylesheet" href="{path}">' for path in STYLES),
        message=message,
        described="problem where" if problem else "where",
        invalid=' aria-invalid="true"' if problem == "wrong" else "",
    )


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
