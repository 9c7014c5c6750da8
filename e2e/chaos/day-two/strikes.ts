import type { Cache, CacheNode } from "../../../server/contract/cache-view.ts";
import { hostPids, signalAll } from "../../fixtures/host-processes.ts";
import { AGENT_NAMES, type AgentName, type Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import type { ScenarioOptions } from "../scenario.ts";
import { type ChangeKind, isOfSlots } from "./changing-caches.ts";

type Random = ScenarioOptions["random"];

const BACK_WITHIN_MS = 300_000;

/** `engine`: one that gives or gets slots, arrives, leaves or changes. `peer`: the other end of its work. */
export const STRIKES = [
	...["control plane", "agent", "engine", "peer"],
	...["cancellation", "failover"],
] as const;
export type StrikeKind = (typeof STRIKES)[number];
export type ProgramStrike = Extract<StrikeKind, "control plane" | "agent">;

export function isOfProgram(strike: StrikeKind): strike is ProgramStrike {
	return strike === "control plane" || strike === "agent";
}

/** Planned failovers strike moving slots. */
export function isFor(strike: StrikeKind, change: ChangeKind): boolean {
	return strike !== "failover" || isOfSlots(change);
}

/** These hit all caches at once. */
export async function strikeProgram(
	larder: Installation,
	kind: ProgramStrike,
	random: Random,
): Promise<string> {
	if (kind === "control plane") {
		await larder.killControlPlane();
		// It may take minutes on a machine that is far too busy.
		await waitUntil(
			"the control plane to be back",
			async () => {
				await larder.startControlPlane();
				return true;
			},
			BACK_WITHIN_MS,
		);
		return "the control plane killed";
	}
	const agent = larder.agentNames[random(larder.agentNames.length)] ?? AGENT_NAMES[0];
	await larder.killAgent(agent);
	await larder.startAgent(agent);
	return `the agent ${agent} killed`;
}

interface Scene {
	larder: Installation;
	cache: Cache;
	/** Processes of all caches that the API shows. */
	known: ReadonlySet<number | null>;
	random: Random;
}

/** Hits the change of one cache. Returns what it did; null if there was nothing to hit. */
export async function strikeCache(
	kind: Exclude<StrikeKind, ProgramStrike>,
	scene: Scene,
): Promise<string | null> {
	const { larder, cache, random } = scene;
	const path = `/caches/${cache.name}`;
	switch (kind) {
		case "cancellation": {
			const { status } = await larder.rest("POST", `${path}/operation/cancel`, { body: {} });
			return status === 202 ? "canceled" : null;
		}
		case "failover": {
			const move = pick(cache.operation?.moves ?? [], random);
			const shard = random(2) === 0 ? move?.from : move?.to;
			if (shard === undefined) return null;
			const { status } = await larder.rest("POST", `${path}/failover`, { body: { shard } });
			return status < 300 ? `failover of shard ${shard}` : null;
		}
		case "engine":
		case "peer": {
			const { engine, peer } = slotEnds(scene) ?? nodeEnds(scene);
			const end = kind === "engine" ? engine : peer;
			if (end === null) return null;
			signalAll([end.pid], "SIGKILL");
			return `${end.text} killed`;
		}
	}
}

interface End {
	pid: number;
	text: string;
}

interface Ends {
	engine: End | null;
	peer: End | null;
}

/** The primaries of two shards between which slots move; null if none do. */
function slotEnds({ cache, random }: Scene): Ends | null {
	const moves = cache.operation?.moves.filter(({ slots }) => slots.moved < slots.total) ?? [];
	const move = pick(moves, random);
	if (move === undefined) return null;
	const primaryOf = (id: string) =>
		endOf(cache.shards.find((shard) => shard.id === id)?.nodes.find(isPrimary));
	const [from, to] = [primaryOf(move.from), primaryOf(move.to)];
	return random(2) === 0 ? { engine: from, peer: to } : { engine: to, peer: from };
}

/** A node that arrives, leaves or changes (any node if none does) and its primary, or one of its replicas. */
function nodeEnds({ larder, cache, known, random }: Scene): Ends {
	const all = cache.shards.flatMap((shard) => shard.nodes);
	const changing = all.filter(({ status, move }) => status !== "available" || move !== null);
	const node = pick(changing.length > 0 ? changing : all, random);
	if (node === undefined) return { engine: null, peer: null };
	const others = cache.shards
		.flatMap((shard) => (shard.nodes.includes(node) ? shard.nodes : []))
		.filter((other) => other !== node && other.pid !== null);
	const successor = node.move === null ? null : successorOn(larder, node.move.to, known);
	return {
		engine: successor === null ? endOf(node) : { pid: successor, text: `${node.id}'s successor` },
		peer: endOf(others.find(isPrimary) ?? pick(others, random)),
	};
}

/** An engine that the API doesn't show yet. */
function successorOn(
	larder: Installation,
	host: string,
	known: ReadonlySet<number | null>,
): number | null {
	return hostPids(larder, host as AgentName, "engine").find((pid) => !known.has(pid)) ?? null;
}

function endOf(node: CacheNode | undefined): End | null {
	if (node === undefined || node.pid === null) return null;
	return { pid: node.pid, text: `${node.role ?? "node"} ${node.id}` };
}

function isPrimary({ role }: CacheNode): boolean {
	return role === "primary";
}

function pick<T>(items: readonly T[], random: Random): T | undefined {
	return items[random(items.length)];
}
