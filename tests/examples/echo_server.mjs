// Node's echo server, and a program that is told its port: node echo_server.mjs PROGRAM [WORD…]. Says what the program says.
import { spawn } from 'node:child_process';
import net from 'node:net';
import process from 'node:process';

const server = net.createServer((socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => {
  const program = spawn(process.argv[2], [...process.argv.slice(3), server.address().port], { stdio: ['ignore', 'inherit', 'inherit'] });
  program.on('exit', (status) => {
    process.exitCode = status ?? 1;
    server.close();
  });
});
