import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Cluster } from "ioredis";
import type { Endpoint } from "../../../server/contract/cache-view.ts";

/** What the scenario needs from a library's cluster client. */
export interface ClusterClient {
	set(key: string, value: string): Promise<unknown>;
	close(): void;
}

export interface ClusterLibrary {
	readonly name: string;
	/** Opens a client like an application that sets only the address. */
	open(endpoint: Endpoint): Promise<ClusterClient>;
}

type Emitter = { on(event: "error", listener: () => void): unknown };
interface NodeRedis {
	createCluster(options: {
		rootNodes: { url: string }[];
	}): Emitter & ClusterClient & { connect(): Promise<unknown>; destroy(): void };
}
interface Glide {
	GlideClusterClient: {
		createClient(options: { addresses: Endpoint[] }): Promise<ClusterClient>;
	};
}
interface Iovalkey {
	Cluster: typeof Cluster;
}

/**
 * ioredis, and whichever of the others are installed in `directory` (`npm install redis @valkey/valkey-glide iovalkey`
 * there). Larder itself doesn't need them.
 */
export async function findClusterLibraries(directory: string | null): Promise<ClusterLibrary[]> {
	const found = await Promise.all([
		load<NodeRedis>(directory, "redis").then((module) => module && nodeRedis(module)),
		load<Glide>(directory, "@valkey/valkey-glide").then((module) => module && glide(module)),
		load<Iovalkey>(directory, "iovalkey").then(
			(module) => module && like(module.Cluster, "iovalkey"),
		),
	]);
	return [like(Cluster, "ioredis"), ...found.filter((library) => library !== null)];
}

async function load<T>(directory: string | null, name: string): Promise<T | null> {
	if (directory === null) return null;
	try {
		const resolve = createRequire(join(directory, "package.json")).resolve;
		const module: T & { default?: T } = await import(pathToFileURL(resolve(name)).href);
		return module.default === undefined ? module : { ...module.default, ...module };
	} catch {
		return null;
	}
}

function like(Library: typeof Cluster, name: string): ClusterLibrary {
	return {
		name,
		async open(endpoint) {
			const client = new Library([endpoint]);
			client.on("error", () => {});
			return { set: (key, value) => client.set(key, value), close: () => client.disconnect() };
		},
	};
}

function nodeRedis({ createCluster }: NodeRedis): ClusterLibrary {
	return {
		name: "node-redis",
		async open({ host, port }) {
			const client = createCluster({ rootNodes: [{ url: `redis://${host}:${port}` }] });
			client.on("error", () => {});
			await client.connect();
			return { set: (key, value) => client.set(key, value), close: () => client.destroy() };
		},
	};
}

function glide({ GlideClusterClient }: Glide): ClusterLibrary {
	return {
		name: "glide",
		open: ({ host, port }) => GlideClusterClient.createClient({ addresses: [{ host, port }] }),
	};
}
