"""Reads what a header declares: a small parser of C++ as this project writes it, laid out by clang-format.

It knows comments, strings, brackets and where a body begins, and skips bodies. What it cannot read ends the program.
"""
import dataclasses
import re
import sys

TOKEN = re.compile(
    r"""(?P<directive>^[ \t]*\#(?:.*\\\n)*.*$) | (?P<after>///<.*) | (?P<doc>///.*) | (?P<comment>//.*)
    | (?P<code>"(?:[^"\\\n]|\\.)*" | \d[\w.]*(?:'\w+)* | \w+ | '(?:[^'\\\n]|\\.)+' | (?P<blank>\n[ \t]*(?=\n)) | \s+ | .)""",
    re.M | re.X)
HEADING = re.compile(r"// ── (.+) ──$")
TYPE = re.compile(r"(class|struct|union|enum class|enum)\b ?(?:\[\[\w+(?:\([^)]*\))?\]\] )?([\w:<>,. ]*?)(?: final)?(?: : (.*))?$")
PROTECTED = re.compile(r"^([\w:<>&* ]*\w) ?\((\w+)\) ?\(")  # `bool(check)(…)`: no macro of that name is called
NAMESPACE = re.compile(r"(?:inline )?namespace\b ?([\w: ]*)$")
SPECIFIERS = re.compile(r"(?:(?:\[\[\w+\]\]|NET_API|NET_RARE|inline|friend|extern) )+")
FUNCTION_NAME = re.compile(r"(operator\b ?(?:\(\)|[^\s\w(]+|[\w:]+)|~?\w+)$")
NAME = re.compile(r"(\w+)(?:\[\w*\])?(?: ?[={].*)?$")
OPENING, CLOSING = "([{", ")]}"


@dataclasses.dataclass
class Declaration:
    kind: str  # namespace, class, struct, enum, function, alias, concept, variable, enumerator
    name: str
    line: int
    template: str = ""  # "class T, class... Rest", without the brackets
    requires: str = ""
    text: str = ""  # the rest of it, without a body: on one line
    raw: str = ""  # as it stands in the file, body and all
    bases: str = ""
    body: str = ""  # of a function
    comment: list = dataclasses.field(default_factory=list)  # lines of ///, in front of it
    after: str = ""  # ///<, behind it
    heading: str = ""  # the last "── … ──" above it
    begins: bool = True  # not in the same group as the one before
    members: list = dataclasses.field(default_factory=list)  # the public ones


def closing(text, start):
    """The position of what closes the bracket at `start`; angle brackets only if that is one."""
    angled = text[start] == "<"
    depth = 0
    for at in range(start, len(text)):
        if text[at] in OPENING or angled and text[at] == "<":
            depth += 1
        elif text[at] in CLOSING or angled and text[at] == ">" and text[at - 1] not in "-=":
            depth -= 1
        if not depth:
            return at
    raise ValueError(f"nothing closes {text[start:start + 40]}")


def split(text, separator=","):
    """The parts between separators that stand in no brackets."""
    parts, depth, begin = [], 0, 0
    for at, character in enumerate(text):
        depth += character in "([{<"
        depth -= character in ")]}" or character == ">" and text[at - 1] not in "-="
        if character == separator and not depth:
            parts.append(text[begin:at].strip())
            begin = at + 1
    return [part for part in (*parts, text[begin:].strip()) if part]


def take_template(text):
    """The parameters of a template, and what follows them."""
    if not text.startswith("template <"):
        return "", text
    end = closing(text, text.index("<"))
    return text[text.index("<") + 1:end].strip() or "<>", text[end + 1:].strip()


def take_requires(text):
    """A requires clause in front, and what follows it."""
    if not re.match(r"requires\b", text):
        return "", text
    at = len("requires")
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if expression := re.match(r"requires ?", text[at:]):
            at += expression.end()
            at = closing(text, at) + 1 if text[at] == "(" else at
            at = closing(text, text.index("{", at)) + 1
        elif text[at] in "(!":
            at = closing(text, text.index("(", at)) + 1
        else:
            at += re.match(r"[\w:]+ ?", text[at:]).end()
            at = closing(text, at) + 1 if text[at] == "<" else at
        more = re.match(r" ?(?:&&|\|\|) ?", text[at:])
        if not more:
            return text[:at], text[at:].strip()
        at += more.end()


