import { Command } from "commander";
import {
	type Cache,
	cacheInterfaceSchema,
	type Event,
	eventPageSchema,
	type Failover,
} from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { formatDuration } from "../../terminal/format.ts";
import { timeoutOption, waitByDefaultOptions, waitForCache } from "./wait-for-cache.ts";
import { withNodes } from "./with-nodes.ts";

/** Type of the events for a requested failover that failed. */
const FAILED = "cache.failover-failed";

interface FailoverOptions extends ApiOptions {
	shard?: string;
	node?: string;
	wait: boolean;
	/** Seconds. */
	timeout: number;
}

export function failoverCommand(): Command {
	const command = new Command("failover")
		.summary("fail over from a serving primary to a replica")
		.description(
			"Fail over from a serving primary to a replica: writes pause for a few milliseconds, and no write is lost. Waits until the failover is done.",
		)
		.argument("<name>")
		.option("--shard <shard>", "such as 0001; required if the cache has more than one")
		.option(
			"--node <node>",
			"the new primary, such as orders-002 (default: the best replica in sync)",
		)
		.addHelpText(
			"after",
			`
Examples:
  larder caches failover orders
  larder caches failover orders --node orders-002
  larder caches failover sessions --shard 0002`,
		);
	return timeoutOption(withApiOptions(waitByDefaultOptions(command))).action(run);
}

async function run(name: string, options: FailoverOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const known = await eventsOf(api, name);
	const accepted = await api.call({
		method: "POST",
		path: `/caches/${encodeURIComponent(name)}/failover`,
		body: { shard: options.shard, node: options.node },
	});
	if (!options.wait) {
		if (options.json) printJson(accepted);
		else print(`${name} is failing over; see: larder caches show ${name}`);
		return;
	}
	const before = await withNodes(api, cacheInterfaceSchema.parse(accepted));
	let leader: NewLeader | null = null;
	const answer = await waitForCache(api, name, options, startedAt, {
		async isReached(cache) {
			leader = newLeader(before, await withNodes(api, cache), options.shard);
			if (leader !== null) return true;
			const failure = failureSince(known, await eventsOf(api, name));
			if (failure === undefined) return false;
			throw new CliError(failure.message, EXIT.failure, [
				`The primary hasn't changed; see: larder caches show ${name}`,
			]);
		},
		unreached: () => `${name} hasn't failed over`,
	});
	if (options.json) printJson(answer);
	else if (leader !== null) print(describeOutcome(leader));
}

async function eventsOf(api: ApiClient, name: string): Promise<Event[]> {
	const answer = await api.call({ method: "GET", path: "/events", query: { cache: name } });
	return eventPageSchema.parse(answer).items;
}

interface NewLeader {
	name: string;
	/** Null if the kind of this failover isn't known. */
	failover: Failover | null;
}

/**
 * The shard's new primary; null while there is none. The cache keeps only its newest failover, of any shard.
 */
export function newLeader(before: Cache, now: Cache, shard: string | undefined): NewLeader | null {
	const { lastFailover } = now;
	if (lastFailover === null || lastFailover.at === before.lastFailover?.at) return null;
	if (shard === undefined || lastFailover.shard === shard) {
		return { name: lastFailover.to, failover: lastFailover };
	}
	const leader = leaderOf(now, shard);
	return leader === undefined || leader === leaderOf(before, shard)
		? null
		: { name: leader, failover: null };
}

function leaderOf(cache: Cache, shard: string): string | undefined {
	const nodes = cache.shards.find(({ id }) => id === shard)?.nodes ?? [];
	return nodes.find(({ role }) => role === "primary")?.id;
}

/** Compares ids, not times: this machine's clock may differ. */
export function failureSince(known: readonly Event[], now: readonly Event[]): Event | undefined {
	const ids = new Set(known.map((event) => event.id));
	return now.find((event) => event.type === FAILED && !ids.has(event.id));
}

/** "orders-002 is the primary; writes paused for 12 ms" */
function describeOutcome({ name, failover }: NewLeader): string {
	const unavailableMs = failover?.writesUnavailableMs ?? null;
	if (failover === null || unavailableMs === null) return `${name} is the primary`;
	const verb = failover.kind === "planned" ? "writes paused for" : "writes were unavailable for";
	return `${name} is the primary; ${verb} ${formatDuration(Math.max(1, unavailableMs))}`;
}
