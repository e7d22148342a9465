// What a socket can do as an actor, over Node's net: each verb of the language is one call.
import { Actor, net } from './actor.mjs';
import { connectOptions, split } from './connecting.mjs';

/** Ports that nobody listens on, and paths that do not exist, for connections that must fail. */
const refusedPort = 1;

export class SocketActor extends Actor {
  constructor(scenario, name, options, socket) {
    super(scenario, name, options);
    this.ready = Boolean(socket);
    this.drops = Boolean(socket || options.oneuse);
    if (socket === null) this.handle = new net.Socket();  // until a step makes it
    else this.use(socket ?? new net.Socket(this.socketOptions()));
  }

  socketOptions() {
    const { options } = this;
    const onread = options.onread && this.onread(options.onread);
    return {
      allowHalfOpen: Boolean(options.halfopen), ...(options.hwm && { highWaterMark: Number(options.hwm) }), onread,
      ...(options.signal && { signal: this.scenario.properties.signal(options.signal) }),
      ...(options.list && { blockList: this.scenario.properties.lists.get(options.list) }),
    };
  }

  use(socket) {
    const { options } = this;
    this.handle = socket;
    // Nagle's algorithm would hold a second small segment back until the other side's delayed acknowledgement.
    this.handle.setNoDelay(true);
    this.dropAfterClose();
    for (const event of ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout', 'connect', 'ready', 'end', 'finish', 'drain',
                         'timeout', 'pause', 'resume', 'pipe', 'unpipe', 'error', 'close']) {
      if (event === 'error' && options.noerror) continue;
      const listener = this.listener(event);
      this.tags.set(event, [event, listener]);
      this.add('on', event, listener);
    }
  }

  onread(text) {
    const [size, stop] = text.split(',').map(Number);
    let calls = 0;
    return { buffer: Buffer.alloc(size), callback: (count, buffer) => {
      this.received(buffer.subarray(0, count), 'onread');
      return ++calls !== stop;
    } };
  }

  listener(event) {
    switch (event) {
      case 'data':
        return (chunk) => this.handle.destroyed || this.received(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      case 'lookup':
        return (error, address, family, host) =>
          this.event(event, `${event} ${this.error(error)} ${address ?? ''} ${family ?? 0} ${host}`);
      case 'connectionAttempt': case 'connectionAttemptTimeout':
        return (ip, port, family) => this.event(event, this.scenario.plain(`${event} ${ip} ${family ?? 0}`));
      case 'connectionAttemptFailed':
        return (ip, port, family, error) =>
          this.event(event, this.scenario.plain(`${event} ${ip} ${family ?? 0} ${this.error(error)}`));
      case 'error': return (error) => { this.barrier(); this.event(event, `error ${this.error(error)}`); };
      case 'close': return (failed) => {
        this.sawClose = this.inClose = true;
        this.barrier();
        this.event(event, `close ${Boolean(failed)}`);
        this.inClose = false;
      };
      case 'timeout': return () => { this.armed = false; this.event(event); };
      case 'pipe': case 'unpipe':
        return (source) => this.event(event, `${event} ${this.scenario.nameOf(source)}`);
      case 'end': case 'pause': case 'resume': return () => { this.barrier(); this.event(event); };
      case 'ready': return () => { this.ready = true; this.event(event); };
      default: return () => this.event(event);
    }
  }

  state() {
    const s = this.handle;
    const flag = (on, letter) => (on ? letter : '-');
    const need = !this.scenario.plan.omit.has('n');
    const flags = flag(s.connecting, 'c') + flag(s.pending, 'p') + flag(s.destroyed, 'd') + flag(s.closed, 'C') +
      flag(s.readableEnded, 'e') + flag(s.writableEnded, 'w') + flag(s.writableFinished, 'f') +
      flag(need && s.writableNeedDrain, 'n') + flag(s.isPaused() && !(this.drops && this.sawClose), 'z');
    // The name that a failed attempt leaves behind is the system's affair.
    const local = s.connecting || !s.remoteAddress || !s.localAddress ? 0 : `${s.localAddress}/${s.localFamily}/${s.localPort > 0}`;
    const remote = s.remoteAddress ? `${s.remoteAddress}/${s.remoteFamily}/${s.remotePort > 0}` : 0;
    // What was still to be sent is counted differently while it fails.
    const writable = ['open', 'writeOnly'].includes(s.readyState);
    this.owing = s.writableLength > 0 || (this.owing && !writable);
    const counted = this.ready && (writable || !this.owing);
    return `${s.readyState} ${flags}` + this.changes([
      ['rl', s.readableLength], ['wl', s.writableLength], ['br', s.bytesRead],
      ...(counted ? [['bw', s.bytesWritten]] : []),
      ['bs', s.bufferSize || 0], ['to', s.timeout ?? 0], ['local', local], ['remote', remote],
      ['tried', this.scenario.plain((s.autoSelectFamilyAttemptedAddresses ?? []).join(',')) || 0]]);
  }

  mayBeLast(event) { return event === 'close'; }

  /** False: not to be emitted. Node still emits what was buffered when a socket is destroyed; the library keeps to S14.18. */
  emitting(event) { return event !== 'data' || !this.handle.destroyed; }

  /** What the library owes a tick for; Node's state does not show it. */
  owesTick() {
    this.ticks = (this.ticks ?? 0) + 1;
    process.nextTick(() => this.ticks--);
  }

  /** Whether another 'close' is to come, of a connection that was begun in a listener of this one; or what a listener asked for. */
  owed() {
    const { destroyed, _writableState: writable, _readableState: readable } = this.handle;
    if (!destroyed || !writable.closeEmitted) return 'close';
    return readable.resumeScheduled || this.ticks ? 'ticks' : '';
  }

  /** A socket may connect when it is new, or when its 'close' has come (S12.4): in its listener, if they go then. */
  mayConnect() {
    const { pending, connecting, destroyed } = this.handle;
    return pending && !connecting && (!destroyed || (this.drops ? this.inClose : this.sawClose));
  }

  /** The next bytes of this actor's own endless text. */
  pattern(size) {
    const at = this.written ?? 0;
    this.written = at + size;
    const bytes = Buffer.allocUnsafe(size);
    for (let i = 0; i < size; ++i) bytes[i] = 97 + (at + i) % 26;
    return bytes;
  }

  /** The next bytes that it puts back: another text. */
  backPattern(size) {
    const at = this.putBack ?? 0;
    this.putBack = at + size;
    return Buffer.from(Array.from({ length: size }, (_, i) => 65 + (at + i) % 26));
  }

  connect(args) {
    const { words: [target, listener], options } = split(args);
    this.sawClose = this.ready = this.dropped = false;
    this.handle._server = null;  // or Node counts it down twice
    const callback = listener ? [this.given('connect', this.callback('c'))] : [];
    const server = this.scenario.actors.get(target);
    if (Object.keys(options).length > 0 || target === 'noport') {
      this.handle.connect(connectOptions(this, target, options, refusedPort), ...callback);
    } else if (target === 'nopath') this.handle.connect(`${this.scenario.directory}/none.sock`, ...callback);
    else if (target === 'longpath') this.handle.connect(`${this.scenario.directory}/${'x'.repeat(400)}`, ...callback);
    else if (target === 'port0') this.handle.connect(0, '127.0.0.1', ...callback);
    else if (target === 'badbind') {
      this.handle.connect({ port: refusedPort, host: '127.0.0.1', localAddress: '8.8.8.8' }, ...callback);
    } else if (server?.handle.listening && server.options.kind === 'pipe') this.handle.connect(server.handle.address(), ...callback);
    else this.handle.connect(server?.handle.listening ? server.handle.address().port : refusedPort, '127.0.0.1', ...callback);
  }

  /** Makes the socket of this actor: alone, around a descriptor, or with a connection. */
  make(verb, args) {
    const { words, options } = split(args);
    const made = this.socketOptions();
    if (verb === 'create') {
      this.use(net.createConnection({ ...made, ...connectOptions(this, words[0], options, refusedPort) }));
    } else if (verb === 'wrap') {
      const [fd, ...sides] = words;
      this.use(new net.Socket({ ...made, fd: this.scenario.properties.descriptor(fd), readable: !sides.includes('unreadable'),
                                writable: !sides.includes('unwritable') }));
      this.ready = true;
    } else this.use(new net.Socket(made));
    return '';
  }

  /** What the caller gets of a write: its result, and the name of its callback if it has one. */
  write(data, encoding, callback) {
    const result = encoding ? this.handle.write(data, encoding, callback) : this.handle.write(data, callback);
    return this.scenario.plan.omit.has('ret') ? '' : ` -> ${result}`;
  }

  end(args) {
    const callback = args.at(-1) === 'cb' ? [this.callback('e')] : [];
    const size = args[0] && args[0] !== 'cb' ? [this.pattern(Number(args[0]))] : [];
    this.handle.end(...size, ...callback);
  }

  read(args) {
    if (args[0] !== undefined) {
      const chunk = this.handle.read(Number(args[0]));
      return ` -> ${chunk === null ? 'nothing' : Buffer.from(chunk).length}`;
    }
    const chunk = this.handle.read();
    if (chunk !== null && this.handle.listenerCount('data') === 0) this.received(Buffer.from(chunk), 'read');
    return null;
  }

  perform(verb, args) {
    const s = this.handle;
    const callback = verb.startsWith('write') && args.includes('cb') ? this.callback('w') : undefined;
    switch (verb) {
      case 'connect': this.connect(args); break;
      case 'new': case 'wrap': case 'create': return this.make(verb, args);
      case 'connectAgain': if (this.mayConnect()) this.connect(args); break;
      case 'write': return this.write(this.pattern(Number(args[0])), undefined, callback);
      case 'writehex': return this.write(Buffer.from(args[0] ?? '', 'hex'), undefined, callback);
      case 'writetext': return this.write(args[1], args[0], callback);
      case 'end': this.end(args); break;
      case 'destroy': s.destroy(args[0] === 'error' ? new Error('boom') : undefined); break;
      case 'destroySoon': s.destroySoon(); break;
      case 'reset': s.resetAndDestroy(); break;
      case 'pause': s.pause(); break;
      case 'resume':
        s.resume();
        break;
      case 'read': return this.read(args);
      case 'cork': s.cork(); break;
      case 'uncork': s.uncork(); break;
      case 'encoding': s.setEncoding(args[0]); break;
      case 'noDelay': s.setNoDelay(args[0] !== '0'); break;
      case 'keepAlive': s.setKeepAlive(args[0] !== '0', Number(args[1] ?? 0)); break;
      case 'timeout':
        s.setTimeout(Number(args[0]), ...(args[1] === 'cb' ? [this.given('timeout', this.timeoutCallback())] : []));
        this.armed = Number(args[0]) > 0 && Number(args[0]) < 1000 && !s.destroyed;
        break;
      case 'unshift': s.unshift(this.backPattern(Number(args[0]))); break;
      case 'pipe':
        s.pipe(this.scenario.actors.get(args[0])?.handle ?? s, { end: args[1] !== 'noend' });
        if (s.readableEnded) this.owesTick();
        break;
      case 'unpipe': s.unpipe(...(args[0] ? [this.scenario.actors.get(args[0])?.handle] : [])); break;
      default: return this.common(verb, args);
    }
    return '';
  }

  timeoutCallback() {
    const name = `cb:${this.number('t')}`;
    return () => this.event(name);
  }

  get waiting() { return this.armed && !this.handle.destroyed; }
  cleanUp() { this.handle.on('error', () => {}); this.handle.destroy(); }
}
