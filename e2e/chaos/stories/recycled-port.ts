import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { findEngine } from "../../../agent/bundles/index.ts";
import { makeOwnedDirectory } from "../../../platform/testing/owned-directory.ts";
import type { CacheNode } from "../../../server/contract/cache-view.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { connectTo } from "../../fixtures/write-paths.ts";
import { Violation } from "../scenario.ts";
import type { WatchedCache } from "../watched-cache.ts";
import { killNode, nextPrimary, requireKept, type Story } from "./act.ts";

/** A foreign engine takes a dead node's address and port before its agent does. */
export const recycledPort: Story = {
	name: "recycled-port",
	description: "no node follows a stranger on a dead primary's address and port",
	body: { name: "recycled", replicasPerShard: 2 },
	async act(_larder, cache) {
		const victim = await cache.primaryOf("0001");
		const stranger = await takePlaceOf(victim);
		try {
			const leader = await nextPrimary(cacheWithout(cache, victim), victim);
			await cache.writesAgain();
			await waitUntil("the port to be reported", async () => {
				const nodes = (await cache.view()).shards.flatMap((shard) => shard.nodes);
				const found = nodes.find(({ id }) => id === victim.id);
				if (found?.statusReason?.includes(String(victim.port))) return true;
				throw new Error(`${found?.status}: ${found?.statusReason}`);
			});
			const replicas = /connected_slaves:(\d+)/.exec(await stranger.info())?.[1];
			if (replicas !== "0")
				throw new Violation(`${replicas} of the cache's nodes follow a stranger`);
			await stranger.end();
			await requireKept(cache);
			return `${leader.id} led while a stranger sat on ${victim.address}:${victim.port}`;
		} finally {
			await stranger.end();
		}
	},
};

/** The stranger also answers as a primary, but isn't part of the cache. */
function cacheWithout(cache: WatchedCache, { id }: CacheNode) {
	return { primaryOf: (shard: string) => cache.primaryOf(shard, id) };
}

interface Stranger {
	info(): Promise<string>;
	end(): Promise<void>;
}

async function takePlaceOf(victim: CacheNode): Promise<Stranger> {
	const engine = await findEngine({ engine: "valkey", version: "9" });
	if (engine === null) throw new Error("no engine: npm start fetches one");
	const directory = makeOwnedDirectory("larder-stranger-");
	killNode(victim);
	const endpoint = { host: victim.address, port: victim.port };
	const settings = ["--bind", endpoint.host, "--port", String(endpoint.port), "--save", ""];
	const child = spawn(engine.server, [...settings, "--protected-mode", "no", "--dir", directory], {
		stdio: "ignore",
	});
	const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	const ask = async () => {
		if (child.exitCode !== null) throw new Error("the agent was quicker to take the port");
		const client = await connectTo(endpoint, null);
		try {
			return await client.info();
		} finally {
			client.disconnect();
		}
	};
	const stranger = {
		info: ask,
		async end() {
			child.kill("SIGKILL");
			await ended;
			rmSync(directory, { recursive: true, force: true });
		},
	};
	try {
		await waitUntil("the stranger to answer", ask);
		return stranger;
	} catch (error) {
		await stranger.end();
		throw error;
	}
}
