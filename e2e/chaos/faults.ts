import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fillDisk } from "../../platform/testing/small-disk.ts";
import type { Cache, CacheNode } from "../../server/contract/cache-view.ts";
import { hostPageSchema } from "../../server/contract/host.ts";
import { instanceDirOf } from "../fixtures/engine-truth.ts";
import { hostPids, signalAll } from "../fixtures/host-processes.ts";
import type { AgentName, Installation } from "../fixtures/installation.ts";
import type { Trade } from "../fixtures/processes-of.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

const RESTART_WITHIN_MS = 1_500;
const STOPPED_MS = { least: 2_000, more: 3_000 };
const FULL_MS = 3_000;
const MOVE_TIMEOUT_MS = 180_000;

export interface Scene {
	larder: Installation;
	/** In their last known state, in which all were healthy. */
	caches: readonly Cache[];
	/** Hosts that this fault may strike. */
	hosts: readonly AgentName[];
	/** The host whose home is on a disk of its own; null if none is available. */
	smallDisk: AgentName | null;
	random(below: number): number;
}

export interface Struck {
	/** For the report: what was done to which node or host. */
	what: string;
	host: AgentName | null;
	/** Names of nodes that may have lost their data because of it. */
	emptied: readonly string[];
}

export interface Fault {
	kind: string;
	/**
	 *   none    planned, or away from the primaries: no acknowledged write may be lost
	 *   plain   writes that no replica had yet may be lost, but never those that WAIT acknowledged
	 */
	mayLose: "none" | "plain";
	/** Carries the fault out, and undoes what doesn't recover by itself. Null if the scene has no target. */
	strike(scene: Scene): Promise<Struck | null>;
}

type Role = NonNullable<CacheNode["role"]>;

const engineKilled = (role: Role): Fault => ({
	kind: `engine killed (${role})`,
	mayLose: role === "replica" ? "none" : "plain",
	async strike(scene) {
		const node = chooseNode(scene, role);
		if (node === null) return null;
		signalAll([node.pid ?? 0], "SIGKILL");
		return { what: node.id, host: node.host as AgentName, emptied: [node.id] };
	},
});

const engineStopped = (role: Role): Fault => ({
	kind: `engine hung (${role})`,
	mayLose: role === "replica" ? "none" : "plain",
	async strike(scene) {
		const node = chooseNode(scene, role);
		if (node === null) return null;
		await stopFor(scene, [node.pid ?? 0]);
		// Larder ends a hung primary if a replica can take over, and otherwise waits for it.
		const emptied = hasReplica(scene, node) ? [node.id] : [];
		return { what: node.id, host: node.host as AgentName, emptied };
	},
});

const engineWiped = (role: Role, killed: boolean): Fault => ({
	kind: killed ? `engine killed, data wiped (${role})` : `data wiped under engine (${role})`,
	mayLose: killed && role === "primary" ? "plain" : "none",
	async strike(scene) {
		const node = chooseNode(scene, role);
		if (node === null) return null;
		const data = join(instanceDirOf(scene.larder, node), "data");
		if (killed) signalAll([node.pid ?? 0], "SIGKILL");
		wipe(data);
		return { what: node.id, host: node.host as AgentName, emptied: killed ? [node.id] : [] };
	},
});

const agentKilled: Fault = {
	kind: "agent killed",
	mayLose: "none",
	async strike(scene) {
		const host = chooseOne(scene, scene.hosts);
		await scene.larder.killAgent(host);
		await delay(scene.random(RESTART_WITHIN_MS));
		await scene.larder.startAgent(host);
		return { what: host, host, emptied: [] };
	},
};

const agentStopped: Fault = {
	kind: "agent hung",
	mayLose: "none",
	async strike(scene) {
		const host = chooseOne(scene, scene.hosts);
		await stopFor(scene, [scene.larder.agent(host).pid]);
		return { what: host, host, emptied: [] };
	},
};

const hostProcessStruck = (trade: Trade, kind: string, signal: "SIGKILL" | "SIGSTOP"): Fault => ({
	kind,
	mayLose: "none",
	async strike(scene) {
		const host = chooseOne(scene, scene.hosts);
		const pids = hostPids(scene.larder, host, trade);
		if (pids.length === 0) return null;
		if (signal === "SIGKILL") signalAll(pids, signal);
		else await stopFor(scene, pids);
		return { what: host, host, emptied: [] };
	},
});

