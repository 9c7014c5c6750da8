import { join } from "node:path";

/** Where one instance keeps its things. The directory is private to the user. */
export interface InstancePaths {
	readonly directory: string;
	readonly configuration: string;
	readonly acl: string;
	readonly log: string;
	readonly pidFile: string;
	readonly data: string;
	readonly record: string;
	/** There while the instance is left alone; says why, to people. */
	readonly setAside: string;
	/** A copy of the record as of the last launch, which outlives the directory. */
	readonly launched: string;
}

export function instancesDir(homeDir: string): string {
	return join(homeDir, "instances");
}

export function launchedDir(homeDir: string): string {
	return join(homeDir, "launched");
}

export function instancePaths(homeDir: string, assignmentId: string): InstancePaths {
	// The name is the control plane's, but a path on this host: it may not lead elsewhere.
	if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(assignmentId)) {
		throw new Error(`assignment id ${JSON.stringify(assignmentId)} can't name a directory`);
	}
	const directory = join(instancesDir(homeDir), assignmentId);
	return {
		directory,
		configuration: join(directory, "engine.conf"),
		acl: join(directory, "users.acl"),
		log: join(directory, "engine.log"),
		pidFile: join(directory, "engine.pid"),
		data: join(directory, "data"),
		record: join(directory, "state.json"),
		setAside: join(directory, "SET-ASIDE"),
		launched: join(launchedDir(homeDir), `${assignmentId}.json`),
	};
}
