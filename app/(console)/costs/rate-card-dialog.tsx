"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ENGINES } from "../../../server/contract/choices.ts";
import { type RateCardView, setRateCardInputSchema } from "../../../server/contract/rate-card.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { engineName } from "../../_lib/engines.ts";
import { asSentence } from "../../_lib/form-issues.ts";
import { useIsViewer, useNodeTypes } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Dialog } from "../../_ui/dialog.tsx";
import { Fold } from "../../_ui/fold.tsx";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { BlockSkeleton } from "../../_ui/skeletons.tsx";
import { byFamily } from "../node-types/family-label.ts";

/** Fields by their path in the rate card, as people type them. */
type Draft = Readonly<Record<string, string>>;

const RATES = [
	["nodePriceFactor", "Node price ×"],
	["perGbHour", "GB-hour"],
	["minimumGb", "Minimum GB"],
	["perMillionEcpus", "Million ECPUs"],
] as const;
const EXCHANGE_RATE = "exchangeRate";

/** Prices. Administrators edit them; others see them. */
export function RateCardDialog({ onClose }: { onClose: () => void }) {
	const trpc = useTRPC();
	// Saving sends the whole card, so it mustn't be an old one.
	const query = useQuery(
		trpc.rateCard.get.queryOptions({}, { staleTime: 0, refetchOnMount: "always" }),
	);
	const card = query.data;
	if (card === undefined) {
		return (
			<Dialog onClose={onClose} title="Rate card" size="lg" footer={null}>
				{query.isError ? (
					<ProblemState
						title="The rate card couldn't be loaded"
						error={query.error}
						onRetry={() => void query.refetch()}
					/>
				) : (
					<BlockSkeleton className="h-64" label="Loading the rate card" />
				)}
			</Dialog>
		);
	}
	return <RateCardForm card={card} onClose={onClose} />;
}

