// An actor of a scenario: one server or one socket, and the trace of what happened to it.
import { EventEmitter } from 'node:events';
import net from 'node:net';
import { outside } from './connecting.mjs';

/** FNV-1a over all bytes, so that a lost, doubled or swapped byte shows. */
function hash(seed, bytes) {
  let h = seed;
  for (const byte of bytes) h = Math.imul(h ^ byte, 16777619) >>> 0;
  return h;
}
const hashSeed = 2166136261;

export class Actor {
  constructor(scenario, name, options = {}) {
    this.scenario = scenario;
    this.name = name;
    this.options = options;
    this.lines = [];
    this.events = [];
    this.counts = new Map();
    this.shown = new Map();
    this.tags = new Map();
    this.own = [];
    this.got = { size: 0, hash: hashSeed };
    this.receiving = false;
    this.numbers = {};
    scenario.actors.set(name, this);
  }

  /** A line of the trace: the text, then what changed in the state since the line before. */
  line(text) {
    if (this.scenario.over) return;
    this.scenario.activity++;
    this.settled = this.scenario.calm || /^(got|end|close|error|last)\b/.test(text);
    this.lines.push(`${text} | ${this.state()}`);
  }

  /** A line that says nothing of the state: the socket may still be in the making. */
  note(text) {
    if (this.scenario.over) return;
    this.scenario.activity++;
    this.lines.push(text);
  }

  /** The counters that changed; those in `omit` are left out. */
  changes(counters) {
    let out = '';
    for (const [key, value] of counters) {
      if (this.scenario.plan.omit.has(key)) continue;
      if ((this.receiving || !this.settled) && (key === 'rl' || key === 'br')) continue;
      if ((this.shown.get(key) ?? '0') === String(value)) continue;
      this.shown.set(key, String(value));
      out += ` ${key}=${value}`;
    }
    return out;
  }

  /** One more occurrence of an event: a line, then the steps that wait for it. */
  event(name, text = name) {
    if (this.scenario.over) return;
    const last = this.lines.at(-1);
    if (!(name === 'readable' && last?.startsWith('readable |'))) this.line(text);
    this.events.push(name);
    this.react(name);
  }

  /** Adds a listener of the user's. */
  add(verb, event, listener) {
    this.own.push([event, listener]);
    this.handle[verb](event, listener);
  }

  /** A listener that is given with a call, which adds it itself. */
  given(event, listener) {
    this.own.push([event, listener]);
    return listener;
  }

  /** The library drops the listeners when 'close' has been emitted and nothing more is owed, once; Node never does. */
  dropAfterClose() {
    const { handle } = this;
    const { emit } = handle;
    handle.emit = (name, ...args) => {
      if (this.emitting?.(name) === false) return false;
      try {
        return emit.call(handle, name, ...args);
      } finally {
        if (this.drops && this.mayBeLast(name)) this.settle();
      }
    };
  }

  settle() {
    const owed = this.owed();
    if (owed === 'ticks') process.nextTick(() => this.settle());
    if (owed || this.dropped) return;
    this.dropped = true;
    for (const [event, listener] of this.own.splice(0)) {
      // That of 'readable' is not taken off by the stream itself, to which it would be a sign to flow.
      if (event === 'readable') EventEmitter.prototype.off.call(this.handle, event, listener);
      else this.handle.off(event, listener);
    }
  }

  react(name) {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (count > 50) return;
    const { when } = this.scenario.plan;
    this.scenario.perform(when.get(`${this.name} ${name} #${count}`));
    this.scenario.perform(when.get(`${this.name} ${name} #*`));
  }

  /** Bytes came in. How they were cut is no message, so they are added up until barrier(). */
  received(bytes, name = 'data') {
    if (this.scenario.over) return;
    this.scenario.activity++;
    this.got.size += bytes.length;
    this.got.hash = hash(this.got.hash, bytes);
    if (!this.receiving) {
      this.receiving = true;
      this.line(name);
      this.events.push(name);
    }
    this.react(name);
  }

  /** What was received since the last one, emitted before the next thing that is not data. */
  barrier() {
    if (!this.receiving) return;
    this.receiving = false;
    this.line(`got ${this.got.size} ${this.got.hash.toString(16)}`);
    this.got = { size: 0, hash: hashSeed };
  }

  number(kind) { return `${kind}${this.numbers[kind] = (this.numbers[kind] ?? 0) + 1}`; }

  error(error) {
    if (!error) return 'ok';
    const kind = error.name === 'Error' ? '' : `${error.name} `;
    const where = error.address ? ` ${error.address}${error.port > 0 ? ' port' : ''}` : '';
    const call = error.syscall ? ` {${error.syscall} ${error.errno}${where}${error.hostname ? ` ${error.hostname}` : ''}}` : '';
    const local = error.localAddress ? ` local ${error.localAddress} ${error.localPort > 0}` : '';
    const attempts = error.errors ? ` [${error.errors.map((each) => this.error(each)).join('; ')}]` : '';
    const cause = error.cause ? ` (${error.cause.name}: ${error.cause.message})` : '';
    return this.scenario.plain(`${kind}${error.code ?? ''}: ${error.message}${call}${local}${attempts}${cause}`);
  }

  /** A callback whose call is an event of the actor: `cb:w1`. */
  callback(kind) {
    const name = `cb:${this.number(kind)}`;
    return (error, value) => this.event(name, `${name} ${this.error(error)}${value === undefined ? '' : ` ${value}`}`);
  }

  /** The verbs that servers and sockets share. */
  common(verb, args) {
    const emitter = this.handle;
    switch (verb) {
      case 'tick': process.nextTick(() => this.event(`tick:${args[0]}`)); return '';
      case 'immediate': setImmediate(() => this.event(`immediate:${args[0]}`)); return '';
      case 'timer':
        this.scenario.waiting++;
        setTimeout(() => { this.scenario.waiting--; this.event(`timer:${args[1]}`); }, Number(args[0]));
        return '';
      case 'throw': throw Object.assign(new Error('thrown'), { actor: this });
      case 'on': case 'once': case 'prependListener': case 'prependOnceListener': {
        const [event, tag] = args;
        // A second trace of the same bytes would show how they were cut.
        const silent = !tag && this.tags.has(event);
        const listener = tag ? () => this.event(`${event}.${tag}`) : silent ? () => {} : this.listener(event);
        if (!verb.toLowerCase().includes('once') && !silent) this.tags.set(tag ?? event, [event, listener]);
        this.add(verb, event, listener);
        return '';
      }
      case 'off': {
        const [event, listener] = this.tags.get(args[0]) ?? ['none', () => {}];
        emitter.off(event, listener);
        if (event === 'readable') this.owesTick?.();
        this.tags.delete(args[0]);
        return '';
      }
      case 'removeAll': for (const [tag, [event]] of this.tags) if (event === args[0]) this.tags.delete(tag); emitter.removeAllListeners(args[0]); if (args[0] === 'readable') this.owesTick?.(); return '';
      case 'listeners': return this.drops && this.sawClose ? '' : ` -> ${emitter.listenerCount(args[0])}`;
      case 'ref': emitter.ref(); return '';
      case 'unref': emitter.unref(); return '';
      default: {
        const result = outside(this, verb, args);
        if (result === undefined) throw new Error(`${this.name} cannot ${verb}`);
        return result;
      }
    }
  }
}

export { net };
