import { readFileIfExists } from "../../../platform/atomic-file.ts";
import { runCommand } from "../../bundles/run-command.ts";
import { endSockets } from "../../supervisor/cut-connections.ts";
import type { Address } from "./ruleset.ts";

const OWN_LIST = "/proc/net/nf_conntrack";
const LIST_TIMEOUT_MS = 5_000;

/** A connection that the kernel forwards from an endpoint's port to an engine. */
interface Forwarded {
	readonly endpoint: Address;
	readonly engine: Address;
	/** The client, as the engine sees it. */
	readonly client: Address;
}

/**
 * Ends the connections that entered by an endpoint and lead to one of its `engines`, and no others: those of
 * clients that talk to the engine itself, of replicas and of agents stay. Ends the engines' sockets, even if an
 * engine hangs; the kernel resets the clients' ends.
 */
export async function endForwarded(
	conntrack: string,
	wanted: readonly { endpoint: Address; engines: readonly Address[] }[],
): Promise<void> {
	const [first] = wanted;
	if (first === undefined) return;
	const doomed = new Set(
		wanted.flatMap(({ endpoint, engines }) =>
			engines.map((engine) => `${textOf(endpoint)} ${textOf(engine)}`),
		),
	);
	const listed = await listConnections(conntrack, first.endpoint.host);
	const found = parseConnections(listed).filter(({ endpoint, engine }) =>
		doomed.has(`${textOf(endpoint)} ${textOf(engine)}`),
	);
	await endSockets(
		found.map(({ engine, client }) => ({ local: textOf(engine), peer: textOf(client) })),
	);
}

/** The kernel's own list where it has one: starting a program takes longer, and writes may be held meanwhile. */
async function listConnections(conntrack: string, address: string): Promise<string> {
	const own = await readFileIfExists(OWN_LIST);
	if (own !== null) return own;
	const args = ["-L", "-p", "tcp", "--orig-dst", address];
	return await runCommand(conntrack, args, { timeoutMs: LIST_TIMEOUT_MS });
}

/**
 * Reads that list: each line has a connection's state, its addresses as the client sees them, then as the engine
 * does. Leaves out those that have ended, which the kernel lists for up to two more minutes.
 */
export function parseConnections(text: string): Forwarded[] {
	const side = String.raw`src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)`;
	return [
		...text.matchAll(
			new RegExp(`^(?:ipv4 +2 )?tcp +6 \\d+ (?!TIME_WAIT |CLOSE )\\S+ ${side} .*?${side}`, "gm"),
		),
	].map((match) => {
		const [, , endpointHost = "", , endpointPort, engineHost = "", clientHost = "", ...ports] =
			match;
		const [enginePort, clientPort] = ports;
		return {
			endpoint: { host: endpointHost, port: Number(endpointPort) },
			engine: { host: engineHost, port: Number(enginePort) },
			client: { host: clientHost, port: Number(clientPort) },
		};
	});
}

function textOf({ host, port }: Address): string {
	return `${host}:${port}`;
}
