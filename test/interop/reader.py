"""Reads the cookies and bare tokens of sealed-session, written from docs/format.md alone.

As a program: takes {"config": ..., "cases": [...]} in JSON on its standard input, as in
test/security/vectors/v1.json, and prints what it reads of each case.
"""

import base64
import json
import math
import re
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DAY = 86_400
LONGEST_LIFE = 400 * DAY
MAX_COOKIES = 16
MAX_COOKIE_CHARACTERS = 4096
MAX_TWINS = 4
MAX_SCOPE_LEVELS = 16

# fullmatch() and [0-9] everywhere: `$` also matches before a line break, and `\d` more than ASCII.
B64 = "[A-Za-z0-9_-]"
COUNT = re.compile(rf"([0-9]{{1,16}})\.(?={B64}{{1,32}}\.[0-9]{{1,6}}\.{B64}{{16}}\.)")
KID = rf"({B64}{{1,32}})\.(0|[1-9][0-9]{{0,5}})"
VALUE = re.compile(rf"{KID}\.({B64}{{16}})\.({B64}+)\.({B64}{{22}})")
HEADER = re.compile(rf'\{{"alg":"dir","enc":"A256GCM","kid":"({KID})"\}}')
SESSION_ID = re.compile(rf"{B64}{{22}}")
STAMP = re.compile(rf"{B64}{{4}}")
STAMPS = re.compile(rf"(?:{B64}{{4}}){{1,5}}")
LIFETIME = re.compile(rf"{B64}{{1,32}}")
BINDING = re.compile(r"[A-Za-z0-9_-]{8}")
PART = re.compile(r"\.(?:[1-9]|1[0-5])")


