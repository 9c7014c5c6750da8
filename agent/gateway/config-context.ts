import { readFileSync } from "node:fs";
import type { Route } from "../../server/contract/agent.ts";
import type { InstalledEngine } from "../bundles/index.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import type { HaproxyConfigInput } from "./haproxy-config.ts";

const THREADS_MAX = 2;
/** Two descriptors each. More clients than this on one host want more than one gateway. */
const CONNECTIONS_MAX = 32_000;
/** For listeners, checks, sockets and pipes, beside one a server and port. */
const SPARE_DESCRIPTORS = 512;

/** What the configuration depends on beside the routes: this host, and HAProxy's version. */
export function configContext(
	host: { bindAddress: string; cpus: number },
	paths: GatewayPaths,
	program: InstalledEngine,
	routes: readonly Route[],
): Omit<HaproxyConfigInput, "isUsable"> {
	const [major = 0, minor = 0] = program.version.split(".").map(Number);
	return {
		routes,
		bindAddress: host.bindAddress,
		threads: Math.min(THREADS_MAX, host.cpus),
		maxConnections: maxConnections(descriptorLimit()),
		knowsInitState: major > 3 || (major === 3 && minor >= 1),
		statsSocket: paths.statsSocket,
		idleSocket: paths.idleSocket,
		leadersMap: paths.leadersMap,
		discoverySocket: paths.discoverySocket,
	};
}

/** HAProxy refuses to start when its limit of open files doesn't allow for its connections. */
export function maxConnections(descriptors: number): number {
	return Math.max(
		100,
		Math.min(CONNECTIONS_MAX, Math.floor((descriptors - SPARE_DESCRIPTORS) / 3)),
	);
}

let limitOfThisProcess: number | undefined;

function descriptorLimit(): number {
	if (limitOfThisProcess !== undefined) return limitOfThisProcess;
	const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
	const limit = Number(line?.[1]);
	limitOfThisProcess = Number.isInteger(limit) ? limit : Number.POSITIVE_INFINITY;
	return limitOfThisProcess;
}