def parameters_at(text):
    """Where the parameters of a function begin, or -1 if it is none: the first round bracket outside of angles."""
    depth = 0
    for at, character in enumerate(text):
        if re.search(r"\boperator ?$", text[:at]) and character in "<>=(":
            return text.index("(", at + 1) if text[at:at + 2] == "()" else text.index("(", at)
        depth += character == "<"
        depth -= character == ">" and text[at - 1] not in "-="
        if character in "={" and not depth:
            return -1
        if character == "(" and not depth:
            return at
    return -1


def is_expression(head):
    """Whether the brace behind this is part of an expression, and no body."""
    head = head.rstrip()
    if head.endswith(("=", "(", ",", "requires")):
        return True
    if head.endswith(")"):
        depth, at = 1, len(head) - 1
        while depth:
            at -= 1
            depth += (head[at] == ")") - (head[at] == "(")
        before = head[:at].rstrip()
        return before.endswith("requires") and before[:-8].rstrip().endswith(("requires", "=", "&&", "||"))
    rest = SPECIFIERS.sub("", take_requires(take_template(head)[1])[1])
    if TYPE.match(rest) or NAMESPACE.match(rest):
        return False
    starts = parameters_at(rest)
    if starts < 0:
        return True  # Duration forever{…}
    return bool(re.search(r"\) ?(?:noexcept )?: ", rest[starts:]) and re.search(r"\w$", rest))


