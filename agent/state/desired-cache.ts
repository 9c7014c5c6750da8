import { join } from "node:path";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { type DesiredState, desiredStateSchema } from "../../server/contract/agent.ts";

function cacheFile(homeDir: string): string {
	return join(homeDir, "desired.json");
}

/** What this host was told last, so that it can supervise while the control plane is away. Holds passwords: 0600. */
export async function writeDesiredCache(homeDir: string, desired: DesiredState): Promise<void> {
	await writeFileAtomic(cacheFile(homeDir), JSON.stringify(desired));
}

/** Null when nothing is remembered. A damaged file counts as that: nothing is ever removed on its word. */
export async function readDesiredCache(
	homeDir: string,
	logger: Logger,
): Promise<DesiredState | null> {
	const text = await readFileIfExists(cacheFile(homeDir));
	if (text === null) return null;
	try {
		return desiredStateSchema.parse(JSON.parse(text));
	} catch (error) {
		logger.warn(
			{ err: error },
			"the remembered state can't be read; waiting for the control plane",
		);
		return null;
	}
}
