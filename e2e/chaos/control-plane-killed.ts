import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { inlineCommand } from "../bench/inline-command.ts";
import type { Installation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import type { Scenario } from "./scenario.ts";

const ROUNDS = 20;
/** Longer than an undisturbed creation or deletion takes, so that kills can hit every moment of one. */
const KILL_WITHIN_MS = 700;

/**
 * The control plane is killed at a random moment of each of twenty creations or deletions, and restarted. Each change
 * must finish, no cache may be lost or empty, and no process may be left over.
 */
export const controlPlaneKilled: Scenario = {
	name: "control-plane-killed",
	description:
		"the control plane killed amid creations and deletions: each finishes, nothing is left behind",
	run: ({ random, kills = ROUNDS }) =>
		withInstallation({}, (larder) => killAmidChanges(larder, random, kills)),
};

async function killAmidChanges(
	larder: Installation,
	random: (below: number) => number,
	rounds: number,
): Promise<string> {
	const wanted = new Map<string, number>();
	const deleted: string[] = [];
	/** Caches that hold a value, and the process that held it first: neither may change. */
	const marked = new Map<string, number>();
	for (let round = 0; round < rounds; round += 1) {
		// Half of the rounds delete, once there are three caches.
		const names = [...wanted.keys()];
		const victim = names.length > 2 && random(2) === 0 ? names[random(names.length)] : undefined;
		const idempotencyKey = randomUUID();
		const name = victim ?? `chaos-${round}`;
		const replicas = random(3);
		const call = () =>
			victim === undefined
				? larder.rest("POST", "/caches", {
						body: { name, auth: "none", replicasPerShard: replicas },
						headers: { "idempotency-key": idempotencyKey },
					})
				: larder.rest("DELETE", `/caches/${name}`);
		// The control plane may die before it answers, but the request must be carried out.
		const answered = call().catch(() => null);
		await delay(random(KILL_WITHIN_MS));
		await larder.killControlPlane();
		await answered;
		await larder.startControlPlane();
		await waitUntil(`the request for ${name} to be accepted`, async () => {
			const { status } = await call();
			return status === 202 || (victim !== undefined && status === 404);
		});
		if (victim === undefined) wanted.set(name, replicas);
		else {
			wanted.delete(name);
			deleted.push(name);
		}
		await markNewlyAvailable(larder, wanted, marked);
	}
	for (const name of wanted.keys()) await larder.waitForStatus(name, "available", 60_000);
	for (const name of deleted) {
		await waitUntil(
			`${name} to be gone`,
			async () => (await larder.getCache(name)) === null,
			60_000,
		);
	}
	await markNewlyAvailable(larder, wanted, marked);
	await requireMarks(larder, wanted, marked);
	await requireNothingStray(larder, [...wanted.keys()]);
	return `${rounds} kills of the control plane: ${wanted.size} caches available with their data, ${deleted.length} gone, ${larder.engines().length} engines, none stray`;
}

async function markNewlyAvailable(
	larder: Installation,
	wanted: ReadonlyMap<string, number>,
	marked: Map<string, number>,
): Promise<void> {
	for (const name of wanted.keys()) {
		if (marked.has(name)) continue;
		const cache = await larder.getCache(name);
		const primary = cache?.shards[0]?.nodes.find((node) => node.role === "primary");
		if (cache?.status !== "available" || !primary?.pid) continue;
		await inlineCommand(primary.address, primary.port, `SET mark ${name}`);
		marked.set(name, primary.pid);
	}
}

async function requireMarks(
	larder: Installation,
	wanted: ReadonlyMap<string, number>,
	marked: ReadonlyMap<string, number>,
): Promise<void> {
	for (const name of wanted.keys()) {
		const cache = await larder.getCache(name);
		const primary = cache?.shards[0]?.nodes.find((node) => node.role === "primary");
		if (primary?.pid !== marked.get(name)) throw new Error(`${name} was started again`);
		const value = await inlineCommand(primary?.address ?? "", primary?.port ?? 0, "GET mark");
		if (!value?.includes(name)) throw new Error(`${name} lost its data: ${value}`);
	}
}