class Header:
    """The public declarations of one header, in its order."""

    def __init__(self, path, text):
        self.path, self.at = path, 0
        self.tokens = []  # (kind, text, line, position)
        line = 1
        for found in TOKEN.finditer(text):
            kind = "blank" if found["blank"] is not None else found.lastgroup
            self.tokens.append((kind, found[0], line, found.start()))
            line += found[0].count("\n")
        self.text = text
        self.tokens.append(("end", "", line, len(text)))
        first = next((token[1] for token in self.tokens if token[0] == "comment"), "")
        self.about = first.removeprefix("//").strip()
        self.declarations = self.scope("", public=True)

    def fail(self, what, line):
        sys.exit(f"{self.path}:{line}: {what}")

    def scope(self, owner, public):
        """What stands up to the closing brace: what is public of it, with namespaces opened."""
        found, comment, heading, begins = [], [], "", True
        while True:
            kind, text, line, _ = self.tokens[self.at]
            if kind == "end" or text == "}":
                return found
            self.at += 1
            if kind == "doc":
                comment.append(text[3:].removeprefix(" ").rstrip())
                begins = True
            elif kind == "blank":
                comment, begins = [], True
            elif kind == "comment" and HEADING.match(text):
                heading, begins = HEADING.match(text)[1], True
            elif text in ("public", "private", "protected") and self.tokens[self.at][1] == ":":
                self.at += 1
                public, comment, heading = text == "public", [], ""
            elif kind == "after":
                if found and found[-1].line <= line:
                    found[-1].after = " ".join(filter(None, (found[-1].after, text[4:].strip())))
            elif kind == "code" and text.strip():
                self.at -= 1
                declared = self.declaration(owner)
                for one in declared if public else []:
                    one.comment, one.begins = one.comment or comment, begins if len(declared) == 1 else one.begins
                    one.heading = one.heading or heading
                    found.append(one)
                comment, begins = [], begins and not declared

    def declaration(self, owner):
        """The next one, or what is in it if it is a namespace; nothing if it is of no interest."""
        line, start = self.tokens[self.at][2:4]
        head = self.read(";{", owner)
        template, rest = take_template(head)
        requires, rest = take_requires(rest)
        rest = SPECIFIERS.sub("", rest).strip() if not rest.startswith("using ") else rest
        rest = PROTECTED.sub(r"\1 \2(", rest)
        ended = self.tokens[self.at][1]
        self.at += 1
        made = Declaration("", "", line, template, requires, rest)
        if ended == "{":
            done = self.with_body(made, rest)
            if done is not None:
                return done
            made.raw = self.text[start:self.tokens[self.at][3]]
            return [made]
        made.raw = self.text[start:self.tokens[self.at][3]]
        return self.without_body(made, rest, owner)

    def with_body(self, made, rest):
        if namespace := NAMESPACE.match(rest):
            if not namespace[1].startswith("net") or "detail" in namespace[1].split("::"):
                self.skip_body(made)
                return []
            inside = self.scope("namespace", public=True)
            self.at += 1
            return inside
        if declared := TYPE.match(rest):
            made.kind = declared[1].split()[0]
            made.name, made.bases = declared[2].strip(), declared[3] or ""
            if made.kind == "enum":
                made.members = self.enumerators()
            else:
                made.members = self.scope(made.name, made.kind != "class")
                self.at += 1
            self.skip_to(";")
            return None
        self.function(made, rest)
        made.body = self.skip_body(made)
        return None

    def skip_body(self, made):
        begin = self.tokens[self.at][3]
        depth = 1
        while depth:
            kind, text = self.tokens[self.at][:2]
            if kind == "end":
                self.fail("nothing closes this body", made.line)
            if kind == "code":
                depth += (text == "{") - (text == "}")
            self.at += 1
        return self.text[begin:self.tokens[self.at - 1][3]]

    def without_body(self, made, rest, owner):
        if re.match(r"static_assert\b|class \w+$|struct \w+$|using [\w:]+$|using namespace|template\b", rest):
            return []
        if TYPE.match(rest) and parameters_at(rest) < 0:
            return []  # declared, and defined elsewhere
        if alias := re.match(r"using (\w+) = ", rest):
            made.kind, made.name = "alias", alias[1]
        elif concept := re.match(r"concept (\w+) = ", rest):
            made.kind, made.name = "concept", concept[1]
        elif parameters_at(rest) >= 0:
            self.function(made, rest)
        elif variable := NAME.search(rest):
            made.kind, made.name = "variable", variable[1]
        else:
            self.fail(f"what is this: {rest}", made.line)
        return [made]

    def function(self, made, rest):
        name = FUNCTION_NAME.search(rest[:max(parameters_at(rest), 0)])
        if not name:
            self.fail(f"what is this: {rest}", made.line)
        made.kind, made.name = "function", name[1]

    def read(self, until, owner):
        """The code up to one of these characters in no brackets, on one line."""
        out, depth, first = "", 0, self.tokens[self.at][2]
        while True:
            kind, text = self.tokens[self.at][:2]
            if kind == "end":
                self.fail(f"a declaration that does not end, in {owner or 'the file'}", first)
            if kind in ("code", "blank"):
                if not depth and text in until and not (text == "{" and is_expression(out)):
                    return out.strip()
                depth += (text in OPENING) - (text in CLOSING)
                text = " " if text.isspace() else text
                out += text if text != " " or not out.endswith(" ") else ""
            self.at += 1

    def skip_to(self, mark):
        while self.tokens[self.at][1] != mark:
            self.at += 1
        self.at += 1

    def enumerators(self):
        found, text = [], ""
        while True:
            kind, piece, line, _ = self.tokens[self.at]
            self.at += 1
            ends = kind == "code" and piece in ",}" or kind == "after"  # behind the last one there is no comma
            if ends and text.strip():
                found.append(Declaration("enumerator", text.split()[0], line, text=text.strip()))
                text = ""
            if kind == "after" and found:
                found[-1].after = piece[4:].strip()
            elif kind == "end":
                self.fail("an enum that does not end", line)
            elif kind in ("code", "blank") and not ends:
                text += " " if piece.isspace() else piece
            if ends and piece == "}":
                return found
