"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useCallback, useMemo, useRef, useState } from "react";
import { createCacheInputSchema } from "../../../../server/contract/cache.ts";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { firstIssues } from "../../../_lib/form-issues.ts";
import { addPendingWork } from "../../../_lib/pending-work.ts";
import { useOverview } from "../../../_lib/queries.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { tagProblem } from "../tags.ts";
import { type Draft, type FleetFacts, toRequest } from "./draft.ts";

export type DraftField = keyof Draft;

/** The contract's field for each of the form's. */
const FIELD_OF: Readonly<Record<string, DraftField>> = {
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

function problemsOf(draft: Draft, fleet: FleetFacts): Map<DraftField, string> {
	const problems = new Map<DraftField, string>();
	const parsed = createCacheInputSchema.safeParse(toRequest(draft, fleet));
	for (const [field, message] of firstIssues(parsed.error)) {
		const own = FIELD_OF[field];
		if (own !== undefined) problems.set(own, message);
	}
	const tags = tagProblem(draft.tags);
	if (tags !== null) problems.set("tags", tags);
	return problems;
}

interface Refusal {
	field: DraftField;
	message: string;
	/** What the field held when it was refused; another content is worth another try. */
	value: Draft[DraftField];
}

/** The form's state: what is typed, what is wrong with it and may be said already, and sending it. */
export function useCreateForm(initial: () => Draft) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const router = useRouter();
	const queryClient = useQueryClient();
	const { data: overview } = useOverview();
	const [draft, setDraft] = useState<Draft>(initial);
	const [visited, setVisited] = useState<ReadonlySet<DraftField>>(new Set());
	const [isSubmitted, setSubmitted] = useState(false);
	const [refusal, setRefusal] = useState<Refusal | null>(null);
	const attempt = useRef({ content: "", key: "" });

	// Polling answers with new objects: only other zones are other facts.
	const zoneNames = overview?.zones
		.filter(({ online }) => online > 0)
		.map(({ name }) => name)
		.join(" ");
	const fleet = useMemo<FleetFacts>(
		() => ({
			onlineZones: zoneNames === undefined ? null : zoneNames.split(" ").filter(Boolean),
		}),
		[zoneNames],
	);
	const request = useMemo(() => toRequest(draft, fleet), [draft, fleet]);
	const problems = useMemo(() => problemsOf(draft, fleet), [draft, fleet]);

	const create = useMutation({
		mutationFn: () => {
			// The same content sent again is the same request, whatever became of the first try.
			const content = JSON.stringify(request);
			if (attempt.current.content !== content) attempt.current = { content, key: randomId() };
			return client.caches.create.mutate(request, {
				context: { idempotencyKey: attempt.current.key },
			});
		},
		onSuccess: (cache) => {
			addPendingWork(cache.name, "create");
			queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), cache);
			void queryClient.invalidateQueries({ queryKey: trpc.caches.list.queryKey() });
			router.push(`/caches/${cache.name}`);
		},
		onError: (error) => {
			const { field, message } = toApiProblem(error);
			const own = field === null ? undefined : FIELD_OF[field.split(".")[0] ?? ""];
			setRefusal(own === undefined ? null : { field: own, message, value: draft[own] });
		},
	});

	const set = useCallback(<Field extends DraftField>(field: Field, value: Draft[Field]) => {
		setDraft((old) => ({ ...old, [field]: value }));
	}, []);
	const update = useCallback((change: (old: Draft) => Draft) => setDraft(change), []);
	const visit = useCallback((field: DraftField) => {
		setVisited((old) => (old.has(field) ? old : new Set(old).add(field)));
	}, []);
	const errorOf = (field: DraftField): string | undefined => {
		if (isSubmitted || (visited.has(field) && draft[field] !== "")) {
			const problem = problems.get(field);
			if (problem !== undefined) return problem;
		}
		const isRefused = refusal?.field === field && refusal.value === draft[field];
		return isRefused ? refusal.message : undefined;
	};
	/** Sends a valid draft; else answers with the first field at fault. */
	const submit = (): DraftField | null => {
		setSubmitted(true);
		const [first] = problems.keys();
		if (first !== undefined) return first;
		if (!create.isPending && !create.isSuccess) create.mutate();
		return null;
	};

	return {
		draft,
		fleet,
		request,
		set,
		/** Changes several fields at once. */
		update,
		visit,
		errorOf,
		submit,
		isBusy: create.isPending || create.isSuccess,
		/** A failure that no field stands for. */
		error: create.isError && refusal === null ? create.error : null,
		refusedField: create.isError ? (refusal?.field ?? null) : null,
	};
}

export type CreateForm = ReturnType<typeof useCreateForm>;
