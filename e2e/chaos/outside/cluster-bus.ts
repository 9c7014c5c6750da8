import { connect } from "node:net";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { hostSchema } from "../../../server/contract/host.ts";
import { CLUSTER_BUS_OFFSET } from "../../../server/contract/limits.ts";
import { createNamespaces, whyNoNamespaces } from "../../fixtures/host-namespaces.ts";
import { AGENT_NAMES, type AgentName, type Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { nextPrimary } from "../stories/act.ts";
import { WatchedCache } from "../watched-cache.ts";

const ROUNDS = 3;
const NAME = "guarded";
const CONNECT_TIMEOUT_MS = 2_000;
/** What a stranger gets from a bus that is closed. */
const CLOSED = "ECONNREFUSED";
/** Long enough to fetch nft, and to try again after the kernel has refused. */
const CLOSED_WITHIN_MS = 120_000;

export const clusterBus: Scenario = {
	name: "cluster-bus",
	description:
		"a stranger never reaches a cluster's bus while nodes fail over and move and agents restart, and no member is cut off",
	whyNot: whyNoNamespaces,
	async run(options) {
		const network = createNamespaces(AGENT_NAMES);
		try {
			return await withInstallation({ agents: AGENT_NAMES, network }, (larder) =>
				play(larder, options),
			);
		} finally {
			network.remove();
		}
	},
};

async function play(larder: Installation, options: ScenarioOptions): Promise<string> {
	const cache = await WatchedCache.create(larder, {
		...{ name: NAME, clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
	});
	try {
		await requireClosed(larder, await cache.whole());
		const rounds = options.kills ?? ROUNDS;
		for (let round = 0; round < rounds; round += 1) {
			const agent = larder.agentNames[round % larder.agentNames.length] as AgentName;
			await failOver(larder, cache);
			await restartAgent(larder, agent, await cache.whole());
			await moveAway(larder, agent, cache);
			await requireClosed(larder, await cache.whole());
			await cache.requireNothingLost();
			options.log(`round ${round + 1}: closed, healthy, nothing lost`);
		}
		return `${rounds} rounds of a failover, an agent killed and a host drained: closed to the stranger, open to members, no write lost, longest gap ${cache.longestGapMs(0).toFixed(0)} ms`;
	} finally {
		await cache.stop();
	}
}

/** Knocks from this process, which is on the hosts' network but has no member's address. */
async function requireClosed(larder: Installation, cache: Cache): Promise<void> {
	const nodes = cache.endpoints.nodes;
	await waitUntil(
		"hosts to say that the bus is closed",
		async () => {
			const hosts = new Set(cache.shards.flatMap(({ nodes }) => nodes.map(({ host }) => host)));
			for (const name of hosts) {
				const answer = await larder.rest("GET", `/hosts/${name}`);
				const { clusterBus } = hostSchema.parse(answer.body);
				if (clusterBus?.closed !== true) throw new Error(JSON.stringify(clusterBus));
			}
			return true;
		},
		CLOSED_WITHIN_MS,
	);
	for (const { host, port } of nodes) {
		if ((await knock(host, port)) !== "open")
			throw new Violation(`${host}:${port} is closed to clients`);
		const bus = await knock(host, port + CLUSTER_BUS_OFFSET);
		if (bus !== CLOSED) throw new Violation(`the bus of ${host}:${port} is ${bus} to a stranger`);
	}
}

/** While the agent is dead, its rules lapse, so that new members can connect; the next agent closes the ports again. */
async function restartAgent(larder: Installation, name: AgentName, cache: Cache): Promise<void> {
	const own = cache.endpoints.nodes.filter(({ host }) => host === larder.addressOf(name));
	const everyBusIs = (what: string) =>
		Promise.all(
			own.map(({ host, port }) =>
				waitUntil(
					`the bus of ${host}:${port} to be ${what}`,
					async () => (await knock(host, port + CLUSTER_BUS_OFFSET)) === what,
				),
			),
		);
	await larder.killAgent(name);
	await everyBusIs("open");
	await larder.startAgent(name);
	// First the ports themselves: the control plane may still repeat what the killed agent reported.
	await everyBusIs(CLOSED);
	await requireClosed(larder, cache);
}

async function failOver(larder: Installation, cache: WatchedCache): Promise<void> {
	const before = await cache.primaryOf("0001");
	await waitUntil("the failover to be accepted", async () => {
		const answer = await larder.rest("POST", `/caches/${NAME}/failover`, {
			body: { shard: "0001" },
		});
		if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
		return true;
	});
	await nextPrimary({ primaryOf: (id) => cache.primaryOf(id) }, before);
}

/** Drains the host: new members on other hosts replace its nodes, and all the others must let them in. */
async function moveAway(larder: Installation, name: AgentName, cache: WatchedCache): Promise<void> {
	const answer = await larder.rest("POST", `/hosts/${name}/drain`);
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
	await waitUntil(
		`${name} to be empty`,
		async () => hostSchema.parse((await larder.rest("GET", `/hosts/${name}`)).body).nodeCount === 0,
		CLOSED_WITHIN_MS,
	);
	await cache.whole();
	await larder.rest("POST", `/hosts/${name}/uncordon`);
}

/** What a stranger who connects gets: open, or why not. */
function knock(host: string, port: number): Promise<string> {
	return new Promise((resolve) => {
		const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
		const end = (what: string) => {
			socket.destroy();
			resolve(what);
		};
		socket.once("connect", () => end("open"));
		socket.once("timeout", () => end("silent"));
		socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
	});
}
