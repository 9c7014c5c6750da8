import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Where the host's Sentinel keeps its things, all private to the user. */
export interface SentinelPaths {
	/** Its working directory: that is how `larder stop` and a later agent know it. */
	readonly directory: string;
	/** Written once by the agent, then by Sentinel itself, which keeps in it what it knows and whom it voted for. */
	readonly configuration: string;
	readonly log: string;
	readonly record: string;
}

export async function openSentinelDirectory(homeDir: string): Promise<SentinelPaths> {
	const directory = join(homeDir, "sentinel");
	await mkdir(directory, { recursive: true, mode: 0o700 });
	return {
		directory,
		configuration: join(directory, "sentinel.conf"),
		log: join(directory, "sentinel.log"),
		record: join(directory, "state.json"),
	};
}
