import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

const CAP_NET_ADMIN = 12n;
const TIMEOUT_MS = 2_000;

/**
 * Ends the connections of an engine that has died. The kernel does so itself, but frees the engine's memory first, a
 * tenth of a second for each GiB, and whoever speaks to the node waits for an answer all that time. Takes the
 * capability CAP_NET_ADMIN and the system's `ss`; without them nothing happens. Comes back when it is done.
 */
export async function cutConnections(host: string, port: number): Promise<void> {
	if (!mayCutConnections()) return;
	const filter = ["state", "connected", "src", host, "sport", "=", `:${port}`];
	await new Promise<void>((resolve) => {
		const options = { timeout: TIMEOUT_MS };
		execFile("ss", ["--kill", "--tcp", "--numeric", ...filter], options, () => resolve());
	});
}

let allowed: boolean | null = null;

export function mayCutConnections(): boolean {
	allowed ??= hasCapability(CAP_NET_ADMIN);
	return allowed;
}

function hasCapability(bit: bigint): boolean {
	try {
		const status = readFileSync("/proc/self/status", "utf8");
		const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
		return effective !== undefined && ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
	} catch {
		return false;
	}
}
