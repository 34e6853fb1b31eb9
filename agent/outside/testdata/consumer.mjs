// A consumer outside of the agent in another language, for tests: it books documents into a file, one
// line each, under the call's marker. What it is to do wrong, the message says.
import { createServer } from 'node:http';
import { openSync, writeSync, fsyncSync, readFileSync, existsSync } from 'node:fs';

const file = process.argv[2];
const done = new Map();
if (existsSync(file)) {
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { marker, answer } = JSON.parse(line);
    done.set(marker, answer);
  }
}
const log = openSync(file, 'a');

function book(marker, doc) {
  const answer = { outcome: 'done', key: `1;${doc}`, keys: { Doc: doc }, log: [{ level: 'info', text: `booked ${doc} by node` }] };
  writeSync(log, JSON.stringify({ marker, doc, answer }) + '\n');
  fsyncSync(log);
  done.set(marker, answer);
  return answer;
}

function execute(call) {
  const { doc, do: way } = JSON.parse(call.content);
  if (way === 'reject') {
    return { outcome: 'reject', errors: [{ code: 'NODE-NO', pointer: '/doc', description: 'não', descriptionEn: 'no' }] };
  }
  if (way === 'die-before' && call.call === 1) process.exit(1);
  const answer = book(call.marker, doc);
  if (way === 'die-after') process.exit(1);
  return answer;
}

const server = createServer((request, response) => {
  const reply = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (request.method === 'GET') {
    const answer = done.get(request.url.slice(1));
    return answer ? reply(200, answer) : reply(404, {});
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (part) => { text += part; });
  request.on('end', () => {
    const call = JSON.parse(text);
    reply(200, done.get(call.marker) ?? execute(call));
  });
});
server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => console.log(server.address().port));
