import { type Cache, endpointSchema } from "../../server/contract/cache-view.ts";
import { GIB } from "../../server/contract/limits.ts";
import { passwordOf, requireEndpoint } from "../fixtures/engine-clients.ts";
import { findPrimary, requireWhole } from "../fixtures/engine-truth.ts";
import { hostPids, signalAll } from "../fixtures/host-processes.ts";
import type { AgentName, Installation } from "../fixtures/installation.ts";
import { type NumberedWriter, startWriter } from "../fixtures/numbered-writer.ts";
import { waitForSentinels } from "../fixtures/sentinels.ts";
import { tagInSlots } from "../fixtures/slot-tags.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { clusterPath, endpointPath, type WritePath } from "../fixtures/write-paths.ts";
import { type FailoverRun, measureFailover } from "./failover-measure.ts";
import { fillCache } from "./fill-cache.ts";

const NODE_TYPE = "bench.filled";
const NODE_MIB = 4_096;
const DATA_BYTES = 2 * GIB;
const WHOLE_TIMEOUT_MS = 180_000;
const FAILOVER_TIMEOUT_MS = 60_000;

export interface LarderCase {
	clusterMode: "disabled" | "enabled";
	/** With 2 GiB in the shard that fails over. */
	filled: boolean;
	controlPlane: "up" | "down";
	/** Hosts whose agents are killed first; engines, gateways and Sentinels continue. */
	agentsDown?: "of the primary" | "all";
	/** What happens to the primary: only its process is killed, or its whole host is killed or goes silent. */
	strike: "kill-primary" | "kill-host" | "stop-host";
	runs: number;
	onRun(run: FailoverRun): void;
}

/** Large enough for 2 GiB, but counts as only a tenth of a processor, because all nodes of the cache must fit on this machine. */
async function createNodeType({ rest }: Installation): Promise<void> {
	const body = { name: NODE_TYPE, vcpus: 2, memoryMib: NODE_MIB, cpuMillis: 100 };
	const answer = await rest("POST", "/node-types", { body });
	if (answer.status !== 201) throw new Error(`node type: ${JSON.stringify(answer)}`);
}

export async function failOverLarder(larder: Installation, options: LarderCase): Promise<void> {
	const name = "failover";
	await createNodeType(larder);
	await larder.createCache({
		name,
		nodeType: NODE_TYPE,
		...(options.clusterMode === "enabled"
			? { clusterMode: "enabled", shards: 3, replicasPerShard: 1 }
			: { replicasPerShard: 2 }),
	});
	await new LarderBench(larder, name, options).run();
}

class LarderBench {
	private readonly larder: Installation;
	private readonly name: string;
	private readonly options: LarderCase;
	private password: string | null = null;
	/** Reaches the shard that fails over. */
	private tag = "failover";

	constructor(larder: Installation, name: string, options: LarderCase) {
		this.larder = larder;
		this.name = name;
		this.options = options;
	}

	async run(): Promise<void> {
		const { larder, name, options } = this;
		this.password = await passwordOf(larder, name);
		const cache = await this.whole();
		const shard = this.shardOf(cache);
		if (shard.slots !== null) this.tag = tagInSlots(shard.slots);
		if (options.filled) {
			const primary = await findPrimary(shard, this.password);
			await fillCache(
				{ host: primary.address, port: primary.port },
				{
					...{ tag: this.tag, bytes: DATA_BYTES, password: this.password },
					replicas: shard.nodes.length - 1,
				},
			);
		}
		for (let run = 0; run < options.runs; run += 1) options.onRun(await this.takeRun());
	}

	private async takeRun(): Promise<FailoverRun> {
		const { larder, options } = this;
		const cache = await this.whole();
		const primary = await findPrimary(this.shardOf(cache), this.password);
		const host = primary.host as AgentName;
		if (options.controlPlane === "down") {
			if (options.clusterMode === "disabled") {
				await waitForSentinels(larder, larder.agentNames, cache, this.password);
			}
			await larder.killControlPlane();
		}
		const agents = this.agentsToKill(host);
		if (agents.length > 0) {
			await waitForSentinels(larder, larder.agentNames, cache, this.password);
			for (const agent of agents) await larder.killAgent(agent);
		}
		const struck = options.strike === "kill-primary" ? [primary.pid ?? 0] : hostPids(larder, host);
		const signal = options.strike === "stop-host" ? "SIGSTOP" : "SIGKILL";
		const writer = await this.startWriter(cache, host);
		try {
			return await measureFailover({
				writer,
				strike: () => signalAll(struck, signal),
				mend: async () => {
					if (options.controlPlane === "down") await larder.startControlPlane();
					if (options.strike === "stop-host") signalAll(struck, "SIGCONT");
					if (options.strike === "kill-host") await larder.startAgent(host);
					for (const agent of agents) await larder.startAgent(agent);
					await this.whole();
				},
				timeoutMs: FAILOVER_TIMEOUT_MS,
				readFrom: 0,
			});
		} finally {
			// Until SIGCONT, a process stopped by SIGSTOP can't act on SIGTERM.
			signalAll(struck, "SIGCONT");
			await writer.stop();
		}
	}

	private agentsToKill(host: AgentName): readonly AgentName[] {
		const { agentsDown } = this.options;
		if (agentsDown === undefined) return [];
		return agentsDown === "all" ? this.larder.agentNames : [host];
	}

	/** Returns once the writer writes. Without cluster mode, it uses the gateway of a host that won't fail. */
	private async startWriter(cache: Cache, failing: AgentName): Promise<NumberedWriter> {
		const writer = startWriter({ path: this.pathTo(cache, failing), tag: this.tag });
		await writer.writesAgain();
		return writer;
	}

	private pathTo(cache: Cache, failing: AgentName): WritePath {
		const { password, larder } = this;
		if (this.options.clusterMode === "enabled") {
			return clusterPath(cache.endpoints.nodes, this.tag, { password });
		}
		const { port } = requireEndpoint(cache, "primary");
		const host = cache.endpoints.gateways.find((each) => each !== larder.addressOf(failing));
		return endpointPath([endpointSchema.parse({ host, port })], { password });
	}

	private async whole(): Promise<Cache> {
		return await waitUntil(
			`${this.name} to be healthy`,
			async () => {
				const cache = await this.larder.getCache(this.name);
				if (cache === null) throw new Error("it is gone");
				await requireWhole(cache, this.password);
				return cache;
			},
			WHOLE_TIMEOUT_MS,
		);
	}

	private shardOf(cache: Cache): Cache["shards"][number] {
		const [shard] = cache.shards;
		if (shard === undefined) throw new Error(`${cache.name} has no shard`);
		return shard;
	}
}
