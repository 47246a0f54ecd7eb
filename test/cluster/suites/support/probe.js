const { Buffer } = require('node:buffer');
const dgram = require('node:dgram');
const net = require('node:net');
const { clearTimeout, setTimeout } = require('node:timers');

/**
 * Run by itself in a network namespace: reads {"seconds": number, "targets": [{"host", "port", "protocol"}]} from standard input, tries all at
 * once, and prints for each "open" or why not. UDP is taken for the cluster's DNS and asked for a name.
 */
const QUESTION = Buffer.concat([
  Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  ...['kubernetes', 'default', 'svc', 'cluster', 'local'].map((label) =>
    Buffer.from(`${String.fromCharCode(label.length)}${label}`),
  ),
  Buffer.from([0, 0, 1, 0, 1]),
]);

function tcp({ host, port }, seconds) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const done = (answer) => {
      clearTimeout(limit);
      socket.destroy();
      resolve(answer);
    };
    const limit = setTimeout(() => done('no answer'), seconds * 1000);
    socket.on('connect', () => done('open')).on('error', (error) => done(error.code));
  });
}

function udp({ host, port }, seconds) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const done = (answer) => {
      clearTimeout(limit);
      socket.close();
      resolve(answer);
    };
    const limit = setTimeout(() => done('no answer'), seconds * 1000);
    socket.on('message', () => done('open')).on('error', (error) => done(error.code));
    socket.connect(port, host, (error) => (error ? done(error.code) : socket.send(QUESTION)));
  });
}

async function main() {
  let input = '';
  for await (const chunk of process.stdin) input += chunk;
  const { seconds, targets } = JSON.parse(input);
  const tries = targets.map((target) => (target.protocol === 'UDP' ? udp : tcp)(target, seconds));
  console.log(JSON.stringify(await Promise.all(tries)));
}

void main();
