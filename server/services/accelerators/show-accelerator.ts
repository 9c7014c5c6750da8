import { type AcceleratorView, acceleratorStatusSchema } from "../../contract/accelerator.ts";
import {
	countersColumn,
	FULL_ACCELERATOR,
	type FullAccelerator,
} from "../../data/accelerator-rows.ts";
import type { Transaction } from "../../data/database.ts";
import { addCounters } from "../../domain/accelerator/add-counters.ts";
import { metricsOf } from "../../domain/accelerator/metrics.ts";
import { readAddresses } from "../../fleet/accelerator-desire.ts";
import type { Resources } from "../context.ts";
import { findAccelerator } from "./find-accelerator.ts";

export async function listAccelerators(
	resources: Resources,
): Promise<{ items: AcceleratorView[] }> {
	const rows = await resources.db.accelerator.findMany(FULL_ACCELERATOR);
	const addresses = await readAddresses(resources.db);
	return { items: rows.map((row) => toView(resources, row, addresses)) };
}

/** Throws `not_found`. */
export async function getAccelerator(resources: Resources, name: string): Promise<AcceleratorView> {
	const row = await findAccelerator(resources.db, name);
	return toView(resources, row, await readAddresses(resources.db));
}

export async function viewInTransaction(
	resources: Resources,
	tx: Transaction,
	name: string,
): Promise<AcceleratorView> {
	return toView(resources, await findAccelerator(tx, name), await readAddresses(tx));
}

function toView(
	{ rateCard }: Resources,
	row: FullAccelerator,
	addresses: ReadonlyMap<string, string>,
): AcceleratorView {
	const hosts = row.servedByHostIds.flatMap((id) => addresses.get(id) ?? []);
	const [host, ...alternateHosts] = hosts;
	const counters = addCounters([
		countersColumn.parse(row.formerCounters),
		...row.instances.flatMap((instance) => [
			countersColumn.parse(instance.formerCounters),
			countersColumn.parse(instance.counters),
		]),
	]);
	return {
		...{ name: row.name, cache: row.cache.name },
		upstream: {
			endpoint: row.upstreamEndpoint,
			region: row.upstreamRegion,
			accessKeyId: row.accessKeyId,
		},
		...{ itemTtlSeconds: row.itemTtlSeconds, queryTtlSeconds: row.queryTtlSeconds },
		status: acceleratorStatusSchema.parse(row.status),
		statusReason: row.statusReason,
		endpoint: row.port === null || host === undefined ? null : { host, port: row.port },
		alternateHosts,
		instancesWanted: row.instanceCount,
		instances: row.instances.map(({ id, host: on, port, phase, reason, cacheUsable }) => ({
			...{ id, host: on.name, zone: on.zone, address: on.advertisedAddress, port },
			status: on.online ? phaseOf(phase) : "unknown",
			reason: on.online ? reason : `Host ${on.name} is offline.`,
			cacheUsable: on.online ? cacheUsable : null,
		})),
		metrics: metricsOf(counters, rateCard),
		createdAt: row.createdAt.toISOString(),
	};
}

function phaseOf(text: string): "starting" | "running" | "failed" {
	return text === "running" || text === "failed" ? text : "starting";
}
