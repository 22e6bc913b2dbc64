"""The places where YAML reads something else than the author meant, and how to write it instead."""

import re

from detachsim.lang.schema import FILE_KEYS, FLAGS, STEP_KEYS
from detachsim.lang.statements import refused_statement
from detachsim.lang.syntax import Mistake
from detachsim.marks import Source, Span

DEEPEST_NESTING = 100

# `- op: TEXT` or `op: TEXT`, the parts before the text kept apart.
_ENTRY = re.compile(r"(?P<lead>\s*(?:-\s+)*)(?P<key>[A-Za-z_]\w*)(?P<colon>\s*:\s+)(?P<text>\S.*?)\s*$")
_ITEM = re.compile(r"(?P<lead>\s*(?:-\s+)+)(?P<text>\S.*?)\s*$")
_TEXT_KEYS = frozenset(("tensor", "op", "detach", "inplace", "backward", "print", "say", "note", "raises", "warns"))
_TEXT_KEYS |= {"gradient", "inputs", "title", "about", "del"}
_READER_KEYS = frozenset(("say", "note", "raises", "warns", "title", "about"))
_OPTION_LINE = re.compile(r"\s+[a-z_]+\s*:(\s|$)")
_COMPOUND = re.compile(r"(?:if|for|while|def|class|with|try)\b")
_REPEAT_LINE = re.compile(r"\s*(?:-\s+)?repeat:[ \t]+\d+\s*$")
# A key before the colon of another script, which YAML takes as a letter.
_KEYS = "|".join(sorted({*FILE_KEYS, *STEP_KEYS}))
_WIDE_COLON = re.compile(rf"^[ \t]*(?:-[ \t]+)*(?P<key>{_KEYS})[ \t]*(?P<colon>：)", re.MULTILINE)
# A key, and what should stand behind a colon.
_NO_COLON = re.compile(rf"^[ \t]*(?:-[ \t]+)?(?P<key>{_KEYS})(?:[ \t]*=[ \t]*|[ \t]+|$)(?P<value>(?![:=]).*)$")
_COLON_WANTED = ("could not find expected ':'", "mapping values are not allowed")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def quoted(text: str) -> str:
    """Return ``text`` as a quoted YAML scalar, in the quotes that need least escaping."""
    if '"' in text and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    if "\\" in text and "'" not in text and "\n" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def quote_hint(text: str, position: int) -> str | None:
    """Return the advice to quote the text on the line that holds ``position``, if there is one to quote."""
    line = _line_at(text, position)
    if (entry := _ENTRY.match(line)) and entry["key"] in _TEXT_KEYS:
        shown = entry["text"]
        if entry["key"] in _READER_KEYS and len(shown) > 2 and shown[0] == shown[-1] and shown[0] in "\"'":
            shown = shown[1:-1]
        return f"quote the text: `{entry['lead'].lstrip()}{entry['key']}: {quoted(shown)}`"
    if (item := _ITEM.match(line)) and not _ENTRY.match(line):
        return f"quote the text: `- {quoted(item['text'])}`"
    return None


