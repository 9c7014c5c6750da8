/**
 * `npm run check`: format and lint, types, import rules, dead code, unit tests. All run even if some fail, two at a
 * time. The output of a failure is shown in full.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { formatSeconds } from "./setup/progress.mjs";

const AT_ONCE = 2;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const checks = [
	{ title: "types", script: "check:types" },
	{ title: "unit tests", script: "test:unit" },
	{ title: "format and lint", script: "check:format" },
	{ title: "import rules", script: "check:imports" },
	{ title: "dead code", script: "check:dead-code" },
];

if (!existsSync(join(root, "server", "data", "generated"))) {
	console.error("The database client isn't generated yet: npm run build client");
	process.exit(1);
}

let failed = 0;
const waiting = [...checks];
await Promise.all(
	Array.from({ length: AT_ONCE }, async () => {
		for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
			const startedAt = performance.now();
			const { code, output } = await run(check.script);
			const elapsed = formatSeconds(performance.now() - startedAt);
			console.log(`${code === 0 ? "✓" : "✗"} ${check.title} (${elapsed})`);
			if (code === 0) continue;
			failed += 1;
			console.log(output);
		}
	}),
);
console.log(`${checks.length - failed} checks passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function run(script) {
	return new Promise((resolve, reject) => {
		const child = spawn("npm", ["run", "--silent", script], {
			cwd: root,
			env: {
				...process.env,
				FORCE_COLOR: process.stdout.isTTY ? "1" : "0",
				NO_COLOR: process.stdout.isTTY ? "" : "1",
			},
			stdio: ["ignore", "pipe", "pipe"],
		});
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (chunk) => {
				output += chunk;
			});
		}
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, output }));
	});
}
