// Runs scenarios over Node's net and prints what each actor saw.
//   node run_node.mjs [-c CONCURRENT] FILE    (- for standard input)
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from './scenario.mjs';
import { ServerActor } from './server_actor.mjs';
import { SocketActor } from './socket_actor.mjs';
import { net } from './actor.mjs';
import { Properties } from './connecting.mjs';

const quietAfter = 3;   // ms without an event before it is asked whether anything is under way
const quietTurns = 3;   // turns of the loop without an event after that
const deadline = 600000;  // ms for one scenario that hangs
const aliveAfter = 400;  // ms without an event after which a loop that has not ended is said to be alive

class Scenario {
  constructor(plan, index, directory) {
    this.plan = plan;
    this.index = index;
    this.directory = directory;
    this.actors = new Map();
    this.activity = 0;
    this.waiting = 0;
    this.over = false;
    this.calm = true;  // between two blocks nothing is under way
    this.next = 0;
    this.properties = new Properties(plan);
  }

  /** Ports and paths differ from run to run; in a trace they do not. */
  plain(text) {
    return text.replaceAll(`${this.directory}/${this.index}-`, '<dir>/').replaceAll(this.directory, '<dir>')
      .replace(/(\d+\.\d+\.\d+\.\d+|::\d?|\.test):\d+/g, '$1:<port>').replace(/x{20,}/g, '<long>').replace(/\0|\\0/g, '@');
  }

  /** A number, or the port where a server listens. */
  portOf(text, otherwise) {
    if (/^-?\d+$/.test(text)) return Number(text);
    return this.actors.get(text)?.handle.address()?.port ?? otherwise;
  }

  nameOf(handle) {
    for (const [name, actor] of this.actors) if (actor.handle === handle) return name;
    return '?';
  }

  perform(steps) {
    for (const { actor: name, verb, args } of steps ?? []) {
      let actor = this.actors.get(name);
      if (!actor && ['new', 'wrap', 'create'].includes(verb)) actor = this.make(name);
      if (!actor) continue;
      const text = ['>', verb, ...args].join(' ');
      if (verb === 'throw') actor.line(text);
      let result;
      try {
        result = actor.perform(verb, args);
      } catch (error) {
        if (!error.code) throw error;
        result = ` !! ${actor.error(error)}`;
      }
      if (result !== null) actor.line(text + result);
    }
  }

  /** An actor whose socket its first step makes. */
  make(name) {
    const cast = this.plan.actors.find((actor) => actor.name === name);
    return cast && new SocketActor(this, name, cast.options, null);
  }

  run(done) {
    this.done = done;
    if (this.plan.solo) this.watchLife();
    else this.timer = setTimeout(() => this.finish('DEADLINE'), deadline);
    for (const { kind, name, options } of this.plan.actors) {
      if (options.later) continue;
      if (kind === 'server') new ServerActor(this, name, options);
      else new SocketActor(this, name, options);
    }
    try { this.perform(this.plan.start); } finally { this.calm = false; if (!this.plan.solo) this.watch(); }
  }

  /** The loop may end by itself; while events come it has its time. */
  watchLife() {
    const before = this.activity;
    this.timer = setTimeout(() => this.activity === before ? this.finish('still alive') : this.watchLife(), aliveAfter).unref();
  }

  /** Calls step() once nothing has happened for a while and for some turns of the loop. */
  watch() {
    const before = this.activity;
    setTimeout(() => {
      let turns = 0;
      const turn = () => {
        if (this.over) return;
        const busy = this.waiting > 0 || [...this.actors.values()].some((actor) => actor.waiting);
        if (busy || this.activity !== before) this.watch();
        else if (++turns < quietTurns) setImmediate(turn);
        else this.step();
      };
      setImmediate(turn);
    }, quietAfter);
  }

  step() {
    for (const actor of this.actors.values()) actor.barrier?.();
    if (this.next === this.plan.blocks.length) { this.finish(''); return; }
    const steps = this.plan.blocks[this.next++];
    for (const name of new Set(steps.map((step) => step.actor))) this.actors.get(name)?.lines.push('--');
    this.calm = true;
    try { this.perform(steps); } finally { this.calm = false; this.watch(); }
  }

  finish(note) {
    clearTimeout(this.timer);
    for (const actor of this.actors.values()) actor.line('last');
    this.over = true;
    if (this.plan.exclusive) resetDefaults();
    this.note = note;
    for (const actor of this.actors.values()) actor.cleanUp();
    this.done();
  }

  print() {
    const out = [`=== ${this.index} ${this.plan.title}`];
    if (this.note) out.push(this.note);
    for (const name of [...this.actors.keys()].sort()) {
      const actor = this.actors.get(name);
      out.push(`[${name}] ${actor.events.join(' ')}`, ...actor.lines);
    }
    return `${out.join('\n')}\n`;
  }
}

/** What a step `defaults` changed. */
function resetDefaults() {
  net.setDefaultAutoSelectFamily(true);
  net.setDefaultAutoSelectFamilyAttemptTimeout(500);
}

/** Writes all of a text; a pipe may take it in pieces. */
function write(text) {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(1, bytes));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function main() {
  const args = process.argv.slice(2);
  const concurrent = args[0] === '-c' ? Number(args.splice(0, 2)[1]) : 32;
  const inherited = (process.env.NET_DESCRIPTORS ?? '').split(' ').filter(Boolean).map((ends) => ends.split(',').map(Number));
  const plans = parse(fs.readFileSync(args[0] === '-' ? 0 : args[0], 'utf8'), inherited);
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'net-'));
  const total = plans.length;
  const finished = [];
  let printed = 0;
  let started = 0;
  let running = 0;
  let alone = null;

  const more = () => {
    while (started < total && running < concurrent && !alone) {
      const plan = plans[started];
      if (plan.exclusive && running > 0) return;
      const scenario = new Scenario(plan, started++, directory);
      running++;
      if (plan.exclusive) alone = scenario;
      scenario.run(() => {
        finished[scenario.index] = scenario.print();
        while (finished[printed] !== undefined) { write(finished[printed]); finished[printed++] = ''; }
        running--;
        if (alone === scenario) alone = null;
        setImmediate(more);
      });
    }
    if (printed !== total) return;
    fs.rmSync(directory, { recursive: true, force: true });
    setTimeout(() => { console.error('something is still open'); process.exit(3); }, 60000).unref();
  };
  process.on('uncaughtException', (error) => {
    if (!alone) { console.error(error); process.exit(2); }
    for (const actor of alone.actors.values()) {
      if (error.actor ? error.actor === actor : actor.options.noerror) actor.line(`uncaught ${actor.error(error)}`);
    }
  });
  process.on('beforeExit', () => { if (alone?.plan.solo && !alone.over) alone.finish('the loop ended'); });
  setImmediate(more);
}

main();
