import { join } from "node:path";

/** Where one instance keeps its files. The directory is private to the user. */
export interface InstancePaths {
	readonly directory: string;
	readonly configuration: string;
	/** The program of a serverless Memcached node's proxy. */
	readonly proxy: string;
	readonly acl: string;
	readonly log: string;
	readonly pidFile: string;
	readonly data: string;
	/** What a snapshot of it, or its restore from one, needs for a while. */
	readonly snapshot: string;
	readonly restore: string;
	readonly migration: string;
	readonly record: string;
	/** What agents themselves have moved to and from its process. */
	readonly traffic: string;
	/** Exists while the instance is left alone; tells people why. */
	readonly setAside: string;
	/** A copy of the record as of the last launch, which outlives the directory. */
	readonly launched: string;
}

/** Temporary files of an engine: left behind if its process dies or a copy is interrupted. */
export const ENGINE_LEFTOVER =
	/^(temp-.*\.(rdb|aof)|nodes\.conf[.-].*tmp.*|.*\.[0-9a-f]{12}\.tmp)$/;

export function instancesDir(homeDir: string): string {
	return join(homeDir, "instances");
}

export function launchedDir(homeDir: string): string {
	return join(homeDir, "launched");
}

export function instancePaths(homeDir: string, assignmentId: string): InstancePaths {
	// The control plane chooses the name, but it becomes a path on this host: it must not lead elsewhere.
	if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(assignmentId)) {
		throw new Error(`assignment id ${JSON.stringify(assignmentId)} isn't a valid directory name`);
	}
	const directory = join(instancesDir(homeDir), assignmentId);
	return {
		directory,
		configuration: join(directory, "engine.conf"),
		proxy: join(directory, "proxy.lua"),
		acl: join(directory, "users.acl"),
		log: join(directory, "engine.log"),
		pidFile: join(directory, "engine.pid"),
		data: join(directory, "data"),
		snapshot: join(directory, "snapshot"),
		restore: join(directory, "restore"),
		migration: join(directory, "migration"),
		record: join(directory, "state.json"),
		traffic: join(directory, "agent-traffic"),
		setAside: join(directory, "SET-ASIDE"),
		launched: join(launchedDir(homeDir), `${assignmentId}.json`),
	};
}
