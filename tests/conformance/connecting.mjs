// What it takes to get connected: lookups that answer as a scenario says, paths, signals, block lists, descriptors.
import fs from 'node:fs';
import { net } from './actor.mjs';

/** `a b=1 c=2` is { words: ['a'], options: { b: '1', c: '2' } }. */
export function split(args) {
  const words = [];
  const options = {};
  for (const arg of args) {
    const at = arg.indexOf('=');
    if (at < 0) words.push(arg);
    else options[arg.slice(0, at)] = arg.slice(at + 1);
  }
  return { words, options };
}

/** The properties of a scenario that its actors name: `signal s`, `list l subnet:127.0.0.0/8`, `descriptor d pair`. */
export class Properties {
  constructor(plan) {
    this.signals = new Map(plan.signals.map(({ name, aborted }) => {
      const controller = new AbortController();
      if (aborted) controller.abort();
      return [name, controller];
    }));
    this.lists = new Map(plan.lists.map(({ name, rules }) => {
      const list = new net.BlockList();
      for (const rule of rules) block(list, rule);
      return [name, list];
    }));
    this.descriptors = plan.descriptors;
  }

  signal(name) { return this.signals.get(name).signal; }
  abort(name, reason) { this.signals.get(name).abort(...(reason ? [new Error(reason)] : [])); }

  /** `d` and `d.peer` are the ends of a descriptor's pair; a number is itself. */
  descriptor(name) {
    if (/^-?\d+$/.test(name)) return Number(name);
    const [key, peer] = name.split('.');
    return this.descriptors.get(key)[peer ? 1 : 0];
  }
}

/** `address:IP`, `subnet:IP/N`, `range:IP,IP`. */
export function block(list, rule) {
  const at = rule.indexOf(':');
  const kind = rule.slice(0, at);
  const [first, second] = rule.slice(at + 1).split(kind === 'subnet' ? '/' : ',');
  const family = `ipv${net.isIP(first)}`;
  if (kind === 'address') list.addAddress(first, family);
  else if (kind === 'subnet') list.addSubnet(first, Number(second), family);
  else list.addRange(first, second, family);
}

/** `@x` is an abstract name, `nul` holds a NUL, `length:N` has N bytes; others are files of the scenario. */
export function pathOf(scenario, name) {
  const own = `${scenario.directory}/${scenario.index}-`;
  if (name === 'empty') return '';
  if (name.startsWith('@')) return `\0${own}${name.slice(1)}`;
  if (name === 'nul') return `${own}a\0b`;
  if (name.startsWith('length:')) return own + 'x'.repeat(Number(name.slice(7)) - own.length);
  return own + name;
}

function answerOf(text) {
  const at = text.indexOf('/');
  if (at < 0) return { address: text, family: net.isIP(text) };
  return { address: text.slice(0, at), family: Number(text.slice(at + 1)) };
}

/** `lookup=127.0.0.2+::1` with `answer=now` (also `tick`, `immediate`, a time in ms, `never`, `twice`: now and after 30 ms). */
export function lookupOf(actor, what, how = 'now') {
  return (host, { family, hints, all }, callback) => {
    actor.note(`asked ${host} ${family || 0} ${hints} ${Boolean(all)}`);
    const answers = what === 'none' ? [] : what.split('+').map(answerOf);
    const answer = () => {
      if (what === 'error') callback(new Error('boom'));
      else if (all) callback(null, answers);
      else callback(null, answers[0]?.address, answers[0]?.family);
    };
    const after = (ms) => {
      actor.scenario.waiting++;
      setTimeout(() => { actor.scenario.waiting--; answer(); }, ms);
    };
    if (how === 'now' || how === 'twice') answer();
    if (how === 'twice') after(30);
    else if (how === 'tick') process.nextTick(answer);
    else if (how === 'immediate') setImmediate(answer);
    else if (/^\d/.test(how)) after(Number(how));
  };
}

/** The options of a connect to a server, or to port 1 if it does not listen. */
export function connectOptions(actor, target, given, refusedPort) {
  const { scenario } = actor;
  const server = scenario.actors.get(target);
  const made = {};
  if (given.path !== undefined) made.path = pathOf(scenario, given.path);
  else if (server?.options.kind === 'pipe' && server.handle.listening) made.path = server.handle.address();
  else if (target !== 'noport') made.port = scenario.portOf(given.port ?? target, refusedPort);
  made.host = given.host ?? (given.lookup ? 'name.test' : '127.0.0.1');
  if (given.lookup) made.lookup = lookupOf(actor, given.lookup, given.answer);
  if (given.family) made.family = Number(given.family);
  if (given.hints) made.hints = Number(given.hints);
  if (given.select) made.autoSelectFamily = given.select !== '0';
  if (given.delay) made.autoSelectFamilyAttemptTimeout = Number(given.delay);
  if (given.from) made.localAddress = given.from;
  if (given.localPort) made.localPort = scenario.portOf(given.localPort, 0);
  return made;
}

/** What a listen step's options say; null for another server's handle. */
export function listenOptions(actor, given) {
  const { scenario } = actor;
  const made = {};
  if (given.port !== undefined) made.port = scenario.portOf(given.port, 0);
  if (given.host) made.host = given.host;
  if (given.path !== undefined) made.path = pathOf(scenario, given.path);
  if (given.backlog) made.backlog = Number(given.backlog);
  if (given.signal) made.signal = scenario.properties.signal(given.signal);
  if (given.fd) made.fd = scenario.properties.descriptor(given.fd);
  for (const name of ['readableAll', 'writableAll', 'ipv6Only']) if (given[name]) made[name] = true;
  return made;
}

/** The verbs of both kinds of actors about what lies outside them; undefined if it is another one. */
export function outside(actor, verb, args) {
  const { scenario } = actor;
  const place = (name) => pathOf(scenario, name);
  switch (verb) {
    case 'abort': scenario.properties.abort(...args); return '';
    case 'block': block(scenario.properties.lists.get(args[0]), args[1]); return '';
    case 'file': fs.writeFileSync(place(args[0]), ''); return '';
    case 'rename': fs.renameSync(place(args[0]), place(args[1])); return '';
    case 'remove': fs.unlinkSync(place(args[0])); return '';
    case 'stat': {
      const found = fs.statSync(place(args[0]), { throwIfNoEntry: false });
      return ` -> ${found ? (found.mode & 0o777).toString(8) : 'nothing'}`;
    }
    case 'defaults': {
      const { options } = split(args);
      if (options.select) net.setDefaultAutoSelectFamily(options.select !== '0');
      if (options.delay) net.setDefaultAutoSelectFamilyAttemptTimeout(Number(options.delay));
      return ` -> ${net.getDefaultAutoSelectFamily()} ${net.getDefaultAutoSelectFamilyAttemptTimeout()}`;
    }
    default: return undefined;
  }
}
