// Reads the text of scenarios; README.md describes the language.

/** What stands on an option of an actor: `hwm=16` is { hwm: '16' }, `halfopen` is { halfopen: '1' }. */
function readOptions(words) {
  const options = {};
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 0) options[word] = '1';
    else options[word.slice(0, at)] = word.slice(at + 1);
  }
  return options;
}

/** A list of { title, actors, start, blocks, when, omit, signals, lists, descriptors, solo, exclusive }, one for every
    scenario of the text. `inherited` are the descriptors that its lines `descriptor` name, in order. */
export function parse(text, inherited = []) {
  const scenarios = [];
  let scenario = null;
  let steps = null;
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#(?![*0-9]).*$/, '').trimEnd();
    if (!line.trim()) continue;
    const words = line.trim().split(/\s+/);
    if (line.startsWith('  ')) {
      const [actor, verb, ...args] = words;
      steps.push({ actor, verb, args });
      if (verb === 'throw' || verb === 'defaults') scenario.exclusive = true;
      continue;
    }
    switch (words[0]) {
      case 'scenario':
        scenario = { title: line.slice(9), actors: [], start: [], blocks: [], when: new Map(), omit: new Set(),
                     signals: [], lists: [], descriptors: new Map(), solo: false, exclusive: false };
        steps = scenario.start;
        scenarios.push(scenario);
        break;
      case 'omit': words.slice(1).forEach((word) => scenario.omit.add(word)); break;
      case 'signal': scenario.signals.push({ name: words[1], aborted: words[2] === 'aborted' }); break;
      case 'list': scenario.lists.push({ name: words[1], rules: words.slice(2) }); break;
      case 'descriptor': {
        const ends = inherited.shift();
        if (!ends) throw new Error(`no descriptor was given for: ${line}`);
        scenario.descriptors.set(words[1], ends);
        break;
      }
      case 'solo': scenario.solo = scenario.exclusive = true; break;
      case 'server':
      case 'client': {
        const options = readOptions(words.slice(2));
        if (options.noerror) scenario.exclusive = true;
        scenario.actors.push({ kind: words[0], name: words[1], options });
        break;
      }
      case 'start': steps = scenario.start; break;
      case 'quiet': scenario.blocks.push(steps = []); break;
      case 'when': {
        const key = `${words[1]} ${words[2]} ${words[3] ?? '#1'}`;
        if (!scenario.when.has(key)) scenario.when.set(key, []);
        steps = scenario.when.get(key);
        break;
      }
      default: throw new Error(`not understood: ${line}`);
    }
  }
  return scenarios;
}
