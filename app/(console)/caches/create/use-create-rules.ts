import { useCallback, useEffect, useMemo, useState } from "react";
import type { createCacheInputSchema } from "../../../../server/contract/cache.ts";
import { firstIssues } from "../../../_lib/form-issues.ts";
import { tagProblem } from "../tags.ts";
import { type Draft, type DraftField, type FleetFacts, toRequest } from "./draft.ts";

type Rules = typeof createCacheInputSchema;
type DraftProblems = ReadonlyMap<DraftField, string>;

/** The form's field for each of the contract's. */
export const FIELD_OF: Readonly<Record<string, DraftField>> = {
	name: "name",
	description: "description",
	engine: "engine",
	engineVersion: "engineVersion",
	nodeType: "nodeType",
	clusterMode: "clusterMode",
	shards: "shards",
	replicasPerShard: "replicas",
	slots: "slots",
	nodes: "nodes",
	zones: "zones",
	multiAz: "multiAz",
	automaticFailover: "automaticFailover",
	auth: "auth",
	port: "port",
	parameterGroup: "parameterGroup",
	deletionProtection: "deletionProtection",
	tags: "tags",
};

/** The problems of a draft. If the rules can't be loaded, the server reports the problems. */
function problemsOf(rules: Rules | null, draft: Draft, fleet: FleetFacts): DraftProblems {
	const problems = new Map<DraftField, string>();
	for (const [field, message] of firstIssues(rules?.safeParse(toRequest(draft, fleet)).error)) {
		const own = FIELD_OF[field];
		if (own !== undefined) problems.set(own, message);
	}
	const tags = tagProblem(draft.tags);
	if (tags !== null) problems.set("tags", tags);
	return problems;
}

async function loadRules(): Promise<Rules | null> {
	try {
		return (await import("../../../../server/contract/cache.ts")).createCacheInputSchema;
	} catch {
		return null;
	}
}

/**
 * The contract's rules, applied to a draft. Their code is large and loads once the draft is touched, so that the form
 * appears sooner. `problems` is null until it has loaded.
 */
export function useCreateRules(draft: Draft, fleet: FleetFacts, isTouched: boolean) {
	const [rules, setRules] = useState<Rules | null>(null);
	const load = useCallback(async () => {
		const loaded = await loadRules();
		setRules(loaded);
		return loaded;
	}, []);
	useEffect(() => {
		if (isTouched) void load();
	}, [isTouched, load]);
	const problems = useMemo(
		() => (rules === null ? null : problemsOf(rules, draft, fleet)),
		[rules, draft, fleet],
	);
	return {
		problems,
		/** For a draft that is about to be sent. */
		check: async () => problems ?? problemsOf(await load(), draft, fleet),
	};
}
