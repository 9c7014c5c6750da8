import type { SlotRange } from "../../server/contract/slots.ts";
import { commonSlots, countSlots, mergeSlots, withoutSlots } from "../../server/contract/slots.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { isUnderWay, readMigrations } from "../drivers/slot-moves.ts";
import { parseInfo } from "../drivers/valkey-info.ts";
import { MigrationRefused, Source, type SourceAddress, SourceUnreachable } from "./source.ts";
import { CopyOutdated } from "./stream-router.ts";

const ALL_SLOTS = 16_384;

/** A primary to copy from. */
export interface SourceShard {
	readonly host: string;
	readonly port: number;
	/** Null without cluster mode: it has all keys. */
	readonly slots: readonly SlotRange[] | null;
}

export interface SourceLayout {
	readonly shards: readonly SourceShard[];
	/** Changes whenever slots or primaries do; empty without cluster mode. */
	readonly epoch: string;
	/** Addresses of all nodes: if one is gone, another says where the data is now. */
	readonly nodes: readonly { readonly host: string; readonly port: number }[];
}

/** Which primaries hold the source's data, as one of its nodes says. Throws MigrationRefused for a cluster that lacks slots. */
export async function readLayout(seed: Source): Promise<SourceLayout> {
	const { host, port } = seed.address;
	const info = parseInfo(String(await seed.ask("INFO", "cluster")));
	if (info.get("cluster_enabled") !== "1") {
		return { shards: [{ host, port, slots: null }], epoch: "", nodes: [{ host, port }] };
	}
	const [answer, nodes] = await askCluster(seed);
	const isOpen = /\[\d+-[<>]-/.test(nodes) || (await movesWhole(seed));
	if (isOpen) throw new CopyOutdated("the source is moving slots between its shards");
	const shards = new Map<string, { host: string; port: number; slots: SlotRange[] }>();
	const addresses: { host: string; port: number }[] = [];
	for (const range of Array.isArray(answer) ? answer : []) {
		const [first, last, ...members] = Array.isArray(range) ? range : [];
		const places = members.map((member) => placeOf(member, host));
		addresses.push(...places);
		const [primary] = places;
		if (primary === undefined) continue;
		const key = `${primary.host} ${primary.port}`;
		const shard = shards.get(key) ?? { ...primary, slots: [] };
		shard.slots.push({ first: Number(first), last: Number(last) });
		shards.set(key, shard);
	}
	const found = [...shards.values()].map((shard) => ({ ...shard, slots: mergeSlots(shard.slots) }));
	const served = countSlots(found.flatMap(({ slots }) => slots));
	if (served < ALL_SLOTS) {
		throw new MigrationRefused(
			`The source's cluster serves ${served} of ${ALL_SLOTS} slots. Mend it, then start again.`,
		);
	}
	return { shards: found, epoch: epochOf(nodes), nodes: addresses };
}

/** CLUSTER SLOTS, and CLUSTER NODES. */
async function askCluster(seed: Source) {
	try {
		const nodes = await seed.ask("CLUSTER", "NODES");
		return [await seed.ask("CLUSTER", "SLOTS"), String(nodes)] as const;
	} catch (error) {
		if (!(error instanceof EngineCommandError)) throw error;
		throw new MigrationRefused(
			`The source ${seed.name} has cluster mode enabled and refuses to say where its slots are (${error.message}). Its user needs CLUSTER SLOTS and CLUSTER NODES.`,
		);
	}
}

/**
 * Whether the node takes part in one of Valkey 9's own slot migrations: until it has ended, the new owner holds keys that it
 * doesn't serve, and CLUSTER NODES doesn't show it.
 */
async function movesWhole(seed: Source): Promise<boolean> {
	const answer = await seed.ask("CLUSTER", "GETSLOTMIGRATIONS").catch((error: unknown) => {
		// Older engines don't know the command, and a user may lack it: the data itself shows it, too.
		if (error instanceof EngineCommandError) return null;
		throw error;
	});
	return readMigrations(answer).some(isUnderWay);
}

function placeOf(member: unknown, seedHost: string): { host: string; port: number } {
	const [host, port] = Array.isArray(member) ? member : [];
	// A node that doesn't know its own address leaves it out.
	const isKnown = typeof host === "string" && host !== "" && host !== "?";
	return { host: isKnown ? host : seedHost, port: Number(port) };
}

/** Primaries with their slots and the epoch of their configuration: `id slots epoch` of each. */
function epochOf(nodes: string): string {
	return nodes
		.split("\n")
		.flatMap((line) => {
			const [id, , flags, , , , epoch, , ...slots] = line.trim().split(" ");
			return flags?.includes("master") && slots.length > 0
				? [`${id} ${epoch} ${slots.join(" ")}`]
				: [];
		})
		.sort()
		.join("\n");
}

/** Those that hold keys of these slots; all for null. */
export function shardsFor(
	{ shards }: SourceLayout,
	slots: readonly SlotRange[] | null,
): SourceShard[] {
	return shards.filter(
		(shard) => slots === null || shard.slots === null || commonSlots(shard.slots, slots).length > 0,
	);
}

/** Whether a shard of the source has all keys of these slots. */
export function holdsAll(shard: SourceShard, slots: readonly SlotRange[] | null): boolean {
	if (shard.slots === null) return true;
	return withoutSlots(slots ?? [{ first: 0, last: ALL_SLOTS - 1 }], shard.slots).length === 0;
}

/** Asks the first of these nodes that answers. Throws what the first one said if none does. */
export async function openAny(
	address: SourceAddress,
	others: readonly { readonly host: string; readonly port: number }[],
): Promise<Source> {
	try {
		return await Source.open(address);
	} catch (error) {
		if (!(error instanceof SourceUnreachable)) throw error;
		for (const other of others) {
			const found = await Source.open({ ...address, ...other }).catch(() => null);
			if (found !== null) return found;
		}
		throw error;
	}
}
