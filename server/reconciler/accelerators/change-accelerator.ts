import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ACCELERATOR_INSTANCE_BYTES } from "../../contract/limits.ts";
import {
	countersColumn,
	FULL_ACCELERATOR,
	type FullAccelerator,
} from "../../data/accelerator-rows.ts";
import { writeInCharge } from "../../data/charge.ts";
import type { Prisma, Transaction } from "../../data/database.ts";
import { readEndpointPorts, readHostMemory, readNodePorts } from "../../data/host-room.ts";
import { addCounters } from "../../domain/accelerator/add-counters.ts";
import { type InstancePlan, placeInstances } from "../../domain/accelerator/place-instances.ts";
import { chooseEndpointPorts } from "../../domain/placement/choose-endpoint-ports.ts";
import { servingCandidates, servingHosts } from "../../domain/placement/serving-hosts.ts";
import {
	acceleratorEndpoint,
	acceleratorSettings,
	readAddresses,
} from "../../fleet/accelerator-desire.ts";
import { sha256Hex } from "../../platform/secrets.ts";
import { bumpHosts, wakeHosts } from "../../services/bump-hosts.ts";
import type { Resources } from "../../services/context.ts";

/**
 * Places and removes instances, chooses the port and the hosts that serve the endpoint, and tells the hosts whatever has
 * changed for them: also that the cache's endpoint is elsewhere now, or that an instance has a port.
 */
export async function changeAccelerator(resources: Resources, row: FullAccelerator): Promise<void> {
	const { db } = resources;
	const hosts = await readHosts(resources, db);
	const plan = planOf(row, hosts);
	const servedByHostIds = servedBy(row, plan, hosts);
	const isSettled =
		plan.add.length === 0 &&
		plan.remove.length === 0 &&
		// While none is free, there is nothing to tell the hosts.
		(row.port !== null || (await choosePort(resources, db, row)) === null) &&
		isDeepStrictEqual(servedByHostIds, row.servedByHostIds) &&
		hashOf(resources, row, await readAddresses(db)) === row.toldHash;
	if (isSettled) return;
	const concerned = new Set([
		...[...row.servedByHostIds, ...servedByHostIds, ...plan.add],
		...row.instances.map(({ hostId }) => hostId),
	]);
	const changed = await writeInCharge(resources, async (tx) => {
		await bumpHosts(tx, concerned);
		const formerCounters = await removeInstances(tx, row, plan.remove);
		const { count } = await tx.accelerator.updateMany({
			// It may have been deleted since it was read.
			where: { id: row.id },
			data: {
				servedByHostIds,
				...(row.port === null && { port: await choosePort(resources, tx, row) }),
				...(formerCounters !== null && { formerCounters }),
			},
		});
		if (count === 0) return false;
		await tx.acceleratorInstance.createMany({
			data: plan.add.map((hostId) => ({
				...{ id: randomUUID(), acceleratorId: row.id, hostId },
				createdAt: resources.clock.now(),
			})),
			skipDuplicates: true,
		});
		const { include } = FULL_ACCELERATOR;
		const now = await tx.accelerator.findUniqueOrThrow({ where: { id: row.id }, include });
		const toldHash = hashOf(resources, now, await readAddresses(tx));
		await tx.accelerator.update({ where: { id: row.id }, data: { toldHash } });
		return true;
	});
	if (changed) wakeHosts(resources, concerned);
}

interface AcceleratorHost {
	id: string;
	zone: string;
	mayKeep: boolean;
	takesNew: boolean;
	instances: number;
}

async function readHosts(
	{ fleet, overcommit }: Resources,
	tx: Transaction,
): Promise<AcceleratorHost[]> {
	const rows = await readHostMemory(tx, overcommit);
	return rows.map(({ id, zone, takesNodes, draining, instances, ...memory }) => {
		const free = Number(memory.memoryBytes) * overcommit - Number(memory.usedMemoryBytes);
		const hasRoom = free >= ACCELERATOR_INSTANCE_BYTES;
		return {
			...{ id, zone, instances, mayKeep: !draining },
			takesNew: takesNodes && hasRoom && fleet.isInTouch(id),
		};
	});
}

function planOf(row: FullAccelerator, hosts: readonly AcceleratorHost[]): InstancePlan {
	return placeInstances({
		wanted: row.instanceCount,
		present: row.instances.map(({ hostId }) => hostId),
		hosts: hosts.filter(({ mayKeep }) => mayKeep),
	});
}

function servedBy(
	row: FullAccelerator,
	{ add, remove }: InstancePlan,
	hosts: readonly AcceleratorHost[],
): string[] {
	const own = row.instances.map(({ hostId }) => hostId).filter((id) => !remove.includes(id));
	const candidates = servingCandidates(hosts);
	return servingHosts({ cacheId: row.id, own: [...own, ...add], candidates }).map(({ id }) => id);
}

/** What hosts know about it. */
function hashOf(
	{ secrets }: Resources,
	row: FullAccelerator,
	addresses: ReadonlyMap<string, string>,
): string {
	const settings = acceleratorSettings(secrets, row, addresses);
	return sha256Hex(JSON.stringify([settings, acceleratorEndpoint(row), row.servedByHostIds]));
}

/** Returns the counters of all former instances; null if none is removed. */
async function removeInstances(
	tx: Transaction,
	row: FullAccelerator,
	hostIds: readonly string[],
): Promise<Prisma.InputJsonValue | null> {
	if (hostIds.length === 0) return null;
	const where = { acceleratorId: row.id, hostId: { in: [...hostIds] } };
	const gone = await tx.acceleratorInstance.findMany({ where });
	await tx.acceleratorInstance.deleteMany({ where });
	return addCounters([
		countersColumn.parse(row.formerCounters),
		...gone.flatMap((each) => [
			countersColumn.parse(each.formerCounters),
			countersColumn.parse(each.counters),
		]),
	]);
}

/** Null while none is free. */
async function choosePort(
	{ clientPorts, fleet }: Resources,
	tx: Transaction,
	row: FullAccelerator,
): Promise<number | null> {
	const result = chooseEndpointPorts({
		...{ cacheName: row.name, requested: null, count: 1, range: clientPorts, quarantined: [] },
		used: new Set([...(await readEndpointPorts(tx, row.id)), ...(await readNodePorts(tx))]),
		refused: fleet.refusedPorts.anywhere(),
	});
	return result.ok ? result.ports[0] : null;
}
