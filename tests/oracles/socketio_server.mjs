// The official Socket.IO server as a backend that makes nothing: node socketio_server.mjs [KEY CERTIFICATE]
// Prints the port that it listens on, and serves until its standard input ends.
//   POST /jobs           {"id": "j1"}, and the job begins: three updates, 60 ms apart; every fifth fails
//   GET /jobs/ID/result  "ok", of a job that is done
//   GET /counts          what it has seen
// Sockets subscribe to a job's room, in the namespace / or, with {token: "secret"}, in /members; the subscription is
// answered by how the job stands. Everybody is told of everything in /all.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Server } from 'socket.io';

const jobs = new Map();
const counts = { jobs: 0, done: 0, failed: 0, results: 0, connections: 0, upgrades: 0, refused: 0, reasons: {} };

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path));

function serveHttp(request, response) {
    const reply = (status, body) => response.writeHead(status).end(JSON.stringify(body));
    const [, what, id, rest] = request.url.split('/');
    if (request.method === 'POST' && what === 'jobs') reply(202, begin());
    else if (what === 'jobs' && rest === 'result' && jobs.get(id)?.state === 'done') reply(200, ++counts.results);
    else if (what === 'counts') reply(200, { ...counts, open: io.engine.clientsCount });
    else reply(404, { error: 'not here' });
}
const http = key ? createSecureServer({ key, cert }, serveHttp) : createServer(serveHttp);
const io = new Server(http, { pingInterval: 100, pingTimeout: 2000 });

function tell(job) {
    for (const namespace of ['/', '/members']) io.of(namespace).to(job.id).emit('update', { job });
    io.of('/all').emit('update', { job });
}

function begin() {
    const job = { id: `j${++counts.jobs}`, state: 'queued', progress: 0 };
    const fails = counts.jobs % 5 === 0;
    jobs.set(job.id, job);
    const timer = setInterval(() => {
        job.progress += 50;
        job.state = job.progress <= 100 ? 'running' : fails ? 'failed' : 'done';
        if (job.state === 'running') return tell(job);
        clearInterval(timer);
        counts[job.state]++;
        Object.assign(job, fails ? { why: 'no clay left' } : { url: `/jobs/${job.id}/result` });
        tell(job);
    }, 60);
    return { id: job.id };
}

function serve(namespace) {
    io.of(namespace).on('connection', (socket) => {
        counts.connections++;
        socket.conn.once('upgrade', () => counts.upgrades++);
        socket.on('disconnect', (why) => (counts.reasons[why] = (counts.reasons[why] ?? 0) + 1));
        socket.on('watch', ({ id }) => {
            socket.join(id);
            socket.emit('picture', Buffer.from([1, 2, 3])); // an event with an attachment, which nobody waits for
            socket.emit('update', { job: jobs.get(id) });
        });
    });
}

['/', '/members', '/all'].forEach(serve);
io.of('/members').use((socket, next) => {
    const known = socket.handshake.auth.token === 'secret';
    counts.refused += !known;
    next(known ? undefined : new Error('who are you'));
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
