"""Shows a declaration as a reader sees it: without bodies, and without what only a compiler needs to know."""
import re

from declarations import closing, parameters_at, split, take_requires

WIDTH = 100
# what a parameter of a type with this constraint takes
TAKES = {
    "detail::TextArgument": "std::string_view",
    "detail::StopToken": "const std::stop_token&",
    "detail::WaitOptionsOrBraces": "const WaitOptions&",
    "detail::PipelineEnd": "/* socket or file */",
}
BRACES = re.compile(r"detail::OptionsOrBraces<(\w+), (\w+),")
REPLACED = {
    "detail::Machine::processors()": "/* processors */",
    "detail::PipeListener listener": "/* any */ listener",
}
AWAITED = "/* co_await */"
INTERNAL = re.compile(r"\bdetail::|\bpromise_type\b|\bstd::coroutine_handle\b")
PARAMETER = re.compile(r"(?:const )?(\w+)(&&|&)?(\.\.\.)? (\w+)(?: = (.*))?")


def template_parameters(text):
    """Of "class T, detail::Payload Data = X": the name of each, its constraint, and how it is written."""
    found = {}
    for part in split(text):
        name = re.search(r"(\w+)(?: = .*)?$", part)
        if name:
            found[name[1]] = (part[:name.start()].strip(), part)
    return found


def parts(text):
    """What stands before the parameters of a function, these, and what stands behind them."""
    begin = parameters_at(text)
    end = closing(text, begin)
    behind = text[end + 1:].strip()
    if constructs := re.search(r"(?<!:):(?!:)", behind):
        behind = behind[:constructs.start()].strip()
    return text[:begin], split(text[begin + 1:end]), re.sub(r" ?\boverride\b", "", behind)


def shown_parameter(text, templates, options):
    """A parameter as it is shown, and the name of its template parameter if that is shown no more."""
    found = PARAMETER.fullmatch(text)
    if not found or found[1] not in templates:
        return text, None
    _, reference, pack, name, value = found.groups()
    constraint = templates[found[1]][0]
    taken = f"const {options[found[1]]}&" if found[1] in options else TAKES.get(constraint)
    default = " = {}" if value else ""
    if taken:
        return f"{taken} {name}{default}", found[1]
    if reference == "&&":
        return f"{name}{pack or ''}{default}", found[1]
    return text, None


def function(declaration):
    """The lines of a function's signature."""
    before, parameters, behind = parts(declaration.text)
    templates = template_parameters(declaration.template)
    options = dict(BRACES.findall(declaration.requires))
    shown = [shown_parameter(parameter, templates, options) for parameter in parameters]
    gone = {name for _, name in shown if name}
    if awaited(declaration, before):
        before = f"{AWAITED} {declaration.name}"
    before, behind = replaced(before), replaced(behind)
    listed = [replaced(parameter) for parameter, _ in shown]
    lines = []
    kept = [written for name, (_, written) in templates.items() if name not in gone]
    if kept:
        lines.append(f"template <{', '.join(kept)}>")
    if declaration.requires and not any(re.search(rf"\b{name}\b", declaration.requires) for name in gone):
        lines.append(f"  {declaration.requires}")
    trailing = ""
    if condition := re.search(r"\brequires\b", behind):
        behind, trailing = behind[:condition.start()].strip(), behind[condition.start():]
    lines += wrapped(before, listed, f" {behind}" if behind else "")
    if trailing:
        lines.append(f"  {take_requires(trailing)[0]}")
    lines[-1] += ";"
    return lines


def awaited(declaration, before):
    """Whether a task awaits what the function gives: some class of detail, of which nobody needs the name."""
    if "operator" in declaration.name:
        return False
    return bool("WaitOptionsOrBraces" in declaration.template or re.match(r"(?:detail::\w*)?Awaiter\b", before)
                or re.match(r"auto\b", before) and re.search(r"return detail::\w+Awaiter\b", declaration.body))


def replaced(text):
    for what, by in REPLACED.items():
        text = text.replace(what, by)
    return text


