"use client";

import { Button } from "@heroui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { FlaskConical } from "lucide-react";
import { useRouter } from "next/navigation";
import { type SubmitEvent, useState } from "react";
import type { Cache } from "../../../server/contract/cache-view.ts";
import {
	LAB_LIMITS,
	LAB_STRATEGIES,
	LAB_STRATEGY_NAMES,
	type LabStrategy,
} from "../../../server/contract/lab.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { asSentence, issuesByPath } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ButtonLink } from "../../_ui/button-link.tsx";
import { CheckField } from "../../_ui/check-field.tsx";
import { FieldMessage, FormTextField } from "../../_ui/form-fields.tsx";
import { EmptyState, ProblemBanner } from "../../_ui/notices.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { Segmented } from "../../_ui/segmented.tsx";
import { CACHES_LISTED, CacheField } from "../caches/cache-field.tsx";
import { draftOf, type LabDraft, parseDraft, type WorkloadField } from "./lab-draft.ts";
import { labPath, PRESETS, STRATEGY_HINTS } from "./lab-words.ts";

const FIELDS: readonly { name: WorkloadField; label: string; hint: string }[] = [
	{ name: "readShare", label: "Reads, in %", hint: "The rest are writes." },
	{ name: "keys", label: "Keys", hint: "Items in each strategy's database, at most 1,000,000." },
	{ name: "keySkew", label: "Key skew", hint: "Zipf's exponent; 0 spreads reads evenly." },
	{ name: "itemBytes", label: "Item size in bytes", hint: "At most 65,536." },
	{ name: "ttlSeconds", label: "TTL in seconds", hint: "How long the cache keeps a value." },
	{ name: "databaseLatencyMs", label: "Added latency in ms", hint: "Of each database query." },
	{ name: "clients", label: "Clients", hint: "Of each strategy, at most 64." },
	{
		name: "operationsPerSecond",
		label: "Operations a second",
		hint: "Of each strategy. Empty: as many as the clients can.",
	},
	{ name: "durationSeconds", label: "Duration in seconds", hint: "At most 120." },
];

function obstacleOf({ engine, status }: Pick<Cache, "engine" | "status">): string | null {
	if (engine === "memcached") return "The lab has no clients for Memcached.";
	return status === "available" ? null : "It isn't available now.";
}

/** Starts a run and opens its page. */
export function LabForm() {
	const trpc = useTRPC();
	const router = useRouter();
	const caches = useQuery(
		trpc.caches.list.queryOptions({ sort: "name", limit: CACHES_LISTED }, { staleTime: 5_000 }),
	);
	const usable = (caches.data?.items ?? []).filter((cache) => obstacleOf(cache) === null);
	const [preset, setPreset] = useState(PRESETS[0]);
	const [draft, setDraft] = useState<LabDraft | null>(null);
	const [isSubmitted, setSubmitted] = useState(false);
	const create = useMutation(
		trpc.labRuns.create.mutationOptions({ onSuccess: ({ id }) => router.push(labPath(id)) }),
	);
	if (preset === undefined) return null;
	if (caches.data?.nextCursor === null && usable.length === 0) return <NoCache />;
	const current = draft ?? draftOf(preset, usable[0]?.name ?? "");
	const parsed = parseDraft(current);
	const issues = isSubmitted ? issuesByPath(parsed.error) : new Map<string, string>();
	const problem = create.isError ? toApiProblem(create.error) : null;
	const errorOf = (path: string) =>
		issues.get(path) ?? (problem?.field === path ? asSentence(problem.message) : undefined);
	const change = (next: Partial<LabDraft>) => {
		setDraft({ ...current, ...next });
		if (create.isError) create.reset();
	};
	const toggle = (strategy: LabStrategy, isChosen: boolean) =>
		change({
			strategies: LAB_STRATEGIES.filter((each) =>
				each === strategy ? isChosen : current.strategies.includes(each),
			),
		});
	const submit = (event: SubmitEvent<HTMLFormElement>) => {
		event.preventDefault();
		setSubmitted(true);
		if (parsed.success && !create.isPending) create.mutate(parsed.data);
	};
	return (
		<Panel title="New run">
			<form onSubmit={submit} noValidate aria-label="New run" className="flex flex-col gap-4">
				{problem !== null && problem.field === null && (
					<ProblemBanner title="The run wasn't started" error={create.error} />
				)}
				<Segmented
					label="Preset"
					value={preset.id}
					options={PRESETS.map(({ id, label }) => ({ value: id, label }))}
					onChange={(id) => {
						const chosen = PRESETS.find((each) => each.id === id) ?? preset;
						setPreset(chosen);
						setDraft(draftOf(chosen, current.cache));
					}}
				/>
				<CacheField
					value={current.cache}
					obstacleOf={obstacleOf}
					onChange={(cache) => change({ cache })}
					hint="The run uses keys of its own and deletes them. It doesn't touch other keys, but it takes memory and time of the engine."
					error={errorOf("cache")}
					className="max-w-md"
				/>
				<fieldset className="flex flex-col gap-2">
					<legend className="mb-2 text-sm font-medium">Strategies, up to three</legend>
					<div className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
						{LAB_STRATEGIES.map((strategy) => {
							const isChosen = current.strategies.includes(strategy);
							return (
								<div key={strategy}>
									<CheckField
										label={LAB_STRATEGY_NAMES[strategy]}
										isChecked={isChosen}
										isDisabled={!isChosen && current.strategies.length >= LAB_LIMITS.strategiesMax}
										onChange={(checked) => toggle(strategy, checked)}
									/>
									<p className="pl-7 text-xs text-muted">{STRATEGY_HINTS[strategy]}</p>
								</div>
							);
						})}
					</div>
					{errorOf("strategies") !== undefined && (
						<FieldMessage>{errorOf("strategies")}</FieldMessage>
					)}
				</fieldset>
				<div className="grid items-start gap-3 sm:grid-cols-2 xl:grid-cols-3">
					{FIELDS.map(({ name, label, hint }) => (
						<FormTextField
							key={name}
							name={name}
							label={label}
							hint={hint}
							inputMode="numeric"
							autoComplete="off"
							value={current.workload[name]}
							onChange={(value) => change({ workload: { ...current.workload, [name]: value } })}
							error={inFormWords(name, errorOf(`workload.${name}`))}
						/>
					))}
				</div>
				<div>
					<Button type="submit" isPending={create.isPending}>
						<FlaskConical aria-hidden />
						Start run
					</Button>
				</div>
			</form>
		</Panel>
	);
}

/** The API has shares where the form has percentages. */
function inFormWords(name: WorkloadField, message: string | undefined) {
	return message !== undefined && name === "readShare" ? "Reads must be 0 to 100 %." : message;
}

function NoCache() {
	return (
		<Panel flush>
			<EmptyState
				icon={FlaskConical}
				title="The lab needs a cache"
				action={<ButtonLink href="/caches/create?engine=valkey">Create a Valkey cache</ButtonLink>}
			>
				Runs use an available Valkey or Redis OSS cache, and a database that Larder makes for each
				run.
			</EmptyState>
		</Panel>
	);
}
