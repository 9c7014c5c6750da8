import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openSocketDirectory } from "../../platform/socket-directory.ts";

/** Where the gateway keeps its things, all private to the user. */
export interface GatewayPaths {
	/** HAProxy's working directory: that is how `larder stop` and a later agent know it. */
	readonly directory: string;
	readonly configuration: string;
	readonly leadersMap: string;
	readonly log: string;
	readonly record: string;
	readonly masterSocket: string;
	readonly statsSocket: string;
	readonly idleSocket: string;
	/** Where the agent answers auto discovery for the configuration endpoint on that port. */
	discoverySocket(port: number): string;
}

/** Makes the directories. Throws SocketDirectoryError. */
export async function openGatewayDirectory(homeDir: string): Promise<GatewayPaths> {
	const directory = join(homeDir, "gateway");
	await mkdir(directory, { recursive: true, mode: 0o700 });
	// HAProxy binds under a temporary name first: path.<pid>.tmp
	const sockets = await openSocketDirectory(directory, "discovery-65535.sock.4194304.tmp");
	return {
		directory,
		configuration: join(directory, "haproxy.cfg"),
		leadersMap: join(directory, "leaders.map"),
		log: join(directory, "gateway.log"),
		record: join(directory, "state.json"),
		masterSocket: join(sockets, "master.sock"),
		statsSocket: join(sockets, "stats.sock"),
		idleSocket: join(sockets, "idle.sock"),
		discoverySocket: (port) => join(sockets, `discovery-${port}.sock`),
	};
}