const controlPlaneKilled: Fault = {
	kind: "control plane killed",
	mayLose: "none",
	async strike({ larder, random }) {
		await larder.killControlPlane();
		await delay(random(RESTART_WITHIN_MS));
		await larder.startControlPlane();
		return { what: "control plane", host: null, emptied: [] };
	},
};

const controlPlaneStopped: Fault = {
	kind: "control plane hung",
	mayLose: "none",
	async strike(scene) {
		await stopFor(scene, [scene.larder.controlPlane().pid]);
		return { what: "control plane", host: null, emptied: [] };
	},
};

const hostKilled: Fault = {
	kind: "host killed",
	mayLose: "plain",
	async strike(scene) {
		const host = chooseOne(scene, scene.hosts);
		signalAll(hostPids(scene.larder, host), "SIGKILL");
		await delay(scene.random(RESTART_WITHIN_MS));
		await scene.larder.startAgent(host);
		return { what: host, host, emptied: nodesOn(scene, host) };
	},
};

const hostStopped: Fault = {
	kind: "host silent",
	mayLose: "plain",
	async strike(scene) {
		const host = chooseOne(scene, scene.hosts);
		await stopFor(scene, hostPids(scene.larder, host));
		const replaced = nodesOn(scene, host).filter((name) => {
			const node = allNodes(scene).find(({ id }) => id === name);
			return node !== undefined && hasReplica(scene, node);
		});
		return { what: host, host, emptied: replaced };
	},
};

const diskFull: Fault = {
	kind: "disk full",
	mayLose: "plain",
	async strike({ larder, smallDisk, hosts, caches }) {
		if (smallDisk === null || !hosts.includes(smallDisk)) return null;
		const makeRoom = fillDisk(larder.home.agentDir(smallDisk));
		try {
			await delay(FULL_MS);
		} finally {
			makeRoom();
		}
		// Cluster nodes end themselves if they can't write their identity to disk.
		const emptied = nodesOn({ caches }, smallDisk);
		return { what: smallDisk, host: smallDisk, emptied };
	},
};

const twoAtOnce: Fault = {
	kind: "two at once, in two zones",
	mayLose: "plain",
	async strike(scene) {
		const kinds = [
			...[engineKilled("primary"), engineKilled("replica"), agentKilled, hostKilled],
			...[
				hostProcessStruck("gateway", "", "SIGKILL"),
				hostProcessStruck("sentinel", "", "SIGKILL"),
			],
		];
		const first = chooseOne(scene, scene.hosts);
		const second = chooseOne(
			scene,
			scene.hosts.filter((host) => host !== first),
		);
		const struck = await Promise.all(
			[first, second].map((host) => chooseOne(scene, kinds).strike({ ...scene, hosts: [host] })),
		);
		const real = struck.filter((each) => each !== null);
		return {
			what: real.map(({ what }) => what).join(" and "),
			host: null,
			emptied: real.flatMap(({ emptied }) => emptied),
		};
	},
};

const failoverAsked: Fault = {
	kind: "failover asked for",
	mayLose: "none",
	async strike(scene) {
		const { larder } = scene;
		const node = chooseNode(scene, "primary", (primary) => hasReplica(scene, primary));
		if (node === null) return null;
		const { cache, shard } = placeOf(scene, node);
		const path = `/caches/${cache.name}/failover`;
		const answer = await larder.rest("POST", path, { body: { shard: shard.id } });
		if (answer.status !== 202) throw new Error(`${path}: ${JSON.stringify(answer)}`);
		await waitUntil(`${node.id} to hand over`, async () => {
			const now = await larder.getCache(cache.name);
			const members = now?.shards.find(({ id }) => id === shard.id)?.nodes ?? [];
			return members.some((each) => each.role === "primary" && each.id !== node.id);
		});
		return { what: node.id, host: null, emptied: [] };
	},
};

