import { join } from "node:path";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { type DesiredState, desiredStateSchema } from "../../server/contract/desired-state.ts";

function cacheFile(homeDir: string): string {
	return join(homeDir, "desired.json");
}

/**
 * Stores the last desired state, so that the agent can supervise while the control plane is away. Contains
 * passwords: 0600.
 */
export async function writeDesiredCache(homeDir: string, desired: DesiredState): Promise<void> {
	await writeFileAtomic(cacheFile(homeDir), JSON.stringify(desired));
}

/**
 * Null if nothing is remembered. A damaged file counts as nothing: the agent never removes anything because
 * of it.
 */
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
