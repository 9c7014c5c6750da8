import { createHash } from "node:crypto";
import { LIMITS } from "../../server/contract/limits.ts";
import {
	type ClusterViewShard,
	clusterViewText,
	formatSlots,
	parseSlots,
	type SlotRange,
} from "../../server/contract/slots.ts";
import type { EngineState } from "./driver.ts";
import { PHANTOM_ADDRESS } from "./genesis-nodes.ts";
import type { RespValue } from "./resp-parser.ts";
import { parseInfo } from "./valkey-info.ts";

/** One line of CLUSTER NODES: what this engine knows of a member, itself included. */
export interface KnownNode {
	readonly nodeId: string;
	readonly host: string;
	readonly port: number;
	readonly busPort: number;
	readonly isPrimary: boolean;
	/** The engine and this node have talked. */
	readonly hasAnswered: boolean;
	/** Most primaries agree that it is gone. */
	readonly hasFailed: boolean;
	/** Not a member yet: the engine is still in the handshake with it. */
	readonly isHandshake: boolean;
	readonly primaryId: string | null;
	readonly slots: readonly SlotRange[];
}

/** The cluster as one engine sees it. */
export interface ClusterTopology {
	readonly self: KnownNode;
	readonly nodes: ReadonlyMap<string, KnownNode>;
	/** The engine accepts commands. Some slots may still be unreachable, if the cache allows that. */
	readonly stateOk: boolean;
	readonly allSlotsOk: boolean;
	readonly shards: readonly ClusterViewShard[];
	/** Slots that this engine hands over, or takes over, key by key. */
	readonly open: { readonly out: readonly OpenSlot[]; readonly in: readonly OpenSlot[] };
}

export interface OpenSlot {
	readonly slot: number;
	/** The node at the other end. */
	readonly nodeId: string;
}

/** Throws on answers that aren't CLUSTER NODES, CLUSTER INFO and CLUSTER SLOTS. */
export function readTopology(nodes: RespValue, info: RespValue, slots: RespValue): ClusterTopology {
	if (typeof nodes !== "string" || typeof info !== "string" || !Array.isArray(slots)) {
		throw new Error("the engine's answer about its cluster can't be read");
	}
	const fields = parseInfo(info);
	const stateOk = fields.get("cluster_state") === "ok";
	return {
		...readMembers(nodes),
		stateOk,
		allSlotsOk: stateOk && Number(fields.get("cluster_slots_ok")) === LIMITS.clusterSlots,
		shards: readShards(slots),
	};
}

/** Throws if that isn't an answer to CLUSTER NODES. */
export function readMembers(text: string): Pick<ClusterTopology, "self" | "nodes" | "open"> {
	const nodes = new Map<string, KnownNode>();
	let self: KnownNode | null = null;
	let open: ClusterTopology["open"] = { out: [], in: [] };
	for (const line of text.split("\n")) {
		if (line.trim() === "") continue;
		const { node, isSelf } = parseNodeLine(line);
		nodes.set(node.nodeId, node);
		if (isSelf) self = node;
		if (isSelf) open = { out: openSlots(line, ">"), in: openSlots(line, "<") };
	}
	if (self === null) throw new Error("CLUSTER NODES doesn't name the node itself");
	return { self, nodes, open };
}

export function isPhantom(node: KnownNode): boolean {
	const { host, port, busPort } = PHANTOM_ADDRESS;
	return node.host === host && node.port === port && node.busPort === busPort;
}

/** What the agent reports about it to the control plane. */
export function clusterStateOf(topology: ClusterTopology): NonNullable<EngineState["cluster"]> {
	const { self, allSlotsOk, shards } = topology;
	return {
		nodeId: self.nodeId,
		ok: allSlotsOk,
		view: createHash("sha256").update(clusterViewText(shards)).digest("hex"),
		primaryNodeId: self.primaryId,
		slots: formatSlots(self.slots),
	};
}

/** `<id> <ip>:<port>@<bus port>[,…] <flags> <primary> <ping> <pong> <epoch> <link> [<slots> …]` */
function parseNodeLine(line: string): { node: KnownNode; isSelf: boolean } {
	const [nodeId = "", address = "", flagText = "", primary = "-", , pong, , , ...ranges] =
		line.split(" ");
	const flags = flagText.split(",");
	const match = /^(.*):(\d+)@(\d+)/.exec(address);
	if (match === null) throw new Error(`CLUSTER NODES names no address: ${line.slice(0, 200)}`);
	// Entries in brackets are slots on their way: see openSlots.
	const settled = ranges.filter((range) => !range.startsWith("["));
	const node: KnownNode = {
		nodeId,
		host: match[1] ?? "",
		port: Number(match[2]),
		busPort: Number(match[3]),
		isPrimary: flags.includes("master"),
		hasAnswered: pong !== "0",
		hasFailed: flags.includes("fail"),
		isHandshake: flags.includes("handshake"),
		primaryId: primary === "-" ? null : primary,
		slots: settled.length === 0 ? [] : (parseSlots(settled.join(",")) ?? []),
	};
	return { node, isSelf: flags.includes("myself") };
}

/** Listed as `[7->-<node id>]` by the node that hands a slot over, and as `[7-<-<node id>]` by the other. */
function openSlots(line: string, arrow: "<" | ">"): OpenSlot[] {
	const found = [...line.matchAll(/\[(\d+)-([<>])-([0-9a-f]{40})\]/g)];
	return found
		.filter((match) => match[2] === arrow)
		.map((match) => ({ slot: Number(match[1]), nodeId: match[3] ?? "" }));
}

/** Entries of CLUSTER SLOTS are `[first, last, primary, replica, …]`, each node `[address, port, id, …]`. */
function readShards(entries: readonly RespValue[]): ClusterViewShard[] {
	const shards = new Map<string, { slots: SlotRange[]; primary: string; replicas: string[] }>();
	for (const entry of entries) {
		if (!Array.isArray(entry))
			throw new Error("CLUSTER SLOTS lists an entry that isn't a range of slots");
		const [first, last, ...nodes] = entry;
		const [primary, ...replicas] = nodes.map((node) => (Array.isArray(node) ? node[2] : null));
		if (typeof primary !== "string") throw new Error("CLUSTER SLOTS names no primary");
		const shard = shards.get(primary) ?? { slots: [], primary, replicas: replicas.map(String) };
		shard.slots.push({ first: Number(first), last: Number(last) });
		shards.set(primary, shard);
	}
	return [...shards.values()];
}
