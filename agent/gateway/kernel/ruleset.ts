export interface Address {
	/** IPv4 */
	readonly host: string;
	readonly port: number;
}

/** Where new connections to each endpoint port go: to one of these addresses, each as often as the others. */
export type Leads = ReadonlyMap<number, readonly Address[]>;

/** The rules spread a port over at most this many addresses: as many as a primary may have replicas. */
export const SPREAD_MAX = 5;

/** Before the rules of other programs, which use the names of priorities: dstnat is -100. */
const PRIORITY = -101;

/** Longer than the kernel remembers a connection that was reset. */
const DEMOTED_SECONDS = 15;

/**
 * The table, without leads:
 *
 *   connection to @alive : port ─> a place among n, at random ─> @leads: address of an engine
 *
 * Once an agent dies and `alive` is empty, new connections reach HAProxy, which listens on the same ports.
 * Existing connections keep their engine: the kernel asks the rules only about the first packet. A
 * port that leads to n addresses has the keys n0 … n(n-1), so every port finds its leads in exactly one of the
 * rules, or in none.
 *
 * The kernel remembers a connection that was reset for ten seconds. It leads a client that comes back from the
 * same port, as many do, to the same engine, without asking the rules. So connections to an engine that a port
 * led to a moment ago (@demoted) are refused, and the client tries again. Clients that are still connected through
 * a primary endpoint to an engine that is no longer primary (@cut) are reset with whatever they send next: none of it
 * reaches the engine, not even what the engine would accept after the rules have changed. The kernel goes on with both if
 * the agent dies.
 */
export function createLeads(table: string, address: string): string[] {
	const forwarded = `ct original ip daddr ${address} ct status dnat`;
	const led = "ct original proto-dst . ip daddr . tcp dport";
	const spread = Array.from({ length: SPREAD_MAX }, (_, index) => {
		const count = index + 1;
		return `add rule ip ${table} lead dnat ip to numgen random mod ${count} offset ${place(count, 0)} . tcp dport map @leads`;
	});
	const hooked = (chain: string, hook: string) => [
		`add chain ip ${table} ${chain} { type nat hook ${hook} priority ${PRIORITY}; policy accept; }`,
		`add rule ip ${table} ${chain} ip daddr @alive jump lead`,
	];
	return [
		`add map ip ${table} leads { typeof numgen random mod 2 . tcp dport : ip daddr . tcp dport; }`,
		...["demoted", "cut"].map(
			(set) =>
				`add set ip ${table} ${set} { type inet_service . ipv4_addr . inet_service; flags timeout; }`,
		),
		`add chain ip ${table} arriving { type filter hook input priority 0; policy accept; }`,
		`add rule ip ${table} arriving ${forwarded} tcp flags & (fin | syn | rst | ack) == syn ${led} @demoted reject with tcp reset`,
		`add rule ip ${table} arriving ${forwarded} ${led} @cut reject with tcp reset`,
		`add chain ip ${table} lead`,
		...spread,
		...hooked("from_here", "output"),
		...hooked("from_elsewhere", "prerouting"),
	];
}

/** Statements that lead from one state to the other. */
export function changeLeads(table: string, from: Leads, to: Leads): string[] {
	const changed = changedPorts(from, to);
	const keys = changed.flatMap((port) =>
		elements(port, from.get(port) ?? []).map(({ key }) => key),
	);
	const added = changed.flatMap((port) =>
		elements(port, to.get(port) ?? []).map(({ key, address }) => `${key} : ${address}`),
	);
	return [
		...(keys.length === 0 ? [] : [`delete element ip ${table} leads { ${keys.join(", ")} }`]),
		...(added.length === 0 ? [] : [`add element ip ${table} leads { ${added.join(", ")} }`]),
		...changeDemoted(table, changed, from, to),
	];
}

/** Refuses clients that come back to where an earlier agent's rules may have led them but `to` doesn't. */
export function refuseFormer(table: string, former: Leads, to: Leads): string[] {
	return changeDemoted(table, [...former.keys()], former, to);
}

/** Cuts off whoever is connected through these ports to one of `from`, unless `to` leads there. */
export function cutOff(table: string, from: Leads, to: Leads): string[] {
	return changeTimed(table, "cut", [...from.keys()], from, to);
}

function changeDemoted(table: string, ports: readonly number[], from: Leads, to: Leads): string[] {
	return changeTimed(table, "demoted", ports, from, to);
}

/** Adding an element first makes its removal succeed, whether or not it has expired. */
function changeTimed(
	table: string,
	set: "demoted" | "cut",
	ports: readonly number[],
	from: Leads,
	to: Leads,
): string[] {
	const pairs = (leads: Leads) =>
		ports.flatMap((port) =>
			(leads.get(port) ?? []).map((engine) => `${port} . ${engine.host} . ${engine.port}`),
		);
	const now = new Set(pairs(to));
	const before = pairs(from).filter((pair) => !now.has(pair));
	const all = [...before, ...now].join(", ");
	if (all === "") return [];
	const timed = before.map((pair) => `${pair} timeout ${DEMOTED_SECONDS}s`);
	return [
		`add element ip ${table} ${set} { ${all} }`,
		`delete element ip ${table} ${set} { ${all} }`,
		...(timed.length === 0 ? [] : [`add element ip ${table} ${set} { ${timed.join(", ")} }`]),
	];
}

function changedPorts(from: Leads, to: Leads): number[] {
	return [...new Set([...from.keys(), ...to.keys()])].filter(
		(port) => !sameAddresses(from.get(port) ?? [], to.get(port) ?? []),
	);
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
