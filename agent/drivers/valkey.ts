import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { keepDamaged, keepUnloadedData } from "../instances/damaged-files.ts";
import { appendDirectory, appendManifest, hasAppendFiles } from "./append-files.ts";
import { checkSnapshot, findAppendFault } from "./check-snapshot.ts";
import type { EngineDriver } from "./driver.ts";
import { EngineConnection } from "./engine-connection.ts";
import { holdBackCause } from "./hold-back.ts";
import {
	findNodesFileFault,
	type NodesFileFault,
	nodesFile,
	prepareNodes,
	ranWithoutCluster,
} from "./launch-nodes.ts";
import { ownFile } from "./own-file.ts";
import { resolveAddress } from "./resolve-address.ts";
import { renderAcl } from "./valkey-acl.ts";
import { renderConfiguration } from "./valkey-configuration.ts";
import { flavorOf, isHelperProcess, isServerProgram, type ValkeyEngine } from "./valkey-flavor.ts";
import { ValkeySession } from "./valkey-session.ts";
import { discardSnapshot, hasSnapshot, prepareSnapshot, snapshotFile } from "./valkey-snapshot.ts";

const FAULT_TEXT: Readonly<Record<NodesFileFault, (node: string, file: string) => string>> = {
	missing: (node, file) => `${node}'s files are gone (${file})`,
	damaged: (node, file) => `${node}'s file ${file} is damaged (a copy is kept in damaged/)`,
	"another-node": (node, file) => `${file} identifies ${node} as another node`,
};

/** Valkey and Redis OSS, with cluster mode enabled or disabled. */
export function valkeyDriver(engine: ValkeyEngine): EngineDriver {
	const flavor = flavorOf(engine);
	return {
		keepsData: true,
		isServerProgram: (path) => isServerProgram(flavor, path),
		isHelperProcess: (commandLine) => isHelperProcess(flavor, commandLine),

		ports: ({ port, cluster }) => (cluster === null ? [port] : [port, port + CLUSTER_BUS_OFFSET]),

		holdBackCause,

		async writeFiles(context) {
			const { paths, assignment, advertisedAddress } = context;
			const { cluster } = assignment;
			const announced =
				cluster === null ? advertisedAddress : await resolveAddress(advertisedAddress);
			await Promise.all([
				writeFileAtomic(paths.acl, renderAcl(assignment)),
				prepareSnapshot(context),
				cluster === null ? null : prepareNodes(context, cluster),
			]);
			// Last: it says that the others are there.
			await writeFileAtomic(paths.configuration, renderConfiguration(context, announced));
		},

		async hasServed(paths) {
			// Logged when setup is complete and before the first client is served. The engine doesn't buffer its
			// log.
			const logs = await Promise.all([paths.log, `${paths.log}.1`].map(readFileIfExists));
			return logs.some((log) => log?.includes("Ready to accept connections"));
		},

		async lostIdentityCause({ cluster, nodeName }, paths) {
			if (cluster === null || (await ranWithoutCluster(paths))) return null;
			const fault = await findNodesFileFault(paths, cluster.nodeId);
			if (fault === null) return null;
			if (fault !== "missing") await keepDamaged(paths, nodesFile(paths));
			return `${FAULT_TEXT[fault](nodeName, nodesFile(paths))}, so it can't rejoin its cluster. Another node will take its place; if none can, restore the file`;
		},

		hasAppendFiles,
		findAppendFault: (paths, program) =>
			findAppendFault(program, `${flavor.prefix}-check-aof`, appendManifest(paths)),
		hasKeptData: async (paths) => (await hasAppendFiles(paths)) || (await hasSnapshot(paths)),
		async checkKeptData(paths, program) {
			if (!(await hasSnapshot(paths))) return { fault: "without saving its data", databases: [] };
			return await checkSnapshot(program, `${flavor.prefix}-check-rdb`, snapshotFile(paths));
		},
		async keepUnloadedData(paths) {
			const isAppended = await hasAppendFiles(paths);
			return await keepUnloadedData(
				paths,
				isAppended ? appendDirectory(paths) : snapshotFile(paths),
			);
		},
		discardKeptData: discardSnapshot,

		launchArguments: ({ paths }) => [ownFile(paths.configuration)],
		inheritance: () => ({}),

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