const rebootAsked: Fault = {
	kind: "reboot asked for",
	mayLose: "none",
	async strike(scene) {
		const { larder } = scene;
		const node = chooseNode(scene, "primary") ?? chooseNode(scene, "replica");
		if (node === null) return null;
		const { cache } = placeOf(scene, node);
		const path = `/caches/${cache.name}/reboot`;
		const answer = await larder.rest("POST", path, { body: { nodes: [node.id] } });
		if (answer.status !== 202) throw new Error(`${path}: ${JSON.stringify(answer)}`);
		await waitUntil(
			`${node.id} to be rebooted`,
			async () => {
				const now = (await larder.getCache(cache.name))?.shards.flatMap(({ nodes }) => nodes);
				const rebooted = now?.find(({ id }) => id === node.id);
				return rebooted?.status === "available" && rebooted.pid !== node.pid;
			},
			MOVE_TIMEOUT_MS,
		);
		return { what: node.id, host: null, emptied: [] };
	},
};

const hostDrained: Fault = {
	kind: "host drained",
	mayLose: "none",
	async strike(scene) {
		const { larder } = scene;
		const host = chooseOne(scene, scene.hosts);
		const drain = await larder.rest("POST", `/hosts/${host}/drain`);
		if (drain.status >= 300) throw new Error(`drain: ${JSON.stringify(drain)}`);
		await waitUntil(
			`${host} to be empty`,
			async () => {
				const page = hostPageSchema.parse((await larder.rest("GET", "/hosts")).body);
				const found = page.items.find(({ name }) => name === host);
				if (found?.nodeCount === 0) return true;
				throw new Error(`${found?.nodeCount} nodes; ${found?.statusReason}`);
			},
			MOVE_TIMEOUT_MS,
		);
		await larder.rest("POST", `/hosts/${host}/uncordon`);
		return { what: host, host, emptied: [] };
	},
};

export const FAULTS: readonly Fault[] = [
	engineKilled("primary"),
	engineKilled("replica"),
	engineKilled("node"),
	engineStopped("primary"),
	engineStopped("replica"),
	engineWiped("primary", true),
	engineWiped("replica", true),
	engineWiped("primary", false),
	engineWiped("replica", false),
	agentKilled,
	agentStopped,
	hostProcessStruck("gateway", "gateway killed", "SIGKILL"),
	hostProcessStruck("gateway", "gateway hung", "SIGSTOP"),
	hostProcessStruck("sentinel", "Sentinel killed", "SIGKILL"),
	hostProcessStruck("sentinel", "Sentinel hung", "SIGSTOP"),
	controlPlaneKilled,
	controlPlaneStopped,
	hostKilled,
	hostStopped,
	diskFull,
	twoAtOnce,
	failoverAsked,
	rebootAsked,
	hostDrained,
];

export function allNodes({ caches }: Pick<Scene, "caches">): CacheNode[] {
	return caches.flatMap((cache) => cache.shards.flatMap((shard) => shard.nodes));
}

function chooseNode(
	scene: Scene,
	role: Role,
	suits: (node: CacheNode) => boolean = () => true,
): CacheNode | null {
	const nodes = allNodes(scene).filter(
		(node) => node.role === role && scene.hosts.includes(node.host as AgentName) && suits(node),
	);
	return nodes.length === 0 ? null : chooseOne(scene, nodes);
}

function chooseOne<T>({ random }: Pick<Scene, "random">, from: readonly T[]): T {
	const chosen = from[random(from.length)];
	if (chosen === undefined) throw new Error("nothing to choose from");
	return chosen;
}

function placeOf(scene: Scene, node: CacheNode) {
	for (const cache of scene.caches) {
		for (const shard of cache.shards) if (shard.nodes.includes(node)) return { cache, shard };
	}
	throw new Error(`${node.id} is in no cache`);
}

function hasReplica(scene: Scene, node: CacheNode): boolean {
	return placeOf(scene, node).shard.nodes.some(({ role }) => role === "replica");
}

function nodesOn(scene: Pick<Scene, "caches">, host: AgentName): string[] {
	return allNodes(scene)
		.filter((node) => node.host === host)
		.map(({ id }) => id);
}

async function stopFor({ random }: Scene, pids: readonly number[]): Promise<void> {
	signalAll(pids, "SIGSTOP");
	try {
		await delay(STOPPED_MS.least + random(STOPPED_MS.more));
	} finally {
		signalAll(pids, "SIGCONT");
	}
}

function wipe(directory: string): void {
	for (const name of readdirSync(directory)) {
		rmSync(join(directory, name), { recursive: true, force: true });
	}
}
