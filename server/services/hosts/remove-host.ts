import { AppError, type Host } from "../../contract/index.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Prisma, Transaction } from "../../data/database.ts";
import { type HostWithNodes, toHostView } from "../../data/host-mapping.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockHosts } from "../../data/row-locks.ts";
import { wakeHosts } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findHost } from "./find-host.ts";

/**
 * Removes a host from the fleet. Its agent's credential and its join token stop working. A host that still
 * has nodes is refused (`conflict`), unless it is offline and `lost` says that it won't come back: then its
 * nodes are replaced on other hosts, the data that only it holds is given up, and `finishRemovals` removes it
 * once it has no node that counts. Returns the host as it was last seen.
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
			if (row.nodes.length === 0) {
				await dropHost(resources, tx, row, `Requested by ${caller.name}.`);
				after(() => forgetHost(resources, row.id));
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
				message: `${caller.name} declared that host ${row.name} won't come back. Larder is replacing its nodes on other hosts and giving up the data that only it holds.`,
				hostName: row.name,
			});
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
		throw new AppError("conflict", `${has}. Drain it first.`, {
			field: lost ? "lost" : "name",
		});
	}
	if (!lost) {
		throw new AppError(
			"conflict",
			`${has} and is offline. Start Larder's agent there, or, if the host won't come back, remove it as lost, which gives up the data that only it holds.`,
			{ field: "lost" },
		);
	}
}

/** Nodes that it was told to stop, and that nothing waits for any more, go with it. */
async function dropHost(
	{ clock }: Resources,
	tx: Transaction,
	host: { id: string; name: string },
	cause: string,
): Promise<void> {
	await lockHosts(tx, [host.id]);
	await tx.node.deleteMany({ where: { hostId: host.id, removedAtRevision: { not: null } } });
	const row = await tx.host.delete({ where: { id: host.id } });
	await banHost(tx, row, clock.now());
	await tx.releasedPort.deleteMany({ where: { hostId: host.id } });
	await recordEvent(tx, clock, {
		severity: "info",
		type: "host.removed",
		message: `Host ${host.name} was removed. ${cause}`,
		hostName: host.name,
	});
}

function forgetHost(resources: Resources, hostId: string): void {
	resources.fleet.forgetHost(hostId);
	// Its watch must learn that it is unknown now.
	wakeHosts(resources, [hostId]);
}

/** Bans the removed host's identity and the join token that it used. */
async function banHost(
	tx: Transaction,
	host: Pick<Prisma.HostGetPayload<object>, "agentId" | "credentialHash" | "name" | "joinTokenId">,
	removedAt: Date,
): Promise<void> {
	const { agentId, credentialHash, name, joinTokenId } = host;
	await tx.removedHost.createMany({
		data: { agentId, credentialHash, name, removedAt },
		skipDuplicates: true,
	});
	await tx.joinToken.updateMany({
		where: { id: joinTokenId ?? "", revokedAt: null },
		data: { revokedAt: removedAt },
	});
}

/** Called like markLostHosts: removes hosts that are given up and whose nodes have all been replaced. */
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
		const isDropped = await writeInCharge(resources, async (tx) => {
			// A host that has come back since stays. The update keeps it from coming back until this is done.
			const { count } = await tx.host.updateMany({
				where: { id: host.id, lossConfirmed: true, online: false },
				data: { cordoned: true },
			});
			if (count === 0) return false;
			await dropHost(resources, tx, host, "All its nodes have been replaced.");
			return true;
		});
		if (!isDropped) continue;
		forgetHost(resources, host.id);
		for (const node of host.nodes) {
			fleet.forgetNode(node.id);
			wakeCache(node.cacheId);
		}
	}
}
