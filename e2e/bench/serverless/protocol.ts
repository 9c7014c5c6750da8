import { setTimeout as delay } from "node:timers/promises";
import { markdownTable } from "../../../platform/testing/figures.ts";
import { GIB, MIB } from "../../../server/contract/limits.ts";
import { FillLoad, openStockClient } from "../../fixtures/fill-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";

const VALUE_BYTES = 16 * 1_024;
const CHANGED_WITHIN_MS = 5 * 60_000;
const WRITE_EVERY_MS = 10;

/** How long a client waits while its cache changes from the standard to the cluster protocol, without data and with. */
export async function benchProtocol(larder: Installation, bytes: number): Promise<void> {
	const rows = [
		["data", "until all nodes serve, s", "longest wait of a client, s", "errors", "keys"],
	];
	for (const size of [0, bytes]) rows.push(await change(larder, size));
	console.log("\nfrom the standard to the cluster protocol");
	console.log(markdownTable(rows));
}

async function change(larder: Installation, bytes: number): Promise<string[]> {
	const name = `protocol-${Math.round(bytes / MIB)}`;
	await larder.createCache({ kind: "serverless", name, protocol: "standard", auth: "none" });
	const cache = await larder.waitForStatus(name, "available");
	const load = new FillLoad(cache, { prefix: "protocol:", valueBytes: VALUE_BYTES });
	await load.write(bytes, Number.POSITIVE_INFINITY);
	load.close();
	// It doesn't know clusters, neither before nor after.
	const client = openStockClient(cache);
	let isOver = false;
	let longestMs = 0;
	let errors = 0;
	const writing = (async () => {
		for (let answeredAt = performance.now(); !isOver; await delay(WRITE_EVERY_MS)) {
			await client.set("present", "1").catch(() => errors++);
			longestMs = Math.max(longestMs, performance.now() - answeredAt);
			answeredAt = performance.now();
		}
	})();
	const startedAt = performance.now();
	await larder.rest("PATCH", `/caches/${name}`, { body: { protocol: "cluster" } });
	const changed = await waitUntil(
		`${name} to have the cluster protocol`,
		async () => {
			const now = await larder.getCache(name);
			const isDone = now?.protocol === "cluster" && now.operation === null;
			return isDone && now.status === "available" && now;
		},
		CHANGED_WITHIN_MS,
	);
	const tookMs = performance.now() - startedAt;
	isOver = true;
	await writing;
	client.disconnect();
	const after = new FillLoad(changed, { prefix: "protocol:", valueBytes: VALUE_BYTES });
	const keys = Math.ceil(bytes / VALUE_BYTES);
	const present = await after.countPresent(keys);
	after.close();
	await larder.deleteCache(name);
	const seconds = (ms: number) => (ms / 1_000).toFixed(1);
	return [
		`${(bytes / GIB).toFixed(2)} GiB`,
		...[seconds(tookMs), seconds(longestMs), String(errors), `${present} of ${keys}`],
	];
}
