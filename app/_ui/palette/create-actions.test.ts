import { describe, expect, it } from "vitest";
import { CREATE_ACTIONS } from "./create-actions.ts";
import { rankEntries } from "./rank-entries.ts";

const ENTRIES = CREATE_ACTIONS.map((action) => ({ ...action, group: "Actions" as const }));

describe("the ways into the create form", () => {
	it.each([
		["elasticache", "engine=valkey"],
		["valkey", "engine=valkey"],
		["redis", "engine=redis"],
		["memcached", "engine=memcached"],
		["memcache", "engine=memcached"],
		["create leaderboard", "purpose=leaderboard"],
		["leader", "purpose=leaderboard"],
		["session store", "purpose=session-store"],
		["sessions", "purpose=session-store"],
		["queue", "purpose=message-queue"],
		["cluster mode", "purpose=large-data"],
		["serverless", "kind=serverless"],
		["autoscaling", "kind=serverless"],
		["create cache", "engine=valkey"],
	])("for %j begin with %s", (query, start) => {
		expect(rankEntries(ENTRIES, query)[0]?.entries[0]?.query).toBe(start);
	});
});
