import type { Route } from "../../server/contract/routes.ts";
import type { InstalledEngine } from "../bundles/index.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import type { HaproxyConfigInput } from "./haproxy-config.ts";
import { maxConnections } from "./max-connections.ts";

const THREADS_MAX = 2;

/** What the configuration depends on apart from its servers' states: the routes, this host and HAProxy's version. */
export function configContext(
	host: { bindAddress: string; cpus: number; openFiles: number },
	paths: GatewayPaths,
	program: InstalledEngine,
	routes: readonly Route[],
): Omit<HaproxyConfigInput, "isUsable"> {
	const [major = 0, minor = 0] = program.version.split(".").map(Number);
	return {
		routes,
		bindAddress: host.bindAddress,
		threads: Math.min(THREADS_MAX, host.cpus),
		maxConnections: maxConnections(host.openFiles),
		knowsInitState: major > 3 || (major === 3 && minor >= 1),
		statsSocket: paths.named(paths.statsSocket),
		idleSocket: paths.named(paths.idleSocket),
		leadersMap: paths.named(paths.leadersMap),
		wakeSocket: (port) => paths.named(paths.wakeSocket(port)),
		discoverySocket: (port) => paths.named(paths.discoverySocket(port)),
	};
}
