import { clusterModeSchema } from "../../contract/enums.ts";
import { AppError } from "../../contract/errors.ts";
import type { LabTask } from "../../contract/lab.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Resources } from "../context.ts";

/** How the lab reaches a cache: as its applications do. `invalid_argument` or `conflict` if it can't. */
export function labConnection(resources: Resources, row: FullCache): LabTask["connection"] {
	if (row.engine === "memcached") {
		throw new AppError(
			"invalid_argument",
			`Cache ${row.name} is Memcached, which can't list a run's keys to remove them. Choose a Valkey or Redis OSS cache.`,
			{ field: "cache" },
		);
	}
	const { endpoints, status } = toCacheView(row, resources);
	const endpoint = endpoints.primary ?? endpoints.configuration;
	if (status !== "available" || endpoint === null) {
		throw new AppError(
			"conflict",
			`Cache ${row.name} is ${status}. Start the run once it is available.`,
			{ field: "cache" },
		);
	}
	const { clientPassword } = row;
	return {
		...endpoint,
		username: clientPassword === null ? null : "default",
		password:
			clientPassword === null
				? null
				: resources.secrets.open(clientPassword, `cache:${row.id}:client`),
		isCluster: clusterModeSchema.parse(row.clusterMode) === "enabled",
	};
}
