// Khronos' glTF validator over files: node validate_glb.mjs FILE...
// Prints what it has to say; exits 1 when a file has errors or warnings, 2 without files.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import validator from 'gltf-validator';

const files = process.argv.slice(2);
if (files.length === 0) {
    console.error('usage: node validate_glb.mjs FILE...');
    process.exit(2);
}

let bad = 0;
for (const file of files) {
    try {
        const report = await validator.validateBytes(new Uint8Array(readFileSync(file)), { uri: basename(file) });
        const { numErrors, numWarnings, numInfos, numHints, messages } = report.issues;
        console.log(`${file}: ${numErrors} errors, ${numWarnings} warnings, ${numInfos} infos, ${numHints} hints, `
            + `${report.info.totalTriangleCount} triangles`);
        for (const m of messages)
            console.log(`  ${['error', 'warning', 'info', 'hint'][m.severity]} ${m.code} ${m.pointer ?? ''}: ${m.message}`);
        bad += numErrors + numWarnings > 0;
    } catch (error) {
        console.log(`${file}: ${error.message ?? error}`);
        bad++;
    }
}
process.exit(bad ? 1 : 0);
