/**
 * `engines.mjs valkey@8 haproxy …`: makes sure that this user's engine store holds them, and prints lines of
 * JSON on stdout: {"detail": …} while it works, then {"engine": …} for each one, or {"problem": …, "name": …} if it
 * can't get that one. `offered` stands for all engines in all versions that caches may have.
 */
import process from "node:process";
import { ensureEngines, programNameSchema, type WantedEngine } from "../agent/bundles/index.ts";
import { OFFERED_VERSIONS } from "../server/contract/offered-versions.ts";

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

function parseWanted(argument: string): WantedEngine[] {
	if (argument === "offered") {
		return Object.entries(OFFERED_VERSIONS).flatMap(([name, versions]) =>
			versions.map((version) => ({ engine: programNameSchema.parse(name), version })),
		);
	}
	const [name, version] = argument.split("@");
	const engine = programNameSchema.parse(name);
	return [version === undefined ? { engine } : { engine, version }];
}

const outcomes = await ensureEngines({
	wanted: process.argv.slice(2).flatMap(parseWanted),
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
