import { createHash } from "node:crypto";

export interface Address {
	/** IPv4 */
	readonly host: string;
	readonly port: number;
}

/** Where new connections to each endpoint port go: to one of these addresses, each as often as the others. */
export type Leads = ReadonlyMap<number, readonly Address[]>;

/** The rules spread a port over at most this many addresses: a primary's replicas at most. */
export const SPREAD_MAX = 5;

/** How long the rules apply without being renewed. */
export const ALIVE_SECONDS = 3;
/** Before the rules of other programs, which use the names of priorities: dstnat is -100. */
const PRIORITY = -101;

/** Each agent has a table of its own, also beside other installations on the same machine. */
export function tableName(homeDir: string): string {
	return `larder_${createHash("sha256").update(homeDir).digest("hex").slice(0, 16)}`;
}

/**
 * The table, without leads:
 *
 *   connection to @alive : port ─> a place among n, at random ─> @leads: address of an engine
 *
 * `alive` holds the gateway's own address, for three seconds: an agent that dies takes all of its rules out
 * of force at once, and new connections reach HAProxy, which listens on the same ports. Connections that exist
 * keep going where they went: the kernel asks the rules about the first packet only. A port that leads to n
 * addresses has the keys n0 … n(n-1), so every port finds its leads in exactly one of the rules, or in none.
 */
export function createTable(table: string): string[] {
	const spread = Array.from({ length: SPREAD_MAX }, (_, index) => {
		const count = index + 1;
		return `add rule ip ${table} lead dnat ip to numgen random mod ${count} offset ${place(count, 0)} . tcp dport map @leads`;
	});
	const hooked = (chain: string, hook: string) => [
		`add chain ip ${table} ${chain} { type nat hook ${hook} priority ${PRIORITY}; policy accept; }`,
		`add rule ip ${table} ${chain} ip daddr @alive jump lead`,
	];
	return [
		// Without what an earlier agent left, in the same moment.
		`add table ip ${table}`,
		`delete table ip ${table}`,
		`add table ip ${table}`,
		`add set ip ${table} alive { type ipv4_addr; flags timeout; }`,
		`add map ip ${table} leads { typeof numgen random mod 2 . tcp dport : ip daddr . tcp dport; }`,
		`add chain ip ${table} lead`,
		...spread,
		...hooked("from_here", "output"),
		...hooked("from_elsewhere", "prerouting"),
	];
}

/** Keeps the rules in force; `mark` shows up when the set is listed. */
export function renew(table: string, address: string, mark: number): string[] {
	const element = `${address} timeout ${ALIVE_SECONDS}s comment "${mark}"`;
	return [`flush set ip ${table} alive`, `add element ip ${table} alive { ${element} }`];
}

/** What leads from one state to the other. */
export function changeLeads(table: string, from: Leads, to: Leads): string[] {
	const changed = [...new Set([...from.keys(), ...to.keys()])].filter(
		(port) => !sameAddresses(from.get(port) ?? [], to.get(port) ?? []),
	);
	const keys = changed.flatMap((port) =>
		elements(port, from.get(port) ?? []).map(({ key }) => key),
	);
	const added = changed.flatMap((port) =>
		elements(port, to.get(port) ?? []).map(({ key, address }) => `${key} : ${address}`),
	);
	return [
		...(keys.length === 0 ? [] : [`delete element ip ${table} leads { ${keys.join(", ")} }`]),
		...(added.length === 0 ? [] : [`add element ip ${table} leads { ${added.join(", ")} }`]),
	];
}

function sameAddresses(some: readonly Address[], others: readonly Address[]): boolean {
	return (
		some.length === others.length &&
		some.every(({ host, port }, at) => host === others[at]?.host && port === others[at]?.port)
	);
}

function elements(port: number, addresses: readonly Address[]): { key: string; address: string }[] {
	return addresses.map((address, index) => ({
		key: `${place(addresses.length, index)} . ${port}`,
		address: `${address.host} . ${address.port}`,
	}));
}

/** Unique among all counts. */
function place(count: number, index: number): number {
	return count * 10 + index;
}
