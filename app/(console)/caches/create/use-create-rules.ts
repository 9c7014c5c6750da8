import { useCallback, useEffect, useMemo, useState } from "react";
import type { createCacheInputSchema } from "../../../../server/contract/create-cache.ts";
import { issuesByPath } from "../../../_lib/form-issues.ts";
import { LIMIT_FIELDS } from "../limits-draft.ts";
import { tagProblem } from "../tags.ts";
import { type Draft, type DraftField, type FleetFacts, toRequest } from "./draft.ts";

type Rules = typeof createCacheInputSchema;
type DraftProblems = ReadonlyMap<DraftField, string>;

/** The form's field for each of the contract's. */
const FIELD_OF: Readonly<Record<string, DraftField>> = {
	name: "name",
	description: "description",
	kind: "kind",
	protocol: "protocol",
	evictionPolicy: "evictionPolicy",
	"scaleToZero.afterMinutes": "sleepMinutes",
	...LIMIT_FIELDS,
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
	snapshot: "snapshot",
	snapshotRetentionDays: "retentionDays",
	snapshotWindow: "snapshotWindow",
	persistence: "persistence",
	tags: "tags",
};

/** The form's field for a path such as `limits.dataStorageGb.min` or `slots.2`; undefined for none. */
export function draftFieldAt(path: string): DraftField | undefined {
	const own = FIELD_OF[path];
	const end = path.lastIndexOf(".");
	return own ?? (end < 0 ? undefined : draftFieldAt(path.slice(0, end)));
}

/** The problems of a draft. If the rules can't be loaded, the server reports the problems. */
function problemsOf(rules: Rules | null, draft: Draft, fleet: FleetFacts): DraftProblems {
	const problems = new Map<DraftField, string>();
	for (const [path, message] of issuesByPath(rules?.safeParse(toRequest(draft, fleet)).error)) {
		const own = draftFieldAt(path);
		if (own !== undefined && !problems.has(own)) problems.set(own, message);
	}
	const tags = tagProblem(draft.tags);
	if (tags !== null) problems.set("tags", tags);
	return problems;
}

async function loadRules(): Promise<Rules | null> {
	try {
		return (await import("../../../../server/contract/create-cache.ts")).createCacheInputSchema;
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