class Refused(Exception):
    """A session that came and is not accepted."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def open_cookies(header, config):
    """Returns the session of a Cookie header, or None where none came. Raises Refused."""
    parts, tickets, stamps = collect_cookies(header, config["name"])
    best, first = None, None
    for candidate in candidates(parts):
        try:
            if isinstance(candidate, Refused):
                raise candidate
            session = open_value(candidate, "cookie", tickets, stamps, config)
            if best is None or session["sealedAt"] > best["sealedAt"]:
                best = session
        except Refused as refused:
            first = first or refused
    if best is None and first is not None:
        raise first
    return best


def open_token(token, config, purpose=None):
    """Returns the session of a bare token, or None for the empty string. Raises Refused."""
    if token == "":
        return None
    if len(token) > MAX_COOKIES * MAX_COOKIE_CHARACTERS:
        raise Refused("too-large")
    fields = token.split(".")
    header = decode(fields[0])
    match = HEADER.fullmatch(header.decode("latin-1")) if header is not None else None
    if match is None or len(fields) != 5 or fields[1] != "":
        raise Refused("malformed")
    value = ".".join([match[1], *fields[2:]])
    text = [] if purpose is None else [purpose]
    return open_value(value, "token", [], [], config, text)


def collect_cookies(header, name):
    parts, tickets, stamps = {}, [], []
    for segment in header.split(";"):
        for pair in segment.split(","):
            cookie, equals, value = pair.strip(" \t").partition("=")
            if equals == "" or not cookie.startswith(name):
                break
            suffix = cookie[len(name) :]
            if suffix == ".t":
                if len(tickets) < MAX_TWINS:
                    tickets.append(value)
            elif suffix == ".x":
                if STAMP.fullmatch(value) and value not in stamps and len(stamps) < MAX_TWINS:
                    stamps.append(value)
            elif suffix == "" or PART.fullmatch(suffix):
                twins = parts.setdefault(int(suffix[1:] or "0"), [])
                if len(twins) < MAX_TWINS:
                    twins.append(value)
            else:
                break
    return parts, tickets, stamps


def candidates(parts):
    """Returns the values that the parts can mean, each a string or a Refused."""
    if not parts:
        return []
    if 0 not in parts:
        return [Refused("incomplete")]
    found = []
    for first in parts[0]:
        try:
            found += join_parts(first, parts)
        except Refused as refused:
            found.append(refused)
    return found[:MAX_TWINS]


def join_parts(first, parts):
    if len(first) > MAX_COOKIE_CHARACTERS:
        raise Refused("too-large")
    match = COUNT.match(first)
    if match is None:
        return [first]
    count = int(match[1])
    if count < 2 or match[1].startswith("0"):
        raise Refused("malformed")
    if count > MAX_COOKIES:
        raise Refused("too-large")
    if any(index not in parts for index in range(1, count)):
        raise Refused("incomplete")
    rest = [parts[index] for index in range(1, count)]
    if any(len(value) > MAX_COOKIE_CHARACTERS for twins in rest for value in twins):
        raise Refused("too-large")
    beginning = first[match.end() :]
    scopes = max(len(twins) for twins in rest)
    return [
        beginning + "".join(twins[min(scope, len(twins) - 1)] for twins in rest)
        for scope in range(scopes)
    ]


def open_value(value, purpose, tickets, stamps, config, text=()):
    now, tolerance = config["now"], config["clockTolerance"]
    lifetimes = config["lifetimes"]
    if len(value) > MAX_COOKIES * MAX_COOKIE_CHARACTERS:
        raise Refused("too-large")
    plaintext, day = decrypt(value, purpose, config, text)
    payload = parse_payload(plaintext, day)
    if payload is None:
        raise Refused("malformed")

    session_id, sealed_at, started_at, life, data, more = payload
    lifetime = lifetimes["named"].get(more.get("l"), lifetimes["default"])
    end = started_at + min(life, lifetime["maxAge"])
    uses = [last_use(ticket, session_id, config) for ticket in tickets]
    used_at = max([sealed_at, *uses])
    if sealed_at > now + tolerance:
        raise Refused("not-yet-valid")
    if now >= end + tolerance:
        raise Refused("expired")
    if "b" not in more and now >= used_at + lifetime["idleTimeout"] + tolerance:
        raise Refused("idle")
    if started_at < config.get("validAfter", 0):
        raise Refused("revoked")
    own = more.get("o", "")
    known = {own[at : at + 4] for at in range(0, len(own), 4)}
    if not known.issuperset(stamps):
        raise Refused("destroyed")
    # This reader has no option `device`: nothing can be proven to it.
    if "b" in more:
        raise Refused("unproven")

    try:
        contents = read_contents(data, more, config.get("deserialize"))
    except (ValueError, RecursionError):
        raise Refused("invalid-data") from None
    return {
        "id": session_id,
        "startedAt": started_at,
        "sealedAt": sealed_at,
        "usedAt": used_at,
        "expiresAt": min(end, used_at + lifetime["idleTimeout"]),
        **contents,
    }


def decrypt(value, purpose, config, text=()):
    """Returns the plaintext of a sealed value, and its day. Raises Refused."""
    match = VALUE.fullmatch(value)
    if match is None:
        raise Refused("malformed")
    secret_id, digits, iv, ciphertext, tag = match.groups()
    ciphertext, tag = decode(ciphertext), decode(tag)
    if ciphertext is None or tag is None:
        raise Refused("malformed")

    day = int(digits)
    now, tolerance, lifetimes = config["now"], config["clockTolerance"], config["lifetimes"]
    all_lifetimes = [lifetimes["default"], *lifetimes["named"].values()]
    longest = max(lifetime["maxAge"] for lifetime in all_lifetimes)
    if day < (now - longest - tolerance) // DAY:
        raise Refused("expired")
    if day > (now + tolerance) // DAY:
        raise Refused("not-yet-valid")

    secret = find_secret(secret_id, config["secrets"])
    if secret is None:
        raise Refused("unknown-key")
    key = derive(secret, " ".join([purpose, digits, config["name"], *text]), 32)
    header = f'{{"alg":"dir","enc":"A256GCM","kid":"{secret_id}.{digits}"}}'
    # VALUE has 22 characters of tag, so these are 16 bytes.
    try:
        plaintext = AESGCM(key).decrypt(decode(iv), ciphertext + tag, encode(header.encode()))
        return plaintext.decode("utf-8"), day
    except (InvalidTag, UnicodeDecodeError):
        raise Refused("undecryptable") from None


def find_secret(secret_id, secrets):
    for secret in secrets:
        given = {"secret": secret} if isinstance(secret, str) else secret
        own = given.get("id") or encode(derive(given["secret"], "id", 3)).decode()
        if own == secret_id:
            return given["secret"]
    return None


def derive(secret, context, length):
    info = f"sealed-session/1 {context}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret.encode())


def parse_payload(text, day):
    try:
        payload = parse_json(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, list) or len(payload) not in (5, 6):
        return None
    session_id, sealed, life, age, data, *rest = payload
    if not isinstance(session_id, str) or SESSION_ID.fullmatch(session_id) is None:
        return None
    if not is_whole(sealed, 0, DAY - 1) or not is_whole(life, 1, LONGEST_LIFE):
        return None
    if not is_whole(age, 0, life) or (rest and not is_more(rest[0])):
        return None
    sealed_at = day * DAY + int(sealed)
    started_at = sealed_at - int(age)
    if started_at < 0:
        return None
    return session_id, sealed_at, started_at, int(life), data, rest[0] if rest else {}


def is_more(more):
    if not isinstance(more, dict) or not more or not set(more) <= set("sfctolb"):
        return False
    stamps, lifetime = more.get("o", "AAAA"), more.get("l", "default")
    binding = more.get("b", "AAAAAAAA")
    if not isinstance(binding, str) or BINDING.fullmatch(binding) is None:
        return False
    if not isinstance(stamps, str) or STAMPS.fullmatch(stamps) is None:
        return False
    return isinstance(lifetime, str) and LIFETIME.fullmatch(lifetime) is not None


def last_use(ticket, session_id, config):
    """Returns the moment that a ticket states for a session, or -1 where it is to be ignored."""
    try:
        text, day = decrypt(ticket, "ticket", config)
        content = parse_json(text)
    except (Refused, ValueError, RecursionError):
        return -1
    if not isinstance(content, list) or len(content) != 2:
        return -1
    prefix, seconds = content
    if prefix != session_id[:8] or not is_whole(seconds, 0, DAY - 1):
        return -1
    used_at = day * DAY + int(seconds)
    return used_at if used_at <= config["now"] + config["clockTolerance"] else -1


def read_contents(data, more, deserialize):
    scopes = read_object(more.get("s", {}), 132, deserialize)
    messages = read_value(more.get("f", []), 102, deserialize)
    if not are_scopes(scopes, MAX_SCOPE_LEVELS) or not are_messages(messages):
        raise ValueError("scopes or messages")
    csrf = more.get("c")
    is_csrf = isinstance(csrf, str) and len(csrf) == 22 and decode(csrf) is not None
    if "c" in more and not is_csrf:
        raise ValueError("c")
    if "t" in more and not is_whole(more["t"], 1, 1):
        raise ValueError("t")
    return {
        "data": read_object(data, 100, deserialize),
        "scopes": scopes,
        "messages": messages,
        "csrf": csrf,
        "test": "t" in more,
    }


def read_object(value, levels, deserialize):
    found = read_value(value, levels, deserialize)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def read_value(value, levels, deserialize):
    """Returns a value as it is, or out of the text of a serializer."""
    if isinstance(value, str) and deserialize is not None:
        return deserialize(value)
    strict(value, levels)
    return value


def strict(value, levels):
    """Raises ValueError for what JSON would write in another way, and for what nests too deep."""
    if isinstance(value, str):
        value.encode("utf-8")
    if isinstance(value, float) and (not math.isfinite(value) or is_negative_zero(value)):
        raise ValueError("not a number of JSON")
    if not isinstance(value, (dict, list)):
        return
    if levels == 0:
        raise ValueError("too deep")
    if isinstance(value, dict):
        for key in value:
            strict(key, levels)
    for inner in value.values() if isinstance(value, dict) else value:
        strict(inner, levels - 1)


def are_scopes(scopes, levels):
    if levels == 0 and scopes:
        return False
    return all(is_scope(scope, levels - 1) for scope in scopes.values())


def is_scope(scope, levels):
    if not isinstance(scope, list) or len(scope) != 2:
        return False
    return all(isinstance(part, dict) for part in scope) and are_scopes(scope[1], levels)


def are_messages(messages):
    return isinstance(messages, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in messages
    )


def parse_json(text):
    return json.loads(text, parse_int=float_of, parse_float=float_of, parse_constant=no_constant)


def float_of(text):
    """Numbers are doubles: an integer of Python has no negative zero and no infinity."""
    number = float(text)
    if not math.isfinite(number) or is_negative_zero(number) or not number.is_integer():
        return number
    return int(number)


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def is_whole(value, least, most):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value == int(value) and least <= value <= most


def is_negative_zero(number):
    return number == 0 and math.copysign(1, number) < 0


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(text):
    """Returns the bytes of base64url, or None for every spelling but the canonical one."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if encode(data).decode() == text else None


def verdict(case, config):
    if case.get("serializer") == "JSON":
        config = {**config, "deserialize": json.loads}
    try:
        if "token" in case:
            return open_token(case["token"], config, case.get("purpose"))
        return open_cookies(case["cookie"], config)
    except Refused as refused:
        return {"reason": refused.reason}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    json.dump([verdict(case, given["config"]) for case in given["cases"]], sys.stdout)
