import { readFileSync } from "node:fs";
import { runCommand } from "../../bundles/run-command.ts";
import { endSockets } from "../../supervisor/cut-connections.ts";
import type { Address } from "./ruleset.ts";

const OWN_LIST = "/proc/net/nf_conntrack";
const COUNT = "/proc/sys/net/netfilter/nf_conntrack_count";
/** Reading so many takes some 60 ms. */
const READ_AT_ONCE_MAX = 50_000;
const LIST_TIMEOUT_MS = 5_000;

/** A connection that the kernel forwards from an endpoint's port to an engine. */
interface Forwarded {
	readonly endpoint: Address;
	readonly engine: Address;
	/** The client, as the engine sees it. */
	readonly client: Address;
	/** Its sockets are gone; the kernel still knows it. */
	readonly ended: boolean;
}

interface Doomed {
	readonly endpoint: Address;
	readonly engines: readonly Address[];
}

type Pair = Pick<Forwarded, "endpoint" | "engine">;

/**
 * Ends the connections that entered through an endpoint and lead to one of its `engines`, and no others: those
 * of clients that talk to the engine itself, of replicas and of agents stay. Ends the engines' sockets, even if
 * an engine hangs; the kernel resets the clients' ends. Returns the pairs that had connections, which the
 * kernel should forget.
 */
export async function endForwarded(conntrack: string, wanted: readonly Doomed[]): Promise<Pair[]> {
	const [first] = wanted;
	if (first === undefined) return [];
	const pairs = wanted.flatMap(({ endpoint, engines }) =>
		engines.map((engine) => ({ endpoint, engine })),
	);
	const doomed = new Set(pairs.map(textOfPair));
	const list = await listConnections(conntrack, first.endpoint.host);
	const ports = new Set(wanted.map(({ endpoint }) => endpoint.port));
	const listed = parseConnections(linesNaming(list, ports)).filter((connection) =>
		doomed.has(textOfPair(connection)),
	);
	await endSockets(
		listed
			.filter(({ ended }) => !ended)
			.map(({ engine, client }) => ({ local: textOf(engine), peer: textOf(client) })),
	);
	const known = new Set(listed.map(textOfPair));
	return pairs.filter((pair) => known.has(textOfPair(pair)));
}

/**
 * Has the kernel forget connections that were ended. Otherwise, for ten seconds, it would lead a client that comes back
 * from the same port to the same engine, which refuses it. The same goes for a client whose first packet the engine
 * dropped.
 */
export async function forgetForwarded(conntrack: string, pairs: readonly Pair[]): Promise<void> {
	await Promise.all(pairs.map((pair) => forget(conntrack, pair)));
}

async function forget(conntrack: string, { endpoint, engine }: Pair): Promise<void> {
	const asked = ["--orig-dst", endpoint.host, "--orig-port-dst", String(endpoint.port)];
	const answered = ["--reply-src", engine.host, "--reply-port-src", String(engine.port)];
	try {
		await runCommand(conntrack, ["-D", "-p", "tcp", ...asked, ...answered], {
			timeoutMs: LIST_TIMEOUT_MS,
		});
	} catch (error) {
		// conntrack fails with this message when no entry was left.
		if (!String(error).includes(" 0 flow entries have been deleted")) throw error;
	}
}

/**
 * Reads the kernel's own list if it has one, unless the list is very long: starting a program takes longer,
 * and writes may be held meanwhile. Reads synchronously, because the kernel gives out one page at a time,
 * and each would wait for its turn.
 */
async function listConnections(conntrack: string, address: string): Promise<string> {
	try {
		const count = Number(readFileSync(COUNT, "latin1"));
		if (count <= READ_AT_ONCE_MAX) return readFileSync(OWN_LIST, "latin1");
	} catch {
		// Many kernels have none: the program asks in another way.
	}
	const args = ["-L", "-p", "tcp", "--orig-dst", address];
	return await runCommand(conntrack, args, { timeoutMs: LIST_TIMEOUT_MS });
}

/** The lines of the list about connections to or from these ports, found without looking at all the others. */
function linesNaming(list: string, ports: ReadonlySet<number>): string {
	const lines = new Set<string>();
	for (const port of ports) {
		const name = `dport=${port} `;
		for (let at = list.indexOf(name); at >= 0; at = list.indexOf(name, at + 1)) {
			const end = list.indexOf("\n", at);
			lines.add(list.slice(list.lastIndexOf("\n", at) + 1, end < 0 ? undefined : end));
		}
	}
	return [...lines].join("\n");
}

/**
 * Reads that list: each line has a connection's state, its addresses as the client sees them, then as the engine sees
 * them. The kernel lists a connection for up to two minutes after its end.
 */
export function parseConnections(text: string): Forwarded[] {
	const side = String.raw`src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)`;
	return [
		...text.matchAll(new RegExp(`^(?:ipv4 +2 )?tcp +6 \\d+ (\\S+) ${side} .*?${side}`, "gm")),
	].map((match) => {
		const [, state = "", , endpointHost = "", , endpointPort, engineHost = "", ...rest] = match;
		const [clientHost = "", enginePort, clientPort] = rest;
		return {
			endpoint: { host: endpointHost, port: Number(endpointPort) },
			engine: { host: engineHost, port: Number(enginePort) },
			client: { host: clientHost, port: Number(clientPort) },
			ended: state === "TIME_WAIT" || state === "CLOSE",
		};
	});
}

function textOfPair({ endpoint, engine }: Pair): string {
	return `${textOf(endpoint)} ${textOf(engine)}`;
}

function textOf({ host, port }: Address): string {
	return `${host}:${port}`;
}
