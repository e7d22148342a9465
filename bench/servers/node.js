'use strict';
// Node's own net, in the words that servers/net.cpp says in C++.
const net = require('node:net');

const [job, variant] = process.argv.slice(2);
const MESSAGE_SIZE = 64;
const BURST_ANSWERS = 16;

const listeners = {
  echo(socket) {
    socket.on('data', (chunk) => {
      if (socket.write(chunk)) return;
      socket.pause();
      socket.once('drain', () => socket.resume());
    });
  },
  sink(socket) {
    socket.on('data', () => {});
  },
  burst(socket) {
    socket.on('data', (chunk) => {
      const answer = chunk.subarray(0, MESSAGE_SIZE);
      if (variant === 'cork') socket.cork();
      for (let i = 0; i < BURST_ANSWERS; i++) socket.write(answer);
      if (variant === 'cork') socket.uncork();
    });
  },
  close(socket) {
    socket.destroy();
  },
  pipe(socket) {
    socket.pipe(socket);
  },
};

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  listeners[job](socket);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => console.log(server.address().port));
