import { readFile } from "node:fs/promises";

const LISTEN = "0A";

/**
 * The TCP ports of an address on which some program listens. Asks the kernel instead of binding a port as
 * probePort does, because HAProxy may be about to bind it.
 */
export async function listeningPorts(address: string): Promise<Set<number>> {
	const [v4, v6] = await Promise.all(
		["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8").catch(() => "")),
	);
	return parseListeningPorts(`${v4}\n${v6}`, address);
}

export function parseListeningPorts(text: string, address: string): Set<number> {
	const own = hexOf(address);
	const ports = new Set<number>();
	for (const [, host = "", port = "", state] of text.matchAll(
		/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /gm,
	)) {
		const onAll = /^0+$/.test(host);
		if (state === LISTEN && (host === own || onAll)) ports.add(Number.parseInt(port, 16));
	}
	return ports;
}

/** As the kernel prints it: with its bytes reversed, because all processors that Larder runs on are little-endian. */
function hexOf(address: string): string {
	const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
	return bytes.reverse().join("").toUpperCase();
}