def explain_yaml_error(source: Source, problem: str, context: str, position: int, context_position: int) -> Mistake:
    """Return the mistake behind an error of the YAML parser, in the words of someone who writes a scenario."""
    text = source.text
    if context == "reader":
        return _explain_character(text)
    if wide := _WIDE_COLON.search(text):
        return _mistake(text, wide.start("colon"), "YAML can't read the colon `：` (U+FF1A)", f"write `{wide['key']}:`")
    if "maximum nesting depth" in problem:  # newer releases of libyaml count themselves, by thousands
        return _mistake(text, position, f"this is nested more than {DEEPEST_NESTING} levels deep", None)
    line = _line_at(text, position)
    hint = quote_hint(text, position)
    rest = text[position:]
    if rest.startswith("\t") or (line.startswith("\t") and not line.strip("\t ").startswith("#")):
        return _mistake(text, position, "YAML allows no tab here", "indent with spaces")
    if problem.startswith(_COLON_WANTED) and (missing := _without_colon(text, position)) is not None:
        return missing
    if line.startswith("%"):
        return _mistake(
            text, _line_start(text, position), "`%` at the beginning of a line is a directive of YAML", "leave it out"
        )
    if problem.startswith("mapping values are not allowed"):
        return _explain_colon(text, position, line, hint)
    if problem.startswith("found character") and rest[:1]:
        message = f"in YAML a text can't begin with `{rest[0]}`"
        return _mistake(text, position, message, hint)
    if "quoted scalar" in context:
        if "end of stream" in problem or "document indicator" in problem:
            return _mistake(text, context_position, "the quote that opens here is never closed", "close it")
        if "escape" in problem:
            message = "this is no escape that YAML knows"
            return _mistake(text, position, message, "inside \"…\" write `\\\\` for a backslash, or use '…'")
    if "block scalar" in context:
        message = "in YAML `|` and `>` begin a text of several lines"
        return _mistake(text, context_position, message, quote_hint(text, context_position))
    if "flow" in context:
        return _explain_flow(text, position, context_position)
    if problem.startswith(("block sequence entries", "mapping keys are not allowed")):
        return _mistake(text, position, f"`{rest[:1]}` begins a list or a key in YAML, which can't stand here", hint)
    if "anchor" in context or "alias" in context or "tag" in context or "directive" in context:
        opening = text[context_position : context_position + 1] or rest[:1]
        message = f"`{opening}` at the beginning of a text has a meaning of its own in YAML"
        begins_step = _line_at(text, context_position).lstrip().startswith("* ")
        hint = "begin a step with `- `" if begins_step else quote_hint(text, context_position)
        return _mistake(text, context_position, message, hint)
    if problem in ("did not find expected key", "expected <block end>, but found '<scalar>'") or "block" in context:
        return _explain_block(text, position, line)
    if "directive" in problem or "document start" in problem:
        message = "this stands after the end of the scenario, or before its beginning"
        return _mistake(text, position, message, hint)
    return _mistake(text, position, f"this is no YAML: {problem}", hint)


def _explain_character(text: str) -> Mistake:
    found = _FORBIDDEN.search(text)
    position = found.start() if found else 0
    shown = f"U+{ord(found[0]):04X}" if found else "this character"
    return _mistake(text, position, f"the control character {shown} may not stand in YAML", "delete it")


def _explain_colon(text: str, position: int, line: str, hint: str | None) -> Mistake:
    column = position - (text.rfind("\n", 0, position) + 1)
    entry = _ENTRY.match(line)
    before = _line_at(text, text.rfind("\n", 0, position)) if "\n" in text[:position] else ""
    if _OPTION_LINE.match(line) and _ENTRY.match(before) and (not entry or entry.start("colon") >= column - 1):
        key = line.strip().partition(":")[0].strip()
        first = _ENTRY.match(before)
        indent = first.start("key") if first else 0
        message = f"`{key}` is indented too far, so YAML takes it as more of the text above"
        return _mistake(text, position, message, f"begin `{key}` in column {indent + 1}, under `{first['key']}`"
                        if first else None)  # fmt: skip
    if entry and (found := _COMPOUND.match(entry["text"])) and entry["key"] not in _READER_KEYS:
        what, hint = refused_statement(found[0])
        place = _line_start(text, position) + entry.start("text")
        return _mistake(text, place, f"{what} is not part of the language", hint)
    return _mistake(text, position, "inside an unquoted text, `: ` makes a mapping in YAML", hint)


def _without_colon(text: str, position: int) -> Mistake | None:
    """Return the mistake of a key that has no colon, on the line of an error or on the one above it."""
    start = _line_start(text, position)
    for place in (start, _line_start(text, max(start - 1, 0))):
        if (found := _NO_COLON.match(_line_at(text, place))) is not None:
            value = found["value"].strip() or ("true" if found["key"] in FLAGS else "")
            message = f"YAML wants a colon after `{found['key']}`"
            written = f"{found['key']}: {value}".rstrip()
            return _mistake(text, place + found.start("key"), message, f"write `{written}`")
    return None


