"""Makes a scenario that differs as short as it can be."""


def parse(text):
    """The lines of a scenario as (head, [steps]) sections; the first holds the declarations."""
    sections = [[[], []]]
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.startswith("  "):
            sections[-1][1].append(line)
        elif line.split()[0] in ("start", "quiet", "when"):
            sections.append([[line], []])
        else:
            sections[-1][0].append(line)
    return sections


def write(sections):
    """The text; sections that have no steps left are dropped."""
    out = list(sections[0][0])
    for head, steps in sections[1:]:
        if steps:
            out += head + steps
    return "\n".join(out) + "\n"


def without_steps(text, size):
    """Every text that lacks `size` steps in a row."""
    sections = parse(text)
    places = [(i, k) for i, (_, steps) in enumerate(sections) for k in range(len(steps))]
    for at in range(0, len(places), size):
        gone = set(places[at:at + size])
        yield write([[head, [step for k, step in enumerate(steps) if (i, k) not in gone]]
                     for i, (head, steps) in enumerate(sections)])


def simpler_casts(text):
    """Every text that lacks an actor, one of its options, or the last word of a step."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        words = line.split()
        if words[0] in ("server", "client"):
            yield "\n".join(lines[:i] + lines[i + 1:]) + "\n"
            for k in range(2, len(words)):
                if not words[k].startswith("kind="):
                    yield "\n".join(lines[:i] + [" ".join(words[:k] + words[k + 1:])] + lines[i + 1:]) + "\n"
        elif line.startswith("  ") and words[-1] in ("cb", "error"):
            yield "\n".join(lines[:i] + ["  " + " ".join(words[:-1])] + lines[i + 1:]) + "\n"


def shorten(text, candidates, differ):
    """The first candidate that still differs, or nothing."""
    texts = [candidate for candidate in candidates if candidate != text]
    for at in range(0, len(texts), 64):
        group = texts[at:at + 64]
        for candidate, still in zip(group, differ(group)):
            if still and differ([candidate])[0]:
                return candidate
    return None


def reduce(text, differ):
    """`differ` says of a list of texts which of them differ."""
    size = max(1, sum(len(steps) for _, steps in parse(text)) // 2)
    while True:
        shorter = shorten(text, without_steps(text, size), differ)
        if shorter is None and size == 1:
            shorter = shorten(text, simpler_casts(text), differ)
            if shorter is None:
                return text
        if shorter is None:
            size = max(1, size // 2)
        else:
            text = shorter
