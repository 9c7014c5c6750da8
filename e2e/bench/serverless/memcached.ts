import { once } from "node:events";
import { connect } from "node:net";
import { MemcachedConnection } from "../../../agent/drivers/memcached-connection.ts";
import { storagePort } from "../../../agent/drivers/memcached-proxy.ts";
import { markdownTable } from "../../../platform/testing/figures.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { GIB, MIB } from "../../../server/contract/limits.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { readDecisions } from "./capacity-watch.ts";

const NAME = "fill-memcached";
const VALUE = Buffer.alloc(16 * 1_024, "x");
const CONNECTIONS = 4;
/** Requests that a connection sends before it waits for an answer. */
const IN_FLIGHT = 8;

/** As fast as the machine makes it, through all gateways, until `bytes` are stored. */
export async function benchMemcachedFill(larder: Installation, bytes: number): Promise<void> {
	await larder.createCache({ name: NAME, kind: "serverless", engine: "memcached" });
	const cache = await larder.waitForStatus(NAME, "available");
	const answers = new Map<string, number>();
	const each = Math.ceil(bytes / VALUE.length / CONNECTIONS);
	const startedAt = performance.now();
	const lanes = Array.from({ length: CONNECTIONS }, (_, lane) => fill(cache, lane, each, answers));
	await Promise.all(lanes);
	const seconds = (performance.now() - startedAt) / 1_000;
	const stored = each * CONNECTIONS * VALUE.length;
	const after = await larder.getCache(NAME);
	console.log(`\n${NAME}`);
	console.log(
		markdownTable([
			["", ""],
			["stored", `${(stored / GIB).toFixed(2)} GiB`],
			["MiB a second", (stored / MIB / seconds).toFixed(0)],
			["answers", [...answers].map(([answer, count]) => `${count} × ${answer}`).join("; ")],
			["evicted", String(await evictions(cache))],
			[
				"capacity",
				`${((after?.capacity?.memoryBytes ?? 0) / GIB).toFixed(2)} GiB in ${after?.capacity?.shards} nodes`,
			],
		]),
	);
	for (const { trigger, reason } of await readDecisions(larder, NAME)) {
		console.log(`  (${trigger}) ${reason}`);
	}
	await larder.deleteCache(NAME);
}

async function fill(
	cache: Cache,
	lane: number,
	count: number,
	answers: Map<string, number>,
): Promise<void> {
	const { gateways } = cache.endpoints;
	const { port } = requireEndpoint(cache, "configuration");
	const socket = connect(port, gateways[lane % gateways.length]);
	let sent = 0;
	let answered = 0;
	let rest = "";
	const send = () => {
		for (; sent < count && sent - answered < IN_FLIGHT; sent++) {
			socket.write(`set fill:${lane}:${sent} 0 0 ${VALUE.length}\r\n`);
			socket.write(VALUE);
			socket.write("\r\n");
		}
	};
	socket.on("data", (chunk) => {
		const lines = (rest + chunk.toString("latin1")).split("\r\n");
		rest = lines.pop() ?? "";
		answered += lines.length;
		for (const line of lines) answers.set(line, (answers.get(line) ?? 0) + 1);
		if (answered >= count) socket.end();
		else send();
	});
	send();
	await once(socket, "close");
	if (answered < count)
		throw new Error(`the connection ended after ${answered} of ${count} writes`);
}

async function evictions(cache: Cache): Promise<number> {
	let sum = 0;
	for (const { host, port } of cache.endpoints.nodes) {
		const connection = new MemcachedConnection(host, storagePort({ port, proxy: PROXIED }));
		sum += Number((await connection.stats(2_000)).get("evictions"));
		connection.close();
	}
	return sum;
}

const PROXIED = { nodes: [], count: 0 };
