import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import {
	startCluster,
	startEngine,
	startMemcached,
	type TestEngine,
} from "../../../../patterns/testing/engines.ts";
import type { Access } from "./snippet-text.ts";
import { STRATEGIES, strategySnippetsFor } from "./strategy-snippets.ts";

const PASSWORD = 'it\'s "secret"';
const repository = join(import.meta.dirname, "..", "..", "..", "..");

/**
 * Runs all snippets in one process, one after the other, each with the `database` that it takes for granted and the
 * environment of its cache. Ends the process, because their clients stay connected.
 */
const RUNNER = `
const [files] = process.argv.slice(2).map((text) => JSON.parse(text));
const printed = [];
console.log = (value) => printed.push(value);
const outputs = [];
for (const { file, environment } of files) {
	const rows = new Map([["42", { name: "Grace" }]]);
	globalThis.database = {
		findUser: async (id) => rows.get(id),
		saveUser: async (id, user) => { rows.set(id, user); },
	};
	Object.assign(process.env, environment);
	await import(file);
	outputs.push(printed.splice(0));
}
process.stdout.write(JSON.stringify(outputs), () => process.exit());
`;

const engines: TestEngine[] = [];
// Beside the packages that the snippets import.
const directory = mkdtempSync(join(repository, "node_modules", ".snippets-"));
afterAll(async () => {
	rmSync(directory, { recursive: true, force: true });
	await Promise.all(engines.map((engine) => engine.stop()));
});

async function startCaches() {
	const password = ["--requirepass", PASSWORD];
	const [valkey, redis, cluster, ...memcached] = await Promise.all([
		startEngine("valkey", "9", password),
		startEngine("redis", "7", password),
		startCluster("valkey", "9", password),
		startMemcached(),
		startMemcached(),
	]);
	engines.push(valkey, redis, cluster, ...memcached);
	return [
		{ engine: "valkey", clusterMode: "disabled", nodes: [valkey] },
		{ engine: "redis", clusterMode: "disabled", nodes: [redis] },
		{ engine: "valkey", clusterMode: "enabled", nodes: [cluster] },
		{ engine: "memcached", clusterMode: "disabled", nodes: memcached },
	] as const;
}

test("the snippets of every strategy run as they are shown, with every engine and client", async () => {
	const programs: { title: string; file: string; environment: Record<string, string> }[] = [];
	for (const { nodes: started, ...cache } of await startCaches()) {
		const nodes = started.map(({ port }) => ({ host: "127.0.0.1", port }));
		const [endpoint] = nodes;
		if (endpoint === undefined) throw new Error("no engine");
		const password = cache.engine === "memcached" ? null : PASSWORD;
		const access: Access = { endpoint, nodes, username: "default", password };
		const environment = {
			...{ CACHE_HOST: endpoint.host, CACHE_PORT: String(endpoint.port) },
			CACHE_PASSWORD: password ?? "",
			CACHE_NODES: nodes.map(({ host, port }) => `${host}:${port}`).join(","),
		};
		for (const snippet of strategySnippetsFor(cache)) {
			for (const { id } of STRATEGIES) {
				for (const from of [access, null]) {
					const title = `${cache.engine} ${cache.clusterMode}, ${snippet.label}, ${id}, ${from === null ? "environment" : "endpoint"}`;
					const file = join(directory, `${programs.length}.mjs`);
					// Each finds an empty cache.
					const code = snippet.code(from, id).replaceAll('"user:"', `"user-${programs.length}:"`);
					writeFileSync(file, code);
					programs.push({ title, file, environment });
				}
			}
		}
	}
	const runner = join(directory, "runner.mjs");
	writeFileSync(runner, RUNNER);
	const { stdout } = await promisify(execFile)(
		process.execPath,
		["--conditions=larder-source", "--import", "tsx", runner, JSON.stringify(programs)],
		{ cwd: repository, timeout: 60_000 },
	);
	const outputs: unknown[] = JSON.parse(stdout);
	const expected = [{ name: "Grace" }, { name: "Ada" }];
	expect(Object.fromEntries(programs.map(({ title }, index) => [title, outputs[index]]))).toEqual(
		Object.fromEntries(programs.map(({ title }) => [title, expected])),
	);
	expect(programs.length).toBe(80);
});
