/** `npm run bench:logs [-- --seconds 60]`: how much the logs of an installation grow while nobody uses it. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { markdownTable } from "../../platform/testing/figures.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { startInstallation } from "../fixtures/installation.ts";

await cleanUpWhenCutShort();

/** Programs may still be starting during this time. */
const SETTLE_MS = 20_000;
const DAY_S = 86_400;
const MB = 1_000_000;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(values.seconds);

const larder = await startInstallation();
try {
	const caches = [
		{ name: "valkey", replicasPerShard: 2 },
		{ name: "cluster", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
		{ name: "redis", engine: "redis", replicasPerShard: 1 },
		{ name: "memcached", engine: "memcached", nodes: 2 },
	];
	await Promise.all(caches.map((cache) => larder.createCache(cache)));
	await Promise.all(caches.map(({ name }) => larder.waitForStatus(name, "available", 120_000)));
	await delay(SETTLE_MS);
	const before = sizes(larder.home.root);
	await delay(seconds * 1_000);
	const after = sizes(larder.home.root);
	const rows = [...after].map(([kind, size]) => {
		const grown = size.bytes - (before.get(kind)?.bytes ?? 0);
		return [kind, String(size.files), String(grown), ((grown / seconds / MB) * DAY_S).toFixed(2)];
	});
	console.log(
		markdownTable([["logs", "files", `bytes in ${seconds} s`, "MB a day, all"], ...rows]),
	);
} finally {
	await larder.stop();
}

/** Sizes of all logs, by the kind of program that writes them. */
function sizes(root: string): Map<string, { files: number; bytes: number }> {
	const found = new Map<string, { files: number; bytes: number }>();
	for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile() || !/\.log(\.1)?$/.test(entry.name)) continue;
		const kind = entry.name.replace(/^agent-.*/, "agent.log").replace(/\.1$/, "");
		const { files, bytes } = found.get(kind) ?? { files: 0, bytes: 0 };
		const { size } = statSync(join(entry.parentPath, entry.name));
		found.set(kind, { files: files + 1, bytes: bytes + size });
	}
	return found;
}
