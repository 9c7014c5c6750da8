"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { addPendingWork } from "../../../_lib/pending-work.ts";
import { useOverview } from "../../../_lib/queries.ts";
import { randomId } from "../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc.ts";
import { type Draft, type DraftField, type FleetFacts, toRequest } from "./draft.ts";
import { keepDraft, readKeptDraft } from "./kept-draft.ts";
import { draftFieldAt, useCreateRules } from "./use-create-rules.ts";
import { useNameTaken } from "./use-name-taken.ts";

interface Refusal {
	field: DraftField;
	message: string;
	/** The field's value when the API refused it; a changed value may be sent again. */
	value: Draft[DraftField];
}

/** The form's state: what is typed, which of its problems to show now, and how to send it. */
export function useCreateForm(initial: () => Draft, start: string) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const router = useRouter();
	const queryClient = useQueryClient();
	const { data: overview } = useOverview();
	const [draft, setDraft] = useState<Draft>(initial);
	const untouched = useRef(draft);
	const [visited, setVisited] = useState<ReadonlySet<DraftField>>(new Set());
	const [isSubmitted, setSubmitted] = useState(false);
	const [refusal, setRefusal] = useState<Refusal | null>(null);
	const attempt = useRef({ content: "", key: "" });

	// The form first appears in its initial state. What was typed before a reload is restored right after that.
	const isRestored = useRef(false);
	useEffect(() => {
		const kept = isRestored.current ? null : readKeptDraft(start);
		isRestored.current = true;
		if (kept !== null) setDraft(kept);
		else if (draft !== untouched.current) keepDraft(start, draft);
	}, [start, draft]);

	// Each poll returns new objects; the facts change only if the zones do.
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
	const { problems, check } = useCreateRules(draft, fleet, draft !== untouched.current);
	const isNameValid = problems !== null && !problems.has("name");
	const isNameTaken = useNameTaken(isNameValid ? request.name.toLowerCase() : "");

	const create = useMutation({
		mutationFn: () => {
			// Sending the same content again is the same request, however the first attempt ended.
			const content = JSON.stringify(request);
			if (attempt.current.content !== content) attempt.current = { content, key: randomId() };
			return client.caches.create.mutate(request, {
				context: { idempotencyKey: attempt.current.key },
			});
		},
		onSuccess: (cache) => {
			keepDraft(start, null);
			addPendingWork(cache.name, "create");
			queryClient.setQueryData(trpc.caches.get.queryKey({ name: cache.name }), cache);
			void queryClient.invalidateQueries({ queryKey: trpc.caches.list.queryKey() });
			router.push(`/caches/${cache.name}`);
		},
		onError: (error) => {
			const { field, message } = toApiProblem(error);
			const own = field === null ? undefined : draftFieldAt(field);
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
			const problem = problems?.get(field);
			if (problem !== undefined) return problem;
		}
		if (field === "name" && isNameTaken && !create.isPending && !create.isSuccess) {
			return `a cache named ${draft.name.trim().toLowerCase()} already exists; choose another name`;
		}
		const isRefused = refusal?.field === field && refusal.value === draft[field];
		return isRefused ? refusal.message : undefined;
	};
	/** Sends the draft if it is valid; otherwise returns the first field at fault. */
	const submit = async (): Promise<DraftField | null> => {
		setSubmitted(true);
		const [first] = (await check()).keys();
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
		/** Whether a field other than the name is at fault; false while that isn't known. */
		hasFault: problems !== null && [...problems.keys()].some((field) => field !== "name"),
		isBusy: create.isPending || create.isSuccess,
		/** A failure that belongs to no field. */
		error: create.isError && refusal === null ? create.error : null,
		refusedField: create.isError ? (refusal?.field ?? null) : null,
	};
}

export type CreateForm = ReturnType<typeof useCreateForm>;
