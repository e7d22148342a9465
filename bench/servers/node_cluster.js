'use strict';
// Node's own cluster, in the words that servers/net_cluster.cpp says in C++.
const net = require('node:net');
const cluster = require('node:cluster');

const [how, work] = process.argv.slice(2);

function echo(socket) {
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const end = process.cpuUsage();
    for (const work_us = Number(work); work_us > 0;) {
      const used = process.cpuUsage(end);
      if (used.user + used.system >= work_us) break;
    }
    socket.end(chunk);
  });
}

if (how === 'one' || cluster.isWorker) {
  const server = net.createServer({ noDelay: true }, echo);
  server.listen({ port: Number(process.env.BENCH_PORT || 0), host: '127.0.0.1', backlog: 511, reusePort: how === 'reuse' }, () => {
    const { port } = server.address();
    how === 'one' ? console.log(port) : process.send(String(port));
  });
} else {
  cluster.schedulingPolicy = how === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  let listening = 0;
  cluster.on('message', (worker, port) => {
    if (++listening === 2) console.log(port);
  });
  const start = (port) => {
    for (let i = 0; i < 2; i++) cluster.fork({ BENCH_PORT: port });
  };
  if (how === 'reuse') {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => start(port));
    });
  } else {
    start(0);
  }
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    process.exit();
  });
}
