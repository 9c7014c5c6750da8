import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ServicePaths } from "../services/host-service.ts";

/** Where the host's Sentinel keeps its files. */
export interface SentinelPaths extends ServicePaths {
	/** Written first by the agent, then by Sentinel itself, which stores its knowledge and its votes there. */
	readonly configuration: string;
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