def wrapped(before, parameters, behind):
    """On one line, or broken between parameters."""
    whole = f"{before}({', '.join(parameters)}){behind}"
    if len(whole) < WIDTH or not parameters:
        return [whole]
    indent = " " * (len(before) + 1 if len(before) < WIDTH // 2 else 4)
    lines, line = [], f"{before}("
    for number, parameter in enumerate(parameters):
        part = parameter + ("," if number + 1 < len(parameters) else "")
        if line.strip() and not line.endswith("(") and len(line) + len(part) >= WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += part + " "
    return [*lines, f"{line.rstrip()}){behind}"]


def commented(lines, after, above=(), indent=""):
    """Lines of code with the comments that the header has behind them and above them."""
    lines = [f"{indent}{line}" for line in lines]
    above = [f"{indent}// {line}" for line in above]
    if after and len(lines[-1]) + len(after) + 5 <= WIDTH + 20:
        lines[-1] += f"  // {after}"
    elif after:
        above.append(f"{indent}// {after}")
    return above + lines


def aggregate(declaration):
    """A struct, with its members and what is said of them."""
    lines = heads(declaration, "struct")
    lines[-1] += " {"
    for member in declaration.members:
        if not is_internal(member):
            lines += commented(signature(member), member.after, member.comment, "  ")
    return [*aligned(lines), "};"]


def enumeration(declaration):
    head, values = declaration.text, declaration.members
    line = f"{head} {{ {', '.join(value.text for value in values)} }};"
    if len(line) < WIDTH + 20 and not any(value.after for value in values):
        return [line]
    lines = []
    for value in values:
        lines.append(f"  {value.text}," + (f"  // {value.after}" if value.after else ""))
    return [f"{head} {{", *aligned(lines), "};"]


def aligned(lines):
    """Comments behind neighbouring lines begin in one column, save behind very long ones."""
    out, run = [], []

    def flush():
        column = max((len(code) for code, _ in run if len(code) < WIDTH // 2), default=0)
        out.extend(f"{code:<{column}}  // {comment}" for code, comment in run)
        run.clear()

    for line in lines:
        code, mark, comment = line.partition("  // ")
        if mark and code.strip():
            run.append((code, comment))
        else:
            flush()
            out.append(line)
    flush()
    return out


def heads(declaration, kind):
    bases = [base for base in split(declaration.bases) if "private" not in base and "detail::" not in base]
    lines = [f"template <{declaration.template.replace('<>', '')}>"] if declaration.template else []
    return [*lines, f"{kind} {declaration.name}" + (f" : {', '.join(bases)}" if bases else "")]


def signature(declaration):
    """What the page shows of a declaration."""
    kind = declaration.kind
    if kind == "function":
        return function(declaration)
    if kind == "struct" and not declaration.name.startswith("std::"):
        return aggregate(declaration)
    if kind in ("class", "struct"):
        lines = heads(declaration, kind)
        lines[-1] += ";"
        return lines
    if kind == "enum":
        return enumeration(declaration)
    if kind == "concept":
        return replaced(declaration.raw).splitlines()
    lines = [f"template <{declaration.template}>"] if declaration.template else []
    text = re.sub(r"= [\w:]*\bdetail::.*", "= /* … */", declaration.text)
    return [*lines, f"{text};"]


def is_special(declaration, owner):
    """What every class has: destructors, and how it is copied or moved."""
    name = re.sub(r"<.*", "", owner)
    return declaration.kind == "function" and (
        declaration.name.startswith("~") or declaration.text.endswith("= delete")
        or bool(re.search(rf"\b(?:{name}|operator=)\((?:const {name}&|{name}&&)(?: \w+)?\)", declaration.text)))


def is_internal(declaration):
    """Whether it takes or gives what only the library has."""
    if declaration.kind == "class" and declaration.name == "Awaiter":
        return True
    if declaration.kind in ("class", "struct", "enum"):
        return False
    if declaration.kind == "alias":
        return bool(re.fullmatch(r"using (?:Events|promise_type) = detail::.*", declaration.text))
    return any(INTERNAL.search(line) for line in signature(declaration))
