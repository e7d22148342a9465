// What a server can do as an actor, over Node's net: each verb of the language is one call.
import { Actor, net } from './actor.mjs';
import { listenOptions, split } from './connecting.mjs';
import { SocketActor } from './socket_actor.mjs';

export class ServerActor extends Actor {
  constructor(scenario, name, options) {
    super(scenario, name, options);
    this.accepted = 0;
    this.handle = net.createServer({
      allowHalfOpen: Boolean(options.halfopen), pauseOnConnect: Boolean(options.pauseOnConnect),
      noDelay: true, keepAlive: Boolean(options.keepAlive), ...(options.hwm && { highWaterMark: Number(options.hwm) }),
      ...(options.list && { blockList: scenario.properties.lists.get(options.list) }),
    });
    this.drops = Boolean(options.oneuse);
    this.dropAfterClose();
    this.emitCloseOnce();
    this.emitListeningOnce();
    for (const event of ['listening', 'connection', 'drop', 'close', 'error']) {
      const listener = this.listener(event);
      this.tags.set(event, [event, listener]);
      this.add('on', event, listener);
    }
  }

  listener(event) {
    switch (event) {
      case 'connection': return (socket) => {
        if (this.scenario.over) { socket.destroy(); return; }
        const name = `${this.name}.${++this.accepted}`;
        const actor = new SocketActor(this.scenario, name, { noerror: this.options.noerror }, socket);
        actor.line('accepted');
        this.event(event, `connection ${name}`);
      };
      case 'drop': return (info) => this.event(event, `drop ${info ? [info.localAddress, info.localFamily, info.localPort > 0,
        info.remoteAddress, info.remoteFamily, info.remotePort > 0].join(' ') : ''}`);
      case 'error': return (error) => this.last(this.closeEmitted, event, `error ${this.error(error)}`);
      case 'close': return () => this.last(true, event);
      default: return () => this.event(event);
    }
  }

  /** False: not to be emitted. */
  emitting(event) {
    if (event === 'listening' && this.opened[0] !== this.handle._handle) return false;
    if (event === 'error' && this.failing > 0) this.failing--;
    else if (event === 'error') this.listens = false;
    if (event === 'listening') this.closeEmitted = false;
    if (event === 'close') {
      this.closes = this.emitting_close = false;
      this.closeEmitted = !this.handle._handle;
    }
    return true;
  }

  mayBeLast(event) { return event === 'close' || (event === 'error' && this.closeEmitted); }

  /** Whether anything is to come: of a listen or a close that was called before all was emitted. */
  owed() { return !this.closeEmitted || Boolean(this.handle._handle) || this.handle._connections > 0 || this.listens || this.failing > 0 || this.closes; }

  /** Each close() of a server without connections emits 'close' in Node; the library emits it once (S9.15). */
  emitCloseOnce() {
    const { handle } = this;
    const emit = handle._emitCloseIfDrained;
    handle._emitCloseIfDrained = () => {
      if (this.emitting_close || handle._handle || handle._connections) return;
      this.emitting_close = true;
      emit.call(handle);
    };
  }

  /** A listen that was closed before 'listening' emits it in Node if it listens again by then; the library does not (S9.8). */
  emitListeningOnce() {
    const { handle } = this;
    const listen = handle._listen2;
    this.opened = [];
    this.failing = 0;
    handle._listen2 = (...args) => {
      listen.apply(handle, args);
      this.listens = false;
      if (!handle._handle) { this.failing++; return; }
      this.opened.push(handle._handle);
      process.nextTick(() => this.opened.shift());
    };
  }

  /** An event that may be the last one. */
  last(over, event, text) {
    this.closeEmitted = over;
    this.sawClose = this.inClose = over;
    this.dropped = false;
    this.event(event, text);
    this.inClose = false;
  }

  /** Once its listeners have gone nobody would hear of an error. */
  mayListen() { return !(this.drops && this.sawClose && !this.inClose); }

  path() { return `${this.scenario.directory}/${this.scenario.index}-${this.name}.sock`; }

  state() {
    const address = this.handle.address();
    const shown = address === null ? 0
      : typeof address === 'string' ? this.scenario.plain(address) : `${address.address}/${address.family}/${address.port > 0}`;
    return `${this.handle.listening ? 'listening' : 'idle'}` + this.changes([
      ['address', shown], ['max', this.handle.maxConnections ?? 0]]);
  }

  listen(args) {
    this.sawClose = this.dropped = false;
    const callback = args.includes('cb') ? [this.given('listening', this.callback('l'))] : [];
    const { options } = split(args);
    const other = args[0] === 'as' || args[0] === 'on' ? this.scenario.actors.get(args[1]) : undefined;
    if (Object.keys(options).length > 0 || args[0] === 'nothing') {
      this.handle.listen(listenOptions(this, options), ...callback);
    } else if (args[0] === 'on') this.handle.listen(other.handle, ...callback);
    else if (args[0] === 'nodir') this.handle.listen('/nowhere/at/all.sock', ...callback);
    else if (args[0] === 'badhost') { this.handle.listen(0, '8.8.8.8', ...callback); this.listens = true; }
    else if (this.options.kind === 'pipe') this.handle.listen(other ? other.path() : this.path(), ...callback);
    else {
      const host = this.options.kind === 'any' ? [] : ['127.0.0.1'];
      this.handle.listen(other?.handle.address()?.port ?? 0, ...host, ...callback);
      this.listens = host.length > 0;
    }
  }

  perform(verb, args) {
    switch (verb) {
      case 'listen': if (this.mayListen()) this.listen(args); break;
      case 'close': this.listens = false; this.closes = true; this.handle.close(...(args.includes('cb') ? [this.callback('x')] : [])); break;
      case 'connections': this.handle.getConnections(this.callback('n')); break;
      case 'max': this.handle.maxConnections = args[0] === 'none' ? undefined : Number(args[0]); break;
      default: return this.common(verb, args);
    }
    return '';
  }

  get waiting() { return false; }
  cleanUp() { this.handle.on('error', () => {}); this.handle.close(); }
}
