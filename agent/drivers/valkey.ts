import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import type { EngineDriver, LaunchContext } from "./driver.ts";
import { EngineConnection } from "./engine-connection.ts";
import { type ClusterAssignment, renderGenesisNodes } from "./genesis-nodes.ts";
import { holdBackCause } from "./hold-back.ts";
import { resolveAddress } from "./resolve-address.ts";
import { renderAcl } from "./valkey-acl.ts";
import { renderConfiguration } from "./valkey-configuration.ts";
import {
	flavourOf,
	isHelperProcess,
	isServerProgram,
	type ValkeyEngine,
} from "./valkey-flavour.ts";
import { ValkeySession } from "./valkey-session.ts";
import { discardSnapshot, hasSnapshot, prepareSnapshot } from "./valkey-snapshot.ts";

/** Valkey and Redis OSS, with cluster mode enabled or disabled. */
export function valkeyDriver(engine: ValkeyEngine): EngineDriver {
	const flavour = flavourOf(engine);
	return {
		keepsData: true,
		isServerProgram: (path) => isServerProgram(flavour, path),
		isHelperProcess: (commandLine) => isHelperProcess(flavour, commandLine),

		ports: ({ port, cluster }) => (cluster === null ? [port] : [port, port + CLUSTER_BUS_OFFSET]),

		holdBackCause,

		async writeFiles(context) {
			const { paths, assignment, advertisedAddress } = context;
			const { cluster } = assignment;
			const announced =
				cluster === null ? advertisedAddress : await resolveAddress(advertisedAddress);
			await Promise.all([
				writeFileAtomic(paths.configuration, renderConfiguration(context, announced)),
				writeFileAtomic(paths.acl, renderAcl(assignment)),
				prepareSnapshot(context),
				cluster === null ? null : prepareNodes(context, cluster),
			]);
		},

		async hasServed(paths) {
			// Logged when all is set up and before the first client is served; each line is in the file once it is written.
			const log = await readFileIfExists(paths.log);
			return log?.includes("Ready to accept connections") === true;
		},

		hasKeptData: hasSnapshot,
		discardKeptData: discardSnapshot,

		launchArguments: ({ paths }) => [paths.configuration],

		async openSession({ assignment, paths, bindAddress, timeoutMs }) {
			const { auth, port } = assignment();
			const connection = await EngineConnection.open(
				{
					host: bindAddress,
					port,
					username: auth.systemUsername,
					password: auth.systemPassword,
				},
				timeoutMs,
			);
			return new ValkeySession(connection, paths, assignment);
		},
	};
}

/** The engine's file of its cluster is written once. Later it holds who the node is and what it voted for. */
async function prepareNodes(
	{ kind, paths }: LaunchContext,
	cluster: ClusterAssignment,
): Promise<void> {
	const file = join(paths.data, "nodes.conf");
	if (kind === "first") {
		const members = cluster.shards.flatMap((shard) => shard.members);
		const addresses = await Promise.all(
			members.map(async ({ nodeId, host }) => [nodeId, await resolveAddress(host)] as const),
		);
		const text = renderGenesisNodes(cluster, new Map(addresses));
		return await writeFile(file, text, { mode: 0o600 });
	}
	await access(file).catch((cause: unknown) => {
		throw new Error(
			`${file} is missing, and with it the node's identity in its cluster; restore the file, or delete this node and let another take its place`,
			{ cause },
		);
	});
}
