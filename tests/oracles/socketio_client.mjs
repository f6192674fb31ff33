// The official Socket.IO client against orfeasd: node socketio_client.mjs URL TRANSPORTS CLIENTS PICTURE
// TRANSPORTS: "polling", "websocket", or "polling,websocket" (what a client does by default: poll, then upgrade).
// Each client uploads the picture, subscribes, generates, and waits for the end. Prints one line of JSON: for each
// client the names of the events in their order. Exits 1 when something did not come.
import { readFileSync } from 'node:fs';
import { io } from 'socket.io-client';

const [url, transports, clients, picture] = process.argv.slice(2);
const bytes = readFileSync(picture);

async function post(path, body, headers) {
    const response = await fetch(url + path, { method: 'POST', body, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
}

function upload() {
    const form = new FormData();
    form.append('image', new Blob([bytes], { type: 'image/png' }), 'x.png');
    return post('/api/upload-image', form);
}

function fail(what) {
    throw new Error(what);
}

async function one() {
    const { job_id } = await upload();
    const socket = io(url, { transports: transports.split(','), forceNew: true, reconnection: false });
    const events = [];
    let last;
    const end = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no end after ${events}`)), 60000);
        socket.on('connect_error', reject);
        socket.on('disconnect', (why) => reject(new Error(`disconnected: ${why}`)));
        socket.onAny((name, data) => {
            events.push(name);
            if (data.job_id !== undefined && data.job_id !== job_id) reject(new Error('an event of another job'));
            if (Number.isNaN(Date.parse(data.timestamp))) reject(new Error(`${name} has no timestamp`));
            if (name === 'job_update') last = data;
            if (name === 'generation_complete') {
                clearTimeout(timer);
                resolve(data);
            }
        });
    });
    end.catch(() => {});
    await Promise.race([new Promise((resolve) => socket.once('connected', resolve)), end]);
    const answer = await socket.timeout(20000).emitWithAck('subscribe', { job_id });
    if (answer.status !== 'subscribed') fail(`subscribe: ${JSON.stringify(answer)}`);
    if ((await socket.timeout(20000).emitWithAck('ping')).status !== 'ok') fail('no pong');
    await post('/api/generate-3d', JSON.stringify({ job_id, format: 'stl' }), { 'Content-Type': 'application/json' });
    const complete = await end;
    if (last.status !== 'completed' || last.progress !== 100) fail(`the last update: ${JSON.stringify(last)}`);
    if (complete.success !== true || !(complete.result.duration >= 0)) fail(JSON.stringify(complete));
    const model = await fetch(url + complete.download_url);
    if ((await model.arrayBuffer()).byteLength !== last.model.bytes) fail('the model is not the one that was told of');
    if (transports === 'polling,websocket' && clients === '1')
        while (socket.io.engine.transport.name !== 'websocket') await new Promise((resolve) => setTimeout(resolve, 5));
    const transport = socket.io.engine.transport.name;
    socket.off('disconnect');
    socket.close();
    return { events, transport };
}

try {
    console.log(JSON.stringify(await Promise.all(Array.from({ length: Number(clients) }, one))));
    process.exit(0);
} catch (error) {
    console.error(error);
    process.exit(1);
}
