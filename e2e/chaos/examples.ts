import type { CacheNode } from "../../server/contract/cache-view.ts";
import { passwordOf } from "../fixtures/engine-clients.ts";
import { findPrimary } from "../fixtures/engine-truth.ts";
import {
	createExamplesCache,
	type ExamplesAtWork,
	startExamples,
} from "../fixtures/examples-at-work.ts";
import { AGENT_NAMES, type Installation } from "../fixtures/installation.ts";
import { waitForSentinels } from "../fixtures/sentinels.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { type Scenario, Violation } from "./scenario.ts";
import { killNode } from "./stories/act.ts";

const CACHE = "examples";
const CHANGE_MS = 120_000;
/** Between two uses of an example: ten processes share the machine with Larder. */
const PAUSE_MS = 20;
/** What the cache grows to, one change after the other. */
const SCALE_OUT = [{ replicasPerShard: 3 }, { nodeType: "cache.t4g.small" }] as const;

/** Applications are used without a pause through what happens to a cache in the course of its life. */
export const examples: Scenario = {
	name: "examples",
	description:
		"every example through a failover, a scale-out and the control plane's death: nothing is lost, no answer is wrong",
	run: ({ log }) =>
		withInstallation({ agents: AGENT_NAMES }, async (larder) => {
			await createExamplesCache(larder, CACHE);
			const found = await playAll(larder, log);
			await requireNothingStray(larder, [CACHE]);
			return found;
		}),
};

async function playAll(larder: Installation, log: (message: string) => void): Promise<string> {
	const atWork = await startExamples(larder, CACHE, { pauseMs: PAUSE_MS, slow: true });
	try {
		await atWork.goOn();
		for (const [what, act] of [
			["failover", failOver],
			["scale-out", scaleOut],
			["control plane's death", loseControlPlane],
		] as const) {
			const startedAt = performance.now();
			await act(larder, atWork);
			await atWork.goOn(CHANGE_MS);
			const seconds = (performance.now() - startedAt) / 1_000;
			log(
				`${what}: ${seconds.toFixed(1)} s; acknowledged ${JSON.stringify(atWork.acknowledged())}`,
			);
		}
		const faults = Object.entries(await atWork.finish()).filter(([, list]) => list.length > 0);
		if (faults.length > 0) throw new Violation(JSON.stringify(Object.fromEntries(faults)));
		const uses = Object.values(atWork.acknowledged()).reduce((sum, count) => sum + count, 0);
		return `${atWork.names.length} examples: ${uses} acknowledged uses, none lost or wrong`;
	} finally {
		await atWork.stop();
	}
}

async function failOver(larder: Installation): Promise<void> {
	const before = await primaryOf(larder);
	killNode(before);
	await otherPrimary(larder, before);
	await larder.waitForStatus(CACHE, "available", CHANGE_MS);
}

async function scaleOut(larder: Installation, atWork: ExamplesAtWork): Promise<void> {
	for (const body of SCALE_OUT) {
		const answer = await larder.rest("PATCH", `/caches/${CACHE}`, { body });
		if (answer.status !== 202) throw new Error(`PATCH: ${JSON.stringify(answer)}`);
		await waitUntil(
			`${CACHE} to have ${JSON.stringify(body)}`,
			async () => {
				const cache = await larder.getCache(CACHE);
				const isReached = Object.entries(body).every(
					([name, value]) => cache !== null && Reflect.get(cache, name) === value,
				);
				return isReached && cache?.status === "available";
			},
			CHANGE_MS,
		);
		await atWork.goOn(CHANGE_MS);
	}
}

/** It is killed, the primary is lost while it is away, and Sentinel's choice stays when it is back. */
async function loseControlPlane(larder: Installation, atWork: ExamplesAtWork): Promise<void> {
	const cache = await larder.waitForStatus(CACHE, "available", CHANGE_MS);
	const password = await passwordOf(larder, CACHE);
	await waitForSentinels(larder, larder.agentNames, cache, password);
	const before = await primaryOf(larder);
	await larder.killControlPlane();
	await atWork.goOn(CHANGE_MS);
	killNode(before);
	await atWork.goOn(CHANGE_MS);
	await larder.startControlPlane();
	const after = await otherPrimary(larder, before);
	await larder.waitForStatus(CACHE, "available", CHANGE_MS);
	const leads = await primaryOf(larder);
	if (leads.id !== after.id) throw new Violation(`${after.id} led, and now ${leads.id} does`);
}

async function primaryOf(larder: Installation): Promise<CacheNode> {
	const [shard] = (await larder.waitForStatus(CACHE, "available", CHANGE_MS)).shards;
	if (shard === undefined) throw new Error("the cache has no shard");
	return await findPrimary(shard, await passwordOf(larder, CACHE));
}

async function otherPrimary(larder: Installation, before: CacheNode): Promise<CacheNode> {
	return await waitUntil(
		"another primary",
		async () => {
			const nodes = (await larder.getCache(CACHE))?.shards[0]?.nodes;
			return nodes?.find(({ id, role }) => role === "primary" && id !== before.id);
		},
		CHANGE_MS,
	);
}
