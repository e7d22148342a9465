// What program.cpp does with this library's cluster, in the same words: a primary that runs one scenario and prints what it
// sees, and workers that do what they are told. Ports are not printed, because they differ.
import cluster from 'node:cluster';
import net from 'node:net';
import os from 'node:os';

// ── a worker ──

const servers = new Map();

function obey(command) {
  const [what, name, where, how] = command.split(' ');
  const say = (text) => process.send(`${name} ${text}`);
  if (what === 'exit') process.exit(Number(name));
  if (what === 'listen') {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(`again ${chunk}`));
      socket.write(String(cluster.worker.id));
    });
    servers.set(name, server);
    server.on('error', (error) => say(`error ${error.message}`));
    server.on('drop', () => say('drop'));
    server.on('listening', () => {
      const at = server.address();
      say(`at ${at.port ?? at}`);
    });
    const options = { exclusive: how === 'exclusive', reusePort: how === 'reusePort' };
    server.listen(where[0] === '/' ? { ...options, path: where } : { ...options, port: Number(where), host: '127.0.0.1' });
    return;
  }
  const server = servers.get(name);
  if (what === 'max') server.maxConnections = Number(where);
  if (what === 'dropMax') server.dropMaxConnection = true;
  if (what === 'close') return void server.close(() => say('closed'));
  if (what === 'count') return void server.getConnections((error, count) => say(count));
  say('done');
}

// ── the primary ──

const workers = [];
const said = new Map();

async function until(condition) {
  while (!condition()) await new Promise((done) => setTimeout(done, 1));
}

const print = (text) => console.log(text);

async function start(count) {
  for (let i = 0; i < count; i++) {
    const worker = cluster.fork();
    said.set(worker.id, '');
    worker.on('message', (text) => said.set(worker.id, said.get(worker.id) + text));
    workers.push(worker);
    let online = false;
    worker.once('online', () => { online = true; });
    await until(() => online);
  }
}

async function heard(number) {
  const { id } = workers[number - 1];
  await until(() => said.get(id) !== '');
  const text = said.get(id);
  said.set(id, '');
  return text;
}
async function ask(number, command) {
  workers[number - 1].send(command);
  const answer = await heard(number);
  return answer.slice(answer.indexOf(' ') + 1);
}
const portOf = (answer) => answer.slice(answer.indexOf(' ') + 1);
const withoutPort = (text, port) => text.replace(port, 'PORT');
const numberOf = (signal) => (signal ? os.constants.signals[signal] : 0);

class Client {
  text = '';
  over = false;
  constructor(where) {
    this.socket = where[0] === '/' ? net.connect(where) : net.connect(Number(where), '127.0.0.1');
    this.socket.on('data', (chunk) => { this.text += chunk; });
    this.socket.on('error', (error) => { this.text += error.code; });
    this.socket.on('close', () => { this.over = true; });
  }
  async hears() {
    await until(() => this.over || this.text !== '');
    const text = this.text || 'closed';
    this.text = '';
    return text;
  }
  async leave() {
    this.socket.destroy();
    await until(() => this.over);
  }
}
async function visit(where) {
  const client = new Client(where);
  const who = await client.hears();
  await client.leave();
  return who;
}

// ── the scenarios ──

