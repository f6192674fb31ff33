// Validates results files against the schema that is shipped: node validate_results.mjs FILE...
// Exits 1 when a file does not conform, with every reason.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";

const schemaPath = fileURLToPath(new URL("../../share/schema/results.schema.json", import.meta.url));
const ajv = new Ajv2020.default({ allErrors: true, strict: true, allowUnionTypes: true });
const validate = ajv.compile(JSON.parse(readFileSync(schemaPath, "utf8")));

const files = process.argv.slice(2);
if (files.length === 0) {
    console.error("usage: node validate_results.mjs FILE...");
    process.exit(2);
}
let wrong = 0;
for (const file of files) {
    if (validate(JSON.parse(readFileSync(file, "utf8")))) {
        console.log(`${file}: valid`);
        continue;
    }
    wrong++;
    for (const error of validate.errors)
        console.log(`${file}: ${error.instancePath || "/"} ${error.message}`);
}
process.exit(wrong ? 1 : 0);
