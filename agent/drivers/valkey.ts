import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import type { EngineDriver } from "./driver.ts";
import { EngineConnection } from "./engine-connection.ts";
import { holdBackCause } from "./hold-back.ts";
import { hasNodesFile, prepareNodes } from "./launch-nodes.ts";
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

		async lostIdentityCause({ cluster, nodeName }, paths) {
			if (cluster === null || (await hasNodesFile(paths))) return null;
			return `${nodeName}'s files are gone (${paths.data}), and with them who it is in its cluster; another node has to take its place, or the files have to be restored`;
		},

		hasKeptData: hasSnapshot,
		discardKeptData: discardSnapshot,

		launchArguments: ({ paths }) => [paths.configuration],

		async openSession({ assignment, paths, bindAddress, timeoutMs, ...known }) {
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
			return new ValkeySession({ connection, paths, assignment, ...known });
		},
	};
}
