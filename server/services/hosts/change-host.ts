import type { Host } from "../../contract/index.ts";
import type { Prisma } from "../../data/database.ts";
import { type HostWithNodes, toHostView } from "../../data/host-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findHost } from "./find-host.ts";

interface HostChange {
	/** Recorded in the audit log; with "ed" appended, the type of the event. */
	action: string;
	data(row: HostWithNodes): Prisma.HostUpdateInput;
	/** A sentence, without the name of the requester. */
	message(row: HostWithNodes): string;
}

/** Changes what a host takes or keeps, and wakes the caches that have nodes there or wait for room. */
async function changeHost(
	resources: Resources,
	caller: Caller,
	name: string,
	{ action, data, message }: HostChange,
): Promise<Host> {
	const { clock, fleet, wakeCache } = resources;
	return mutate(resources, caller, {
		action,
		target: name,
		input: { name },
		run: async (tx, after) => {
			const row = await findHost(tx, name);
			await tx.host.update({ where: { id: row.id }, data: data(row) });
			await recordEvent(tx, clock, {
				severity: "info",
				type: `${action}ed`,
				message: `${message(row)} Requested by ${caller.name}.`,
				hostName: row.name,
			});
			const unplaced = await tx.cache.findMany({
				where: { status: "creating", nodes: { none: {} } },
				select: { id: true },
			});
			const woken = new Set([
				...row.nodes.map((node) => node.cacheId),
				...unplaced.map((cache) => cache.id),
			]);
			after(() => {
				for (const cacheId of woken) wakeCache(cacheId);
			});
			return toHostView(await findHost(tx, name), fleet);
		},
	});
}

/** Stops placing new nodes on the host. */
export function cordonHost(resources: Resources, caller: Caller, input: { name: string }) {
	return changeHost(resources, caller, input.name, {
		action: "host.cordon",
		data: () => ({ cordoned: true }),
		message: (row) => `Host ${row.name} accepts no new nodes.`,
	});
}

/**
 * Lets the host accept nodes again. Cancels a drain: moves that are nearly done finish, and others are undone.
 * Nodes that have left come back only if that spreads a cache better, after a quiet minute.
 */
export function uncordonHost(resources: Resources, caller: Caller, input: { name: string }) {
	return changeHost(resources, caller, input.name, {
		action: "host.uncordon",
		data: () => ({ cordoned: false, drainRequestedAt: null }),
		message: (row) => `Host ${row.name} accepts nodes again.`,
	});
}

/** Makes all nodes move to other hosts, one per shard at a time. */
export function drainHost(resources: Resources, caller: Caller, input: { name: string }) {
	return changeHost(resources, caller, input.name, {
		action: "host.drain",
		data: (row) => ({
			cordoned: true,
			drainRequestedAt: row.drainRequestedAt ?? resources.clock.now(),
		}),
		message: (row) => `Larder is moving the nodes of host ${row.name} to other hosts.`,
	});
}
