import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { openSocketDirectory } from "../../platform/socket-directory.ts";
import type { ServicePaths } from "../services/host-service.ts";

/** Where the gateway keeps its files. */
export interface GatewayPaths extends ServicePaths {
	readonly configuration: string;
	readonly leadersMap: string;
	readonly masterSocket: string;
	readonly statsSocket: string;
	readonly idleSocket: string;
	/** Where the agent answers auto discovery for the configuration endpoint on that port. */
	discoverySocket(port: number): string;
	/** Where clients of the endpoint on that port wait while their cache sleeps. */
	wakeSocket(port: number): string;
	/**
	 * The name of one of these files in HAProxy's configuration. HAProxy runs in the directory, so a bare name
	 * is enough. A whole path could contain characters with a meaning for HAProxy: spaces, commas, quotes, a
	 * dollar sign.
	 */
	named(path: string): string;
}

/** Creates the directories. Throws SocketDirectoryError. */
export async function openGatewayDirectory(homeDir: string): Promise<GatewayPaths> {
	const directory = join(homeDir, "gateway");
	await mkdir(directory, { recursive: true, mode: 0o700 });
	// HAProxy binds under a temporary name first: path.<pid>.tmp
	const sockets = await openSocketDirectory(directory, "discovery-65535.sock.4194304.tmp");
	const named = (path: string) => {
		const name = relative(directory, path);
		return name.startsWith("..") ? path : name;
	};
	return {
		directory,
		named,
		configuration: join(directory, "haproxy.cfg"),
		leadersMap: join(directory, "leaders.map"),
		log: join(directory, "gateway.log"),
		record: join(directory, "state.json"),
		masterSocket: join(sockets, "master.sock"),
		statsSocket: join(sockets, "stats.sock"),
		idleSocket: join(sockets, "idle.sock"),
		wakeSocket: (port) => join(sockets, `wake-${port}.sock`),
		discoverySocket: (port) => join(sockets, `discovery-${port}.sock`),
	};
}
