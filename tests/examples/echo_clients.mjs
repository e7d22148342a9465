// Clients of an echo server, all at once: node echo_clients.mjs PORT CLIENTS BYTES
import net from 'node:net';
import process from 'node:process';

const [port, clients, bytes] = process.argv.slice(2).map(Number);
const sent = Buffer.from(Array.from({ length: bytes }, (_, i) => i % 251));
let total = 0;
let left = clients;

for (let i = 0; i < clients; i++) {
  const got = [];
  const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.end(sent));
  socket.on('data', (chunk) => got.push(chunk));
  socket.on('close', (hadError) => {
    const back = Buffer.concat(got);
    if (hadError || !back.equals(sent)) throw new Error(`${back.length} bytes came back, error: ${hadError}`);
    total += back.length;
    if (--left === 0) console.log(`${clients} clients, ${total} bytes`);
  });
}