def _explain_flow(text: str, position: int, context_position: int) -> Mistake:
    opening = text[context_position : context_position + 1]
    if opening not in ("[", "{"):  # a value is missing, and nothing tells where the brackets around it open
        context_position = max(text.rfind("[", 0, position), text.rfind("{", 0, position), 0)
        opening = text[context_position]
        if text.startswith(",", position):
            return _mistake(text, position, "a value is missing before this comma", "write it, or delete the comma")
    line = _line_at(text, context_position)
    entry = _ENTRY.match(line)
    begins_text = entry is not None and context_position == _line_start(text, context_position) + entry.start("text")
    rest = text[position:]
    closing = "]" if opening == "[" else "}"
    if begins_text and entry is not None and entry["key"] in _TEXT_KEYS and closing in entry["text"]:
        inner = entry["text"].strip()
        if inner.endswith(closing) and "," in inner:
            hint = f"inside `{opening}…{closing}` quote what holds a comma or a bracket"
            return _mistake(text, position, f"YAML expects `,` or `{closing}` here", hint)
        message = f"an unquoted text that begins with `{opening}` is a list or mapping in YAML"
        return _mistake(text, context_position, message, quote_hint(text, context_position))
    if not rest.strip() or closing not in text[context_position:]:
        return _mistake(text, context_position, f"the `{opening}` that opens here is never closed", "close it")
    hint = f"inside `{opening}…{closing}` quote what holds a comma or a bracket"
    return _mistake(text, position, f"YAML expects `,` or `{closing}` here", hint)


def _explain_block(text: str, position: int, line: str) -> Mistake:
    column = position - _line_start(text, position)
    entry = _ENTRY.match(line)
    if entry and column > entry.start("text"):
        opening = entry["text"][0]
        if opening in "[{\"'*&!":
            what = {"[": "a list", "{": "a mapping", "*": "an alias", "&": "an anchor", "!": "a tag"}
            shown = what.get(opening, "a quoted text")
            message = f"a text that begins with `{opening}` is {shown} in YAML, and nothing may follow it here"
            return _mistake(text, position, message, quote_hint(text, position))
    item = _ITEM.match(line)
    if item and not entry and column > item.start("text"):
        message = f"an unquoted text that begins with `{item['text'][0]}` is a list or mapping in YAML"
        return _mistake(text, position, message, quote_hint(text, position))
    before = _line_at(text, max(_line_start(text, position) - 1, 0))
    if item and _REPEAT_LINE.match(before):
        return _mistake(text, position, "the steps of `repeat` stand under `steps:`", "write `steps:` above this line")
    message = "this line does not fit the lines above it"
    if dash := re.match(r"\s*-(\w+):", line):
        return _mistake(text, position, message, f"YAML wants a space after the dash: `- {dash[1]}: …`")
    return _mistake(text, position, message, "check its indentation, and that each step begins with `- `")


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _line_at(text: str, position: int) -> str:
    start = _line_start(text, position)
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)].rstrip("\r")


def _mistake(text: str, position: int, message: str, hint: str | None) -> Mistake:
    # An error at the very end of the file is shown behind the last line that has text.
    position = min(position, len(text))
    while position > 0 and position == len(text) and text[position - 1] in "\r\n":
        position -= 1
        if position and text[position - 1] in "\r\n":
            continue
        break
    start = _line_start(text, position)
    column = position - start + 1
    return Mistake(Span(text.count("\n", 0, position) + 1, column, column + 1), message, hint)


def cut_by_comment(text: str, end: int) -> Mistake | None:
    """Return the mistake of a text for readers that a `` #`` cut off at ``end``, as in ``Round #2``.

    A comment whose author left a space after the ``#`` is taken for a comment.
    """
    if (found := _CUT.match(text, end)) is None or found[1] in " \t":
        return None
    message = "YAML takes ` #` and what follows for a comment, and leaves it out of the text"
    return _mistake(text, found.start(1) - 1, message, "quote the text, or write a space after `#` for a comment")


def comment_hint(text: str, end: int) -> str | None:
    """Return the advice about a comment that follows at ``end`` and may have been meant as part of the text."""
    if _CUT.match(text, end) is None:
        return None
    return "YAML takes ` #` and what follows for a comment: quote a text that holds ` #`"


_CUT = re.compile(r"[ \t]+#(\S|[ \t])")