const scenarios = {
  async in_turn() {
    await start(3);
    let port = '0';
    for (let i = 1; i <= 3; i++) {
      const is = portOf(await ask(i, 'listen a 0'));
      print(i === 1 || is === port ? 'the same port' : 'another port');
      port = is;
    }
    for (let i = 0; i < 9; i++) print(await visit(port));
    print(`a second server has ${portOf(await ask(1, 'listen b 0')) === port ? 'the same port' : 'another port'}`);
  },

  async exclusive() {
    await start(2);
    const port = portOf(await ask(1, 'listen a 0 exclusive'));
    print(withoutPort(await ask(2, `listen a ${port} exclusive`), port));
    print(withoutPort(await ask(2, `listen b ${port}`), port));
    print(`served by ${await visit(port)}`);
  },

  async dies() {
    await start(3);
    const port = portOf(await ask(1, 'listen a 0'));
    for (let i = 2; i <= 3; i++) await ask(i, 'listen a 0');
    for (let i = 1; i <= 2; i++) {
      const worker = workers[i - 1];
      let ended = false;
      let parted = false;
      worker.on('exit', (code, signal) => {
        print(`exit ${code ?? 0} ${numberOf(signal)}`);
        ended = true;
      });
      worker.on('disconnect', () => { parted = true; });
      i === 1 ? worker.send('exit 7') : worker.process.kill('SIGKILL');
      await until(() => ended && parted);
      print(worker.isDead() ? 'dead' : 'alive');
      print(worker.exitedAfterDisconnect ? 'on purpose' : 'not on purpose');
      print(`${Object.keys(cluster.workers).length} left`);
    }
    for (let i = 0; i < 3; i++) print(await visit(port));
    print(await ask(3, 'close a'));
    print(await visit(port));
  },

  async disconnects() {
    await start(2);
    const port = portOf(await ask(1, 'listen a 0'));
    await ask(2, 'listen a 0');
    print(await visit(port));
    let ended = false;
    workers[0].on('disconnect', () => print('disconnect'));
    workers[0].on('exit', (code, signal) => {
      print(`exit ${code ?? 0} ${numberOf(signal)}`);
      ended = true;
    });
    workers[0].disconnect();
    await until(() => ended);
    print(workers[0].exitedAfterDisconnect ? 'on purpose' : 'not on purpose');
    for (let i = 0; i < 3; i++) print(await visit(port));
  },

  async full() {
    await start(2);
    const port = portOf(await ask(1, 'listen a 0'));
    await ask(2, 'listen a 0');
    for (let i = 1; i <= 2; i++) await ask(i, 'max a 1');
    const [one, two] = [new Client(port), new Client(port)];
    print((await one.hears()) !== (await two.hears()) ? 'two workers' : 'one worker');
    const three = new Client(port);
    await one.leave();
    print(await three.hears());
    await three.leave();
    await two.leave();
  },

  async drops() {
    await start(1);
    const port = portOf(await ask(1, 'listen a 0'));
    await ask(1, 'max a 1');
    await ask(1, 'dropMax a');
    const one = new Client(port);
    print(await one.hears());
    const two = new Client(port);
    print(await two.hears());
    print(await heard(1));
    one.socket.write('and on');
    print(await one.hears());
    await one.leave();
    while (await ask(1, 'count a') !== '0');
    print(await visit(port));
  },

  async reuse_port() {
    await start(2);
    let told = 0;
    for (const each of workers) each.on('listening', () => { told++; });
    const port = portOf(await ask(1, 'listen a 0 reusePort'));
    print(portOf(await ask(2, `listen a ${port} reusePort`)) === port ? 'the same port' : 'another port');
    await ask(1, 'close a');
    print(await visit(port));
    await ask(2, 'close a');
    print(`listening was told ${told} times`);
  },

  async events() {
    let count = 0;
    const note = (what) => { print(what); count++; };
    cluster.on('fork', () => note('fork'));
    cluster.on('online', () => note('online'));
    cluster.on('listening', () => note('listening'));
    cluster.on('message', () => note('message'));
    cluster.on('exit', (worker, code) => { print(`exit ${code}`); count = -1; });
    await start(1);
    await ask(1, 'listen a 0');
    const path = `/tmp/net-cluster-${workers[0].process.pid}`;
    await ask(1, `listen b ${path}`);
    await until(() => count === 6);
    print(await visit(path));
    workers[0].send('exit 3');
    await until(() => count < 0);
    print(await visit(path));
  },
};

if (cluster.isWorker) {
  process.on('message', (text) => obey(text));
} else {
  await scenarios[process.argv[2]]();
  for (const worker of workers) worker.process.kill('SIGKILL');
}
