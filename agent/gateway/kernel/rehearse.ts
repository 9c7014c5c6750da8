import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { endForwarded, forgetForwarded } from "./forwarded-connections.ts";
import type { KernelTable } from "./kernel-table.ts";

/** Absolute paths. */
export interface KernelTools {
	readonly nft: string;
	readonly conntrack: string;
}

const TIMEOUT_MS = 5_000;

/**
 * Forwards a connection to a listener of the agent's own and ends it again, so that no client is the first
 * to find out what this kernel can't do. Throws an error that says what it can't do.
 */
export async function rehearse(
	table: KernelTable,
	tools: KernelTools,
	address: string,
): Promise<void> {
	const engine = await listen(address);
	// Stands in for HAProxy: it listens where the client connects, and must not see the client.
	const fallback = await listen(address);
	const endpoint = { host: address, port: fallback.port };
	const target = { host: address, port: engine.port };
	try {
		await table.hold(tools.nft, new Map([[endpoint.port, [target]]]));
		const arrived = once(engine.server, "connection");
		const client = connect(endpoint).on("error", () => {});
		await within(arrived, "it doesn't forward connections");
		const ended = new Promise((resolve) => client.once("close", resolve));
		const pairs = await endForwarded(tools.conntrack, [{ endpoint, engines: [target] }]);
		await within(ended, "it doesn't end connections");
		await forgetForwarded(tools.conntrack, pairs);
	} finally {
		engine.close();
		fallback.close();
	}
}

async function listen(address: string): Promise<{ server: Server; port: number; close(): void }> {
	const ends: (() => void)[] = [];
	const server = createServer((socket) => {
		socket.on("error", () => {});
		ends.push(() => socket.destroy());
	});
	server.listen(0, address);
	await once(server, "listening");
	return {
		server,
		port: (server.address() as AddressInfo).port,
		close() {
			for (const end of ends) end();
			server.close();
		},
	};
}

async function within(event: Promise<unknown>, problem: string): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(problem)), TIMEOUT_MS);
	});
	await Promise.race([event, late]).finally(() => clearTimeout(timer));
}
