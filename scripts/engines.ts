/**
 * `engines.mjs valkey@9 redis@7 haproxy …`: makes sure that this user's engine store holds them, and says on stdout
 * what it does, a line of JSON each: {"detail": …} while it works, then for each one {"engine": …}, or
 * {"problem": …, "name": …} when it can't be had.
 */
import process from "node:process";
import { ensureEngines, programNameSchema, type WantedEngine } from "../agent/bundles/index.ts";

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

function parseWanted(argument: string): WantedEngine {
	const [name, version] = argument.split("@");
	const engine = programNameSchema.parse(name);
	return version === undefined ? { engine } : { engine, version };
}

const outcomes = await ensureEngines({
	wanted: process.argv.slice(2).map(parseWanted),
	onProgress: ({ step, detail }) => say({ detail: `${step}: ${detail}` }),
});
for (const outcome of outcomes) {
	if (outcome.kind === "ready") {
		const { engine, version, server } = outcome.engine;
		say({ engine: { name: engine, version, server } });
	} else {
		say({ problem: outcome.error.message, name: outcome.wanted.engine });
		process.exitCode = 1;
	}
}
