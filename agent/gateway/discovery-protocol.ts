import { isIPv4 } from "node:net";
import type { Route } from "../../server/contract/routes.ts";

export type Discovery = NonNullable<Route["discovery"]>;
export type DiscoveryCommand = "config" | "get" | "gets";

const LEGACY_KEY = "AmazonElastiCache:cluster";

/**
 * ElastiCache's answer, byte for byte: the length covers both lines with their \n, but not the \r\n after them. The
 * older way to ask is a `get`. Clients send it with their ordinary `get`, whose parser needs VALUE, the key and,
 * for `gets`, a number: ElastiCache's own nodes answer the same.
 */
export function discoveryAnswer(command: DiscoveryCommand, discovery: Discovery): string {
	const nodes = discovery.nodes
		.map(({ host, port }) => ({ host, entry: `${host}|${isIPv4(host) ? host : ""}|${port}` }))
		.sort((a, b) => (a.host === b.host ? compare(a.entry, b.entry) : compare(a.host, b.host)))
		.map(({ entry }) => entry);
	const body = `${discovery.version}\n${nodes.join(" ")}\n`;
	const length = Buffer.byteLength(body);
	const title = {
		config: `CONFIG cluster 0 ${length}`,
		get: `VALUE ${LEGACY_KEY} 0 ${length}`,
		gets: `VALUE ${LEGACY_KEY} 0 ${length} ${discovery.version}`,
	}[command];
	return `${title}\r\n${body}\r\nEND\r\n`;
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

export type ClientPart =
	| { readonly kind: "forward"; readonly bytes: Buffer }
	| { readonly kind: "discovery"; readonly command: DiscoveryCommand };

const NEWLINE = 10;
const BINARY_REQUEST = 0x80;
/** A longer line isn't one of our commands; memcached itself decides how to handle it. */
const LINE_MAX_BYTES = 64 * 1024;

/**
 * Extracts the discovery commands from what a client sends. It skips data blocks by their announced length,
 * so a value that looks like a command stays a value; a connection in the binary protocol passes through
 * untouched.
 */
export class ClientStream {
	private held = Buffer.alloc(0);
	private blockBytes = 0;
	private untouched = false;
	private begun = false;

	/** Parts in the order in which the client sent them. An unfinished line waits for its end. */
	take(chunk: Buffer): ClientPart[] {
		const parts: ClientPart[] = [];
		let forward: Buffer[] = [];
		const flush = () => {
			if (forward.length > 0) parts.push({ kind: "forward", bytes: Buffer.concat(forward) });
			forward = [];
		};
		let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
		this.held = Buffer.alloc(0);
		if (!this.begun && rest.length > 0) {
			this.begun = true;
			this.untouched = rest[0] === BINARY_REQUEST;
		}
		while (rest.length > 0) {
			if (this.untouched) {
				forward.push(rest);
				break;
			}
			if (this.blockBytes > 0) {
				const block = rest.subarray(0, this.blockBytes);
				this.blockBytes -= block.length;
				forward.push(block);
				rest = rest.subarray(block.length);
				continue;
			}
			const end = rest.indexOf(NEWLINE);
			if (end < 0) {
				if (rest.length > LINE_MAX_BYTES) this.untouched = true;
				else {
					this.held = Buffer.from(rest);
					break;
				}
				continue;
			}
			const line = rest.subarray(0, end + 1);
			rest = rest.subarray(end + 1);
			const words = line.toString("latin1").trim().split(/\s+/);
			const command = discoveryCommand(words);
			if (command === null) {
				this.blockBytes = announcedBytes(words);
				forward.push(line);
			} else {
				flush();
				parts.push({ kind: "discovery", command });
			}
		}
		flush();
		return parts;
	}

	/** What the client left unfinished when it closed its side. */
	remainder(): Buffer {
		const rest = this.held;
		this.held = Buffer.alloc(0);
		return rest;
	}
}

function discoveryCommand(words: readonly string[]): DiscoveryCommand | null {
	const [verb, object, name] = words;
	if (verb === "config" && object === "get" && name === "cluster" && words.length === 3) {
		return "config";
	}
	if ((verb === "get" || verb === "gets") && object === LEGACY_KEY && words.length === 2) {
		return verb;
	}
	return null;
}

const STORES = new Set(["set", "add", "replace", "append", "prepend", "cas"]);

/** Length of the data block after a command line, its \r\n included; 0 for none. */
function announcedBytes(words: readonly string[]): number {
	const [verb = ""] = words;
	const length = STORES.has(verb) ? words[4] : verb === "ms" ? words[2] : undefined;
	return length !== undefined && /^\d{1,10}$/.test(length) ? Number(length) + 2 : 0;
}
