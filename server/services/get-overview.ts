import type { z } from "zod";
import type { overviewSchema } from "../contract/index.ts";
import { HOST_WITH_NODES, toHostView } from "../data/host-mapping.ts";
import type { Resources } from "./context.ts";

/** Counts and the zones' capacity, for the console's frame. */
export async function getOverview({
	db,
	fleet,
	version,
	isDiskFull,
}: Resources): Promise<z.infer<typeof overviewSchema>> {
	const [caches, rows] = await Promise.all([
		db.cache.count(),
		db.host.findMany({
			orderBy: { zone: "asc" },
			include: HOST_WITH_NODES,
		}),
	]);
	const hosts = rows.map((row) => toHostView(row, fleet));
	const zones = [...new Set(hosts.map((host) => host.zone))].map((name) => {
		const members = hosts.filter((host) => host.zone === name);
		const online = members.filter((host) => host.status === "online");
		return {
			name,
			hosts: members.length,
			online: online.length,
			memoryBytes: online.reduce((sum, host) => sum + host.memoryBytes, 0),
			memoryAssignedBytes: online.reduce((sum, host) => sum + host.memoryAssignedBytes, 0),
		};
	});
	const silentHosts = hosts
		.filter((host) => host.status === "offline" || fleet.isSuspect(host.id))
		.map((host) => host.name);
	const safeMode = fleet.safeMode ? { silentHosts } : null;
	const drainingHosts = hosts
		.filter(({ draining, nodeCount }) => draining && nodeCount > 0)
		.map(({ name }) => name);
	return {
		...{ version, caches, hosts: hosts.length, zones },
		...{ safeMode, drainingHosts, diskFull: isDiskFull() },
	};
}
