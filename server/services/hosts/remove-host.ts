import { AppError, type Host } from "../../contract/index.ts";
import type { Transaction } from "../../data/database.ts";
import { type HostWithNodes, toHostView } from "../../data/host-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { bumpRouteTable, wakeGateways } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findHost } from "./find-host.ts";

/**
 * Takes a host out of the fleet; its agent's credential works no more. One that still has nodes is refused (`conflict`),
 * unless it is offline and `lost` says that it won't come back: then others take its nodes' places, what only it holds is
 * given up, and `finishRemovals` drops it once it has no node that counts. Answers with the host as it was last seen.
 */
export async function removeHost(
	resources: Resources,
	caller: Caller,
	input: { name: string; lost: boolean },
): Promise<Host> {
	const { fleet, clock, wakeCache } = resources;
	return mutate(resources, caller, {
		action: "host.remove",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await findHost(tx, input.name);
			after(() => wakeGateways(resources));
			if (row.nodes.length === 0) {
				await dropHost(resources, tx, row, `Requested by ${caller.name}.`);
				after(() => fleet.forgetHost(row.id));
				return toHostView(row, fleet);
			}
			requireGone(row, fleet.isOnline(row.id), input.lost);
			await tx.host.update({
				where: { id: row.id },
				data: { lossConfirmed: true, lostAt: row.lostAt ?? clock.now() },
			});
			await recordEvent(tx, clock, {
				severity: "warning",
				type: "host.given-up",
				message: `Host ${row.name} won't come back, says ${caller.name}. Other hosts take the places of its nodes, and what only it holds is given up.`,
				hostName: row.name,
			});
			await bumpRouteTable(tx);
			after(() => {
				for (const node of row.nodes) wakeCache(node.cacheId);
			});
			return toHostView(await findHost(tx, input.name), fleet);
		},
	});
}

function requireGone(row: HostWithNodes, isOnline: boolean, lost: boolean): void {
	const count = row.nodes.length;
	const has = `Host ${row.name} has ${count} node${count === 1 ? "" : "s"}`;
	if (isOnline) {
		throw new AppError(
			"conflict",
			`${has}. Have them moved first: larder hosts drain ${row.name}`,
			{ field: lost ? "lost" : "name" },
		);
	}
	if (!lost) {
		throw new AppError(
			"conflict",
			`${has} and is offline. Start Larder's agent there, or, if it won't come back, give up what only it holds: larder hosts remove ${row.name} --lost`,
			{ field: "lost" },
		);
	}
}

/** Nodes that it was told to stop, and that nobody waits for any more, go with it. */
async function dropHost(
	{ clock }: Resources,
	tx: Transaction,
	host: { id: string; name: string },
	cause: string,
): Promise<void> {
	await tx.node.deleteMany({ where: { hostId: host.id, removedAtRevision: { not: null } } });
	await tx.host.delete({ where: { id: host.id } });
	await tx.releasedPort.deleteMany({ where: { hostId: host.id } });
	await recordEvent(tx, clock, {
		severity: "info",
		type: "host.removed",
		message: `Host ${host.name} was removed. ${cause}`,
		hostName: host.name,
	});
	await bumpRouteTable(tx);
}

/** Called every second: drops the hosts that are given up and whose nodes have all been replaced. */
export async function finishRemovals(resources: Resources): Promise<void> {
	const { db, fleet, wakeCache } = resources;
	const hosts = await db.host.findMany({
		where: {
			lossConfirmed: true,
			online: false,
			nodes: { every: { removedAtRevision: { not: null } } },
		},
		select: { id: true, name: true, nodes: { select: { id: true, cacheId: true } } },
	});
	for (const host of hosts) {
		const isDropped = await db.$transaction(async (tx) => {
			// It may have come back since: then it is welcome. The update keeps it from doing so until this is done.
			const { count } = await tx.host.updateMany({
				where: { id: host.id, lossConfirmed: true, online: false },
				data: { cordoned: true },
			});
			if (count === 0) return false;
			await dropHost(resources, tx, host, "All its nodes have been replaced.");
			return true;
		});
		if (!isDropped) continue;
		fleet.forgetHost(host.id);
		for (const node of host.nodes) {
			fleet.forgetNode(node.id);
			wakeCache(node.cacheId);
		}
		wakeGateways(resources);
	}
}
