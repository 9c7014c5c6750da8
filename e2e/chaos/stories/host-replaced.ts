import type { Cache } from "../../../server/contract/cache-view.ts";
import { hostPids } from "../../fixtures/host-processes.ts";
import { AGENT_NAMES, type AgentName, type Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { connectTo } from "../../fixtures/write-paths.ts";
import { Violation } from "../scenario.ts";
import type { WatchedCache } from "../watched-cache.ts";
import { killHost, requireKept, type Story } from "./act.ts";

const LOST_SECONDS = 15;
const REPLACED_TIMEOUT_MS = 180_000;

/** A host is gone until its nodes have been replaced; then it comes back, with all its files. */
export const hostReplaced: Story = {
	name: "host-replaced",
	description: "copies stay on different hosts, and replaced nodes stay gone",
	body: { name: "replaced", clusterMode: "enabled", shards: 3, replicasPerShard: 1, multiAz: true },
	installation: {
		agents: AGENT_NAMES,
		environment: { LARDER_HOST_LOST_SECONDS: String(LOST_SECONDS) },
	},
	async act(larder, cache) {
		const before = await cache.whole();
		requireSpread(before);
		const { host } = await cache.primaryOf("0001");
		killHost(larder, host);
		const after = await waitUntil(
			`the nodes of ${host} to be replaced`,
			async () => {
				const now = await cache.view();
				return now.status === "available" && nodesOf(now).every((node) => node.host !== host)
					? now
					: null;
			},
			REPLACED_TIMEOUT_MS,
		);
		await requireKept(cache);
		requireSpread(after);
		await larder.startAgent(host as AgentName);
		await waitUntil(`${host} to end its replaced nodes`, () => {
			return hostPids(larder, host as AgentName, "engine").length === 0;
		});
		await requireNoGhosts(larder, cache);
		await requireKept(cache);
		const moved = nodesOf(before).filter((node) => node.host === host).length;
		return `${moved} nodes of ${host} replaced, none of them came back`;
	},
};

const nodesOf = (cache: Cache) => cache.shards.flatMap((shard) => shard.nodes);

function requireSpread(cache: Cache): void {
	for (const { id, nodes } of cache.shards) {
		if (new Set(nodes.map(({ host }) => host)).size < nodes.length) {
			throw new Violation(`shard ${id} has two copies on one host`);
		}
	}
}

/** Waits until each node knows exactly the cluster's nodes. */
async function requireNoGhosts(larder: Installation, cache: WatchedCache): Promise<void> {
	await waitUntil("ghosts to be forgotten", async () => {
		const nodes = nodesOf(await cache.view());
		const wanted = nodes.map(({ address, port }) => `${address}:${port}`).sort();
		if (larder.engines().length !== nodes.length) throw new Error("stray engines");
		for (const { address, port, id } of nodes) {
			const client = await connectTo({ host: address, port }, null);
			const text = String(await client.cluster("NODES")).trim();
			client.disconnect();
			const known = text.split("\n").map((line) => line.split(" ")[1]?.split("@")[0] ?? "");
			if (JSON.stringify(known.sort()) !== JSON.stringify(wanted)) {
				throw new Error(`${id} knows ${known.join(" ")}, not ${wanted.join(" ")}`);
			}
		}
		return true;
	});
}
