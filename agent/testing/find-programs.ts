import { join } from "node:path";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { flavorOf, isServerProgram } from "../drivers/valkey-flavor.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";

/** The master of a host's HAProxy according to the kernel. */
export function findHaproxy(homeDir: string): ProcessIdentity | null {
	return findEngineProcess({
		directories: [join(homeDir, "gateway")],
		isServerProgram: (path) => path.endsWith("/haproxy"),
		isHelperProcess: () => false,
	});
}

export function findSentinel(homeDir: string): ProcessIdentity | null {
	return findEngineProcess({
		directories: [join(homeDir, "sentinel")],
		isServerProgram: (path) => isServerProgram(flavorOf("valkey"), path),
		isHelperProcess: () => false,
	});
}