function RateCardForm({ card, onClose }: { card: RateCardView; onClose: () => void }) {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const isViewer = useIsViewer();
	const nodeTypes = useNodeTypes();
	const [draft, setDraft] = useState<Draft>({});
	const [isSubmitted, setSubmitted] = useState(false);
	const save = useMutation(
		trpc.rateCard.set.mutationOptions({
			onSuccess: async (saved) => {
				queryClient.setQueryData(trpc.rateCard.get.queryKey({}), saved);
				// Whatever shows a cost.
				await queryClient.invalidateQueries();
				toast.success("The rate card was saved. It applies from now on.");
				onClose();
			},
		}),
	);
	const written = withDraft(card, draft);
	const isNewCurrency = written.currency !== card.currency;
	const parsed = setRateCardInputSchema.safeParse(written);
	const issues = new Map(
		isSubmitted ? (parsed.error?.issues ?? []).map((issue) => issueOf(issue)) : [],
	);
	const problem = save.isError ? toApiProblem(save.error) : null;
	const bind = (path: string, present: number | string | undefined) => ({
		name: path,
		value: draft[path] ?? (present === undefined ? "" : String(present)),
		onChange: (value: string) => {
			setDraft((old) => ({ ...old, [path]: value }));
			if (save.isError) save.reset();
		},
		error: issues.get(path) ?? (problem?.field === path ? asSentence(problem.message) : undefined),
		autoComplete: "off" as const,
	});
	const fields = (
		<>
			{problem !== null && (problem.field === null || problem.field === "version") && (
				<ProblemBanner title="The rate card wasn't saved" error={save.error} />
			)}
			<p className="text-[0.8125rem] text-pretty text-muted">
				Prices apply from now on; past costs don't change. The defaults are close to AWS's on-demand
				prices in us-east-1.
			</p>
			<div className="grid items-start gap-3 sm:grid-cols-2">
				<FormTextField label="Currency" {...bind("currency", card.currency)} hint="Such as USD." />
				{isNewCurrency && (
					<FormTextField
						label={`One ${card.currency} in the new currency`}
						{...bind(EXCHANGE_RATE, undefined)}
						hint="Costs so far are converted."
					/>
				)}
			</div>
			{ENGINES.map((engine) => (
				<fieldset key={engine} className="min-w-0">
					<legend className="mb-1.5 text-sm font-semibold">{engineName(engine)}</legend>
					<div className="grid grid-cols-2 items-start gap-3 sm:grid-cols-4">
						{RATES.map(([rate, label]) => (
							<FormTextField
								key={rate}
								label={label}
								{...bind(`engines.${engine}.${rate}`, card.engines[engine][rate])}
							/>
						))}
					</div>
				</fieldset>
			))}
			<Fold
				title="Nodes"
				summary="price per hour, by node type"
				isForcedOpen={
					// Viewers couldn't open it, because all that they see here is disabled.
					isViewer || [...issues.keys(), problem?.field].some(isOfNodes)
				}
			>
				<FormTextField
					label="GiB-hour, for types without a price"
					{...bind("perGibHour", card.perGibHour)}
				/>
				{byFamily(nodeTypes.data?.items ?? []).map(([family, types]) => (
					<fieldset key={family} className="min-w-0">
						<legend className="mb-1.5 text-sm font-semibold">{family}</legend>
						<div className="grid grid-cols-2 items-start gap-3 sm:grid-cols-4">
							{types.map(({ name, hourlyCost }) => (
								<FormTextField
									key={name}
									label={name.replace(/^cache\./, "")}
									{...bind(`nodeTypes.${name}`, card.nodeTypes[name])}
									placeholder={String(Number(hourlyCost.toFixed(5)))}
								/>
							))}
						</div>
					</fieldset>
				))}
			</Fold>
		</>
	);
	if (isViewer) {
		return (
			<Dialog
				onClose={onClose}
				title="Rate card"
				size="lg"
				footer={
					<Button variant="outline" onPress={onClose}>
						Close
					</Button>
				}
			>
				<p className="text-[0.8125rem] text-muted">Only administrators can change prices.</p>
				<fieldset disabled className="flex flex-col gap-4">
					{fields}
				</fieldset>
			</Dialog>
		);
	}
	return (
		<FormDialog
			onClose={onClose}
			title="Rate card"
			action="Save rate card"
			size="lg"
			isDisabled={Object.keys(draft).length === 0}
			isPending={save.isPending}
			onSubmit={() => {
				setSubmitted(true);
				if (parsed.success) save.mutate(parsed.data);
			}}
		>
			{fields}
		</FormDialog>
	);
}

function isOfNodes(path: string | null | undefined): boolean {
	return path === "perGibHour" || path?.startsWith("nodeTypes.") === true;
}

/** A field's path, and what is wrong with it. */
function issueOf({ path, message }: { path: readonly PropertyKey[]; message: string }) {
	const field = path.map(String).join(".");
	return [field, field === "currency" ? asSentence(message) : numberWords(field)] as const;
}

function numberWords(field: string): string {
	return field === EXCHANGE_RATE
		? "Enter a number above 0, up to 1,000,000."
		: "Enter a number from 0 to 1,000,000.";
}

/** The card with what was typed; text that isn't a number is left for the schema to refuse. */
function withDraft(card: RateCardView, draft: Draft): RateCardView & { exchangeRate?: number } {
	const next: RateCardView & { exchangeRate?: number } = structuredClone(card);
	for (const [path, text] of Object.entries(draft)) {
		const value = text.trim() === "" ? Number.NaN : Number(text);
		const [area = "", engine = "", rate = ""] = path.split(".");
		if (area === "currency") next.currency = text.trim().toUpperCase();
		else if (area === EXCHANGE_RATE) next.exchangeRate = value;
		else if (area === "perGibHour") next.perGibHour = value;
		else if (area === "nodeTypes") {
			const name = path.slice("nodeTypes.".length);
			// Without a price of its own, a type is priced by its memory.
			if (text.trim() === "") delete next.nodeTypes[name];
			else next.nodeTypes[name] = value;
		} else {
			for (const known of ENGINES) {
				for (const [name] of RATES) {
					if (known === engine && name === rate) next.engines[known][name] = value;
				}
			}
		}
	}
	if (next.currency === card.currency) delete next.exchangeRate;
	else next.exchangeRate ??= Number.NaN;
	return next;
}
