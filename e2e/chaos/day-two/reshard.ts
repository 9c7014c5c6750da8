import { setTimeout as delay } from "node:timers/promises";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { type ClusterLoad, startClusterLoad } from "../../fixtures/cluster-load.ts";
import { findPrimary, requireWhole } from "../../fixtures/engine-truth.ts";
import { AGENT_NAMES, type Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { killNode } from "../stories/act.ts";

const TIMEOUT_MS = 180_000;
const KILL_WITHIN_MS = 3_000;
/** How often a scenario repeats the strike that it is about. */
const TIMES = 20;
const LOAD = { keys: 20_000, bytes: 500, loops: 4, restMs: 1 };
const ENGINES = [
	{ engine: "valkey", engineVersion: "9" },
	{ engine: "valkey", engineVersion: "8" },
	{ engine: "redis", engineVersion: "7" },
];
const STEPS: readonly Step[] = [
	{ what: "3 to 4 shards", shards: 4, ask: (larder, name) => patch(larder, name, 4) },
	{ what: "4 to 3 shards", shards: 3, ask: (larder, name) => patch(larder, name, 3) },
];
/** Sets slots by hand, then rebalances. */
const BY_HAND: readonly Step[] = [
	{
		what: "slots by hand",
		shards: 3,
		ask: (larder, name) =>
			larder.rest("PUT", `/caches/${name}/slots`, {
				body: { slots: ["0-999,16000-16383", "1000-9999", "10000-15999"] },
			}),
	},
	{
		what: "rebalance",
		shards: 3,
		ask: (larder, name) => larder.rest("POST", `/caches/${name}/rebalance`, { body: {} }),
	},
];

interface Step {
	what: string;
	shards: number;
	ask(larder: Installation, name: string): ReturnType<Installation["rest"]>;
}

type Strike = (larder: Installation, name: string, options: ScenarioOptions) => Promise<string>;

export const reshard: Scenario = {
	name: "reshard",
	description: "shards come and go and slots move under a cluster client: no request fails",
	run: (options) => withInstallation({}, (larder) => playAll(larder, options, [])),
};

/** Strikes hit the changes at random moments: killed programs, a failover and a cancellation. */
export const reshardKilled: Scenario = {
	name: "reshard-killed",
	description:
		"control plane, agent or an engine killed, a failover and a cancellation while slots move: the cache ends up healthy",
	run: (options) =>
		withInstallation({}, (larder) =>
			playAll(larder, options, [killControlPlane, killAgent, killPrimary, failOver, cancel]),
		),
};

/** Each strike is repeated in two changes. */
const struckAgain = (strike: Strike, times: number): Strike[] =>
	Array.from({ length: Math.ceil(times / STEPS.length) }, () => strike);

export const reshardFailovers: Scenario = {
	name: "reshard-failovers",
	description: "20 planned failovers (--kills) while slots move: no request fails, nothing is lost",
	run: (options) =>
		withInstallation({}, (larder) =>
			playAll(larder, options, struckAgain(failOver, options.kills ?? TIMES)),
		),
};

export const reshardCanceled: Scenario = {
	name: "reshard-canceled",
	description:
		"20 changes of shards (--kills) canceled at random moments: the former shards and all keys remain",
	run: (options) =>
		withInstallation({}, (larder) =>
			playAll(larder, options, Array<Strike>(options.kills ?? TIMES).fill(cancel)),
		),
};

async function playAll(
	larder: Installation,
	options: ScenarioOptions,
	strikes: readonly Strike[],
): Promise<string> {
	const found: string[] = [];
	for (const engine of ENGINES) {
		const name = `reshard-${engine.engine}-${engine.engineVersion}`;
		if (!name.includes(options.kind ?? "")) continue;
		await larder.createCache({
			...{ name, ...engine, auth: "none", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
		});
		const cache = await whole(larder, name, 3);
		const load = await startClusterLoad({ seeds: cache.endpoints.nodes, ...LOAD });
		try {
			const rounds = strikes.length === 0 ? [null] : strikes;
			for (const strike of rounds) {
				const steps = strike === null ? [...STEPS, ...BY_HAND] : STEPS;
				for (const step of steps) {
					const text = await play(larder, name, load, step, strike, options);
					options.log(text);
					found.push(text);
				}
			}
		} finally {
			await load.stop();
		}
		await larder.deleteCache(name);
	}
	return found.join("; ");
}

async function play(
	larder: Installation,
	name: string,
	load: ClusterLoad,
	step: Step,
	strike: Strike | null,
	options: ScenarioOptions,
): Promise<string> {
	load.takeTimesMs();
	const before = load.failures;
	const since = performance.now();
	const answer = await step.ask(larder, name);
	// An earlier cancellation already left the cache as this step wants it.
	if (answer.status === 200) return `${name} ${step.what}: nothing to do`;
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
	const struck = strike === null ? "" : `, ${await strike(larder, name, options)}`;
	const isCanceled = strike === cancel;
	const now = await whole(larder, name, isCanceled ? null : step.shards);
	const tookMs = performance.now() - since;
	const times = load.takeTimesMs().sort((a, b) => a - b);
	const lost = await load.findLosses();
	const failed = load.failures - before;
	const text = `${name} ${step.what}${struck}: ${now.shards.length} shards after ${tookMs.toFixed(0)} ms, slowest request ${times.at(-1)?.toFixed(0)} ms, p99 ${times[Math.floor(times.length * 0.99)]?.toFixed(1)} ms, ${failed} of ${times.length} failed${failed === 0 ? "" : ` (${load.lastFailure})`}, ${lost.length} keys lost`;
	// A killed engine takes with it what only it had: the writes of its last moments.
	const mayLose = strike === killPrimary;
	if (lost.length > 0 && !mayLose) {
		const examples = lost.slice(0, 3).map((key) => key.text);
		throw new Violation(`${text}: ${examples.join("; ")}`);
	}
	if (failed > 0 && strike !== killPrimary) throw new Violation(text);
	return text;
}

/** Waits until the cache is healthy according to the control plane and the engines, with no change under way. */
async function whole(larder: Installation, name: string, shards: number | null): Promise<Cache> {
	return await waitUntil(
		`${name} to be healthy`,
		async () => {
			const cache = await larder.getCache(name);
			if (cache === null || cache.operation !== null) return null;
			if (shards !== null && cache.shards.length !== shards) return null;
			await requireWhole(cache, null);
			return cache;
		},
		TIMEOUT_MS,
	);
}

function patch(larder: Installation, name: string, shards: number) {
	return larder.rest("PATCH", `/caches/${name}`, { body: { shards } });
}

const killControlPlane: Strike = async (larder, _, { random }) => {
	await delay(random(KILL_WITHIN_MS));
	await larder.killControlPlane();
	await larder.startControlPlane();
	return "the control plane killed";
};

const killAgent: Strike = async (larder, _, { random }) => {
	await delay(random(KILL_WITHIN_MS));
	const agent = larder.agentNames[random(larder.agentNames.length)] ?? AGENT_NAMES[0];
	await larder.killAgent(agent);
	await larder.startAgent(agent);
	return `the agent ${agent} killed`;
};

const killPrimary: Strike = async (larder, name, { random }) => {
	await delay(random(KILL_WITHIN_MS));
	const cache = await larder.getCache(name);
	const led = cache?.shards.filter(({ nodes }) => nodes.some(({ pid }) => pid !== null)) ?? [];
	const shard = led[random(led.length)];
	if (shard === undefined) return "nothing to kill";
	const primary = await findPrimary(shard, null).catch(() => null);
	if (primary === null) return "no primary to kill";
	killNode(primary);
	return `the primary of shard ${shard.id} killed`;
};

const failOver: Strike = async (larder, name, { random }) => {
	await delay(random(KILL_WITHIN_MS));
	const shard = `000${1 + random(3)}`;
	const answer = await larder.rest("POST", `/caches/${name}/failover`, { body: { shard } });
	return `failover of shard ${shard} requested (${answer.status})`;
};

const cancel: Strike = async (larder, name, { random }) => {
	await delay(random(KILL_WITHIN_MS));
	const answer = await larder.rest("POST", `/caches/${name}/operation/cancel`, { body: {} });
	return `canceled (${answer.status})`;
};
