import { access, link, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InstancePaths } from "../instances/instance-paths.ts";
import { discardAppendFiles } from "./append-files.ts";
import type { LaunchContext } from "./driver.ts";
import { phantomId, shardOf } from "./genesis-nodes.ts";
import { renderGenesisRdb } from "./genesis-rdb.ts";

export function snapshotFile(paths: InstancePaths): string {
	return join(paths.data, "dump.rdb");
}

/**
 * What the engine loads at its start. A node without a history starts at the beginning that it shares with
 * its siblings; after a reboot it loads the data that it kept; otherwise nothing, because any file would be older
 * than what clients were last told, except for append-only files. While it is being restored from a snapshot, it loads that.
 */
export async function prepareSnapshot(context: LaunchContext): Promise<void> {
	const { kind, assignment, paths, restoreFile, fromAppendFiles } = context;
	if (fromAppendFiles) return await discardSnapshot(paths);
	await discardAppendFiles(paths);
	if (restoreFile !== null) {
		await discardSnapshot(paths);
		return await link(restoreFile, snapshotFile(paths));
	}
	switch (kind) {
		case "first": {
			const { auth, cluster } = assignment;
			// Shards hold different data, so each has a history of its own.
			const history = cluster === null ? "" : phantomId(shardOf(cluster));
			const genesis = renderGenesisRdb(auth.systemPassword, history);
			return await writeFile(snapshotFile(paths), genesis, { mode: 0o600 });
		}
		case "again":
			return await discardSnapshot(paths);
		case "reboot":
			return;
	}
}

export async function hasSnapshot(paths: InstancePaths): Promise<boolean> {
	return await access(snapshotFile(paths)).then(
		() => true,
		() => false,
	);
}

export async function discardSnapshot(paths: InstancePaths): Promise<void> {
	await rm(snapshotFile(paths), { force: true });
}
