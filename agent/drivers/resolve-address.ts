import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

const REMEMBER_MS = 30_000;
const remembered = new Map<string, { address: string; at: number }>();

/**
 * The IP address of a host, because cluster nodes know each other only by address. Throws if its name has
 * none.
 */
export async function resolveAddress(host: string): Promise<string> {
	if (isIP(host) !== 0) return host;
	const known = remembered.get(host);
	if (known !== undefined && performance.now() - known.at < REMEMBER_MS) return known.address;
	const { address } = await lookup(host, { family: 4 });
	remembered.set(host, { address, at: performance.now() });
	return address;
}
