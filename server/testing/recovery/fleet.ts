import type { Observation } from "../../contract/host-report.ts";

/** Virtual time advances in steps of this length. */
export const TICK_MS = 250;

/** One engine process: the truth about it, whether or not anything knows it. */
export interface Process {
	readonly pid: number;
	readonly startedAt: string;
	readonly since: number;
	role: "primary" | "replica";
	/** The node that it follows; `phantom` in a cluster's first moments (docs/decisions/0010). */
	follows: string | null;
	/** In a cluster: it owns its shard's slots, by an election of this epoch. */
	epoch: number;
	/** The history of writes that its data belongs to, and the one that this was continued from at a promotion. */
	history: number;
	formerHistory: number;
	/** How many writes it holds. */
	data: number;
	/** It has had its primary's data, or was started to lead. */
	synced: boolean;
	/** The engine's own mark, which electors go by: its agent sets it after the first sync. */
	mayLead: boolean;
	/** It began with what its predecessor kept over a reboot. */
	keptData: boolean;
	linkUp: boolean;
	/** Steps until it is in sync with the node that it follows. */
	syncLeft: number;
	/** Until this step, it runs but doesn't answer. */
	hangsUntil: number;
	heardAt: number;
}

/** A place for a process, and what its host keeps of it. */
export interface Node {
	readonly id: string;
	readonly shard: number;
	readonly host: Host;
	process: Process | null;
	phase: Observation["phase"];
	launches: number;
	launchedPermit: number;
	rebooted: number;
	/** On disk after a reboot's first half; null for nothing. */
	kept: { data: number; synced: boolean; history: number } | null;
	/** In a cluster, according to the engine's own file: that it leads, or which node it follows. */
	ledByFile: boolean;
	followedByFile: string | null;
	identityLost: boolean;
	silentSince: number | null;
	startsAt: number;
	/** What its host was told last. */
	assigned: Assigned;
}

export interface Assigned {
	leads: boolean;
	leader: string;
	onExit: "restart" | "report";
	permit: number;
	reboot: number;
}

export interface Host {
	readonly id: string;
	/** Virtual times, in steps, until which it is away. */
	agentDownUntil: number;
	cutUntil: number;
	offUntil: number;
	/** Its reports take this many steps. */
	latency: number;
}

const clusterNodeIds = new Map<string, string>();

/** How a cluster's engines name a node. */
export function clusterNodeIdOf(id: string): string {
	const known = clusterNodeIds.get(id) ?? Buffer.from(id).toString("hex").padEnd(40, "0");
	clusterNodeIds.set(id, known);
	return known;
}

export function isUp(host: Host, now: number): boolean {
	return now >= host.offUntil;
}

/** Whether other hosts and the control plane can talk to it. */
export function isReachable(host: Host, now: number): boolean {
	return isUp(host, now) && now >= host.cutUntil;
}

/** Its process, if it answers anything that reaches the host. */
export function answering(node: Node | undefined, now: number): Process | null {
	const process = node?.process ?? null;
	return process !== null && now >= process.hangsUntil ? process : null;
}

/** Its process, if it answers other hosts as well. */
export function inReach(node: Node | undefined, now: number): Process | null {
	return node !== undefined && isReachable(node.host, now) ? answering(node, now) : null;
}

/**
 * Holds data that isn't lost yet: in a living process, even one that hangs, or on disk between the halves of a reboot.
 */
export function holdsCopy(node: Node): boolean {
	if (node.identityLost) return false;
	return node.process === null ? node.kept?.synced === true : node.process.synced;
}
