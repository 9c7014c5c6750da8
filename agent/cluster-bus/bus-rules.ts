import type { Assignment } from "../../server/contract/desired-state.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";

/** By bus port, the IPv4 addresses from which others may connect. */
export type BusRules = ReadonlyMap<number, ReadonlySet<string>>;

/** A statement with more elements is split: nft limits the length of a line. */
const ELEMENTS_PER_STATEMENT = 500;

/**
 * Who may connect to the bus ports of these nodes: the hosts of their clusters' members. Throws if a host's
 * connections may come from anywhere, or if `resolve` finds no address for its name.
 */
export async function rulesFor(
	assignments: readonly Assignment[],
	resolve: (host: string) => Promise<string>,
): Promise<BusRules> {
	const rules = new Map<number, ReadonlySet<string>>();
	for (const { cluster, port, cacheName } of assignments) {
		if (cluster === null) continue;
		const sources = new Set<string>();
		for (const { host, connectsFrom } of cluster.shards.flatMap(({ members }) => members)) {
			if (connectsFrom === "0.0.0.0") {
				throw new Error(
					`the agent at ${host}, which runs nodes of ${cacheName}, listens on all addresses; start it with --address set to one of its machine's addresses`,
				);
			}
			if (connectsFrom !== undefined) sources.add(connectsFrom);
			sources.add(await resolve(host));
		}
		rules.set(port + CLUSTER_BUS_OFFSET, sources);
	}
	return rules;
}

/**
 * What the table holds apart from ports and members: a rule that refuses new connections to a port in @guarded,
 * unless they come from that port's @members. If the agent hangs or dies, the ports open again, because it couldn't
 * let new members in. The rule never touches existing connections.
 */
export function createBusRules(table: string): string[] {
	const connects = "tcp flags & (fin | syn | rst | ack) == syn";
	return [
		`add set ip ${table} guarded { type inet_service; }`,
		`add set ip ${table} members { type ipv4_addr . inet_service; }`,
		`add chain ip ${table} arriving { type filter hook input priority 0; policy accept; }`,
		`add rule ip ${table} arriving ip daddr @alive tcp dport @guarded ${connects} ip saddr . tcp dport != @members reject with tcp reset`,
	];
}

/** Replaces all ports and members, in one transaction, if there is any difference. */
export function changeBusRules(table: string, from: BusRules, to: BusRules): string[] {
	if (textOf(from) === textOf(to)) return [];
	const members = [...to].flatMap(([port, sources]) =>
		[...sources].map((source) => `${source} . ${port}`),
	);
	return [
		`flush set ip ${table} guarded`,
		`flush set ip ${table} members`,
		...added(table, "members", members),
		...added(table, "guarded", [...to.keys()].map(String)),
	];
}

function textOf(rules: BusRules): string {
	return JSON.stringify([...rules].map(([port, sources]) => [port, [...sources].sort()]).sort());
}

function added(table: string, set: string, elements: readonly string[]): string[] {
	const statements: string[] = [];
	for (let at = 0; at < elements.length; at += ELEMENTS_PER_STATEMENT) {
		const some = elements.slice(at, at + ELEMENTS_PER_STATEMENT).join(", ");
		statements.push(`add element ip ${table} ${set} { ${some} }`);
	}
	return statements;
}
