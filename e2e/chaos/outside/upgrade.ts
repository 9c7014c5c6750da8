import { readFileSync } from "node:fs";
import { identifyProcess } from "../../../platform/process-identity.ts";
import { hostPageSchema } from "../../../server/contract/host.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import { buildFormer, whyNoFormer } from "../../fixtures/former-version.ts";
import type { AgentName, Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { requireNothingStray } from "../nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { type ClientReport, startSteadyClient } from "../steady-client.ts";
import { WatchedCache } from "../watched-cache.ts";

const BODIES = [
	{ name: "replicated", replicasPerShard: 2 },
	{ name: "clustered", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
	{ name: "memcached", engine: "memcached", nodes: 2 },
];
/** Created while the control plane is already new and the agents aren't. */
const MIXED = "mixed";
const WAIT_MS = 60_000;
const STEADY_REST_MS = 5;
/** What an agent logs about a file that it can't use. */
const UNREADABLE = /damaged|can't be read|file can't be used/;

/** What an agent logs while its control plane is older. */
const ADVICE = /The control plane is older than this agent/;

type Steps = (
	larder: Installation,
	caches: WatchedCache[],
	log: ScenarioOptions["log"],
) => Promise<void>;

export const upgrade: Scenario = {
	name: "upgrade",
	description:
		"from the former version under load, control plane first: the same engines, no node replaced, no acknowledged write lost",
	whyNot: whyNoFormer,
	run: (options) =>
		underLoad(options, async (larder, caches, log) => {
			const before = await stateOf(larder, caches);
			await upgradeControlPlane(larder, caches, larder.agentNames, before);
			log("the control plane is new");
			caches.push(await WatchedCache.create(larder, { name: MIXED, replicasPerShard: 1 }));
			await upgradeAgents(larder, caches, log);
		}),
};

export const upgradeAgentFirst: Scenario = {
	name: "upgrade-agent-first",
	description:
		"an agent that is upgraded before its control plane keeps its engines and logs what to do, and the control plane's upgrade puts everything right",
	whyNot: whyNoFormer,
	run: (options) =>
		underLoad(options, async (larder, caches, log) => {
			const [first, ...others] = larder.agentNames;
			if (first === undefined) throw new Error("no agent was started");
			const before = await stateOf(larder, caches);
			await larder.agent(first).end("SIGTERM");
			larder.useOwnCheckout();
			larder.spawnAgent(first);
			await waitUntil("its log to say what to do", () => ADVICE.test(logOf(larder, first)));
			for (const cache of caches) await cache.writesAgain(WAIT_MS);
			log(`${first} is new`);
			await upgradeControlPlane(larder, caches, others, before);
		}),
};

/** Upgrades an installation of the former version with caches that are written to. */
async function underLoad({ log }: ScenarioOptions, steps: Steps): Promise<string> {
	const checkout = await buildFormer(log);
	return await withInstallation({ checkout }, async (larder) => {
		const caches: WatchedCache[] = [];
		try {
			for (const body of BODIES) caches.push(await WatchedCache.create(larder, body));
			const replicated = await larder.waitForStatus("replicated", "available");
			const steady = startSteadyClient(requireEndpoint(replicated, "primary"), STEADY_REST_MS);
			const report = await whileServing(steady, () => steps(larder, caches, log));
			requireReadableFiles(larder);
			await requireNothingStray(
				larder,
				caches.map(({ name }) => name),
			);
			return await judge(caches, report);
		} finally {
			for (const cache of caches) await cache.stop();
		}
	});
}

async function whileServing(
	client: ReturnType<typeof startSteadyClient>,
	work: () => Promise<void>,
): Promise<ClientReport> {
	try {
		await work();
	} catch (error) {
		await client.stop();
		throw error;
	}
	return await client.stop();
}

async function upgradeControlPlane(
	larder: Installation,
	caches: readonly WatchedCache[],
	olderAgents: readonly AgentName[],
	before: readonly string[],
): Promise<void> {
	await larder.controlPlane().end("SIGTERM");
	larder.useOwnCheckout();
	await larder.startControlPlane();
	await requireOlderAgents(larder, olderAgents);
	await requireSame(larder, caches, before);
}

async function upgradeAgents(
	larder: Installation,
	caches: readonly WatchedCache[],
	log: ScenarioOptions["log"],
): Promise<void> {
	const before = await stateOf(larder, caches);
	for (const [index, name] of larder.agentNames.entries()) {
		await larder.agent(name).end("SIGTERM");
		await larder.startAgent(name);
		await requireOlderAgents(larder, larder.agentNames.slice(index + 1));
		await requireSame(larder, caches, before);
		log(`${name} is new`);
	}
}

/** Every process with its start time, and where each node is: none of this may change. */
async function stateOf(larder: Installation, caches: readonly WatchedCache[]): Promise<string[]> {
	const engines = larder.engines().map(({ pid }) => JSON.stringify(identifyProcess(pid)));
	const views = await Promise.all(caches.map((cache) => cache.whole(WAIT_MS)));
	const nodes = views.flatMap(({ name, shards }) =>
		shards.flatMap((shard) =>
			shard.nodes.map(({ id, host, role, pid }) => `${name} ${id}: ${role} on ${host}, ${pid}`),
		),
	);
	return [...engines, ...nodes].sort();
}

/** Checks that everything works, and that nothing has changed. */
async function requireSame(
	larder: Installation,
	caches: readonly WatchedCache[],
	before: readonly string[],
): Promise<void> {
	const after = await stateOf(larder, caches);
	for (const cache of caches) await cache.writesAgain(WAIT_MS);
	const gone = before.filter((line) => !after.includes(line));
	const added = after.filter((line) => !before.includes(line));
	if (gone.length + added.length === 0) return;
	throw new Violation(`changed: ${gone.join("; ")} became ${added.join("; ")}`);
}

/** Waits until exactly these hosts show an older agent. */
async function requireOlderAgents(larder: Installation, names: readonly string[]): Promise<void> {
	await waitUntil(`older agents on ${names.join(", ") || "no host"}`, async () => {
		const { items } = hostPageSchema.parse((await larder.rest("GET", "/hosts")).body);
		const older = items.filter(({ status, warnings }) => {
			return status === "online" && warnings.some(({ code }) => code === "agent-older");
		});
		return JSON.stringify(older.map(({ name }) => name)) === JSON.stringify(names);
	});
}

function logOf(larder: Installation, name: AgentName): string {
	return readFileSync(larder.agent(name).log, "utf8");
}

function requireReadableFiles(larder: Installation): void {
	for (const name of larder.agentNames) {
		const line = logOf(larder, name)
			.split("\n")
			.find((each) => UNREADABLE.test(each));
		if (line !== undefined)
			throw new Violation(`${name} can't read a former agent's file: ${line}`);
	}
}

async function judge(
	caches: readonly WatchedCache[],
	{ operations, errors }: ClientReport,
): Promise<string> {
	for (const cache of caches) await cache.requireNothingLost();
	const retries = caches.map(({ name, failures: { count, last } }) => {
		return `${name} ${count}${count === 0 ? "" : ` (${last.join(", ")})`}`;
	});
	return `the same engines and nodes, no acknowledged write lost; writes tried again: ${retries.join(", ")}; a client that never reconnects: ${operations} operations, errors: ${errors.join(", ") || "none"}`;
}
