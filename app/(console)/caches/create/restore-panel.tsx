"use client";

import { ArrowRight, Equal } from "lucide-react";
import type { CreationPreview } from "../../../../server/contract/creation-preview.ts";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { formatBytes } from "../../../_lib/format/bytes.ts";
import { plural } from "../../../_lib/format/count.ts";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { PageLink } from "../../../_ui/page-link.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { Time } from "../../../_ui/time.tsx";
import { snapshotPath } from "../../backups/snapshot-words.ts";
import { type ComparedField, compareBuilds } from "./restore-comparison.ts";
import type { CreateForm } from "./use-create-form.ts";
import { useRestorePreview } from "./use-restore-preview.ts";

interface RestorePanelProps {
	form: CreateForm;
	snapshot: Snapshot;
}

/** What a restore keeps of the snapshot's cache, what it changes, and why it isn't possible. */
export function RestorePanel({ form, snapshot }: RestorePanelProps) {
	const { data, error } = useRestorePreview(form);
	return (
		<>
			<Panel title="What is restored">
				<p className="text-[0.8125rem] text-pretty text-muted">
					<PageLink
						href={snapshotPath(snapshot.name)}
						className="font-medium break-all text-foreground hover:underline"
					>
						{snapshot.name}
					</PageLink>
					, {snapshot.cache === "" ? "imported" : `taken of ${snapshot.cache}`}{" "}
					<Time value={snapshot.createdAt} look="relative" />
					{contentWords(snapshot)}. Larder counts the keys before the new cache is available.
				</p>
				{data?.source != null && data.cache !== null && (
					<Comparison fields={compareBuilds(data.source, data.cache)} />
				)}
				{data === undefined && error === null && (
					<BlockSkeleton className="mt-3 h-40" label="Comparing" />
				)}
			</Panel>
			{error !== null && (
				<ProblemBanner title="Larder can't tell whether this can be restored" error={error} />
			)}
			<Refusals problems={data?.problems ?? []} />
		</>
	);
}

function contentWords({ keys, bytes }: Snapshot): string {
	if (keys === null || bytes === null) return "";
	return `: ${plural(keys, "key")}, ${formatBytes(bytes)} in the store`;
}

function Refusals({ problems }: { problems: CreationPreview["problems"] }) {
	if (problems.length === 0) return null;
	return (
		<Banner tone="danger" title="This can't be restored as chosen" alerts>
			{problems.map(({ message }) => (
				<p key={message}>{asSentence(message)}</p>
			))}
		</Banner>
	);
}

/** Same and different, each with an icon and in words. */
function Comparison({ fields }: { fields: readonly ComparedField[] }) {
	const same = fields.filter(({ isSame }) => isSame);
	const different = fields.filter(({ isSame }) => !isSame);
	return (
		<div aria-live="polite" className="mt-3 grid gap-x-6 gap-y-4 text-[0.8125rem] sm:grid-cols-2">
			<section aria-label="The same">
				<h3 className="mb-1.5 flex items-center gap-1.5 font-semibold">
					<Equal aria-hidden className="size-3.5 text-muted" />
					The same
				</h3>
				<dl className="flex flex-col gap-1">
					{same.map(({ label, before }) => (
						<div key={label} className="flex justify-between gap-4">
							<dt className="shrink-0 text-muted">{label}</dt>
							<dd className="min-w-0 text-right break-words">{before}</dd>
						</div>
					))}
				</dl>
				{same.length === 0 && <p className="text-muted">Nothing but the data.</p>}
			</section>
			<section aria-label="Different">
				<h3 className="mb-1.5 flex items-center gap-1.5 font-semibold">
					<ArrowRight aria-hidden className="size-3.5 text-muted" />
					Different
				</h3>
				<dl className="flex flex-col gap-1">
					{different.map(({ label, before, after, note }) => (
						<div key={label}>
							<div className="flex justify-between gap-4">
								<dt className="shrink-0 text-muted">{label}</dt>
								<dd className="min-w-0 text-right break-words">
									{before}{" "}
									<span aria-hidden className="text-muted">
										→
									</span>{" "}
									<span className="sr-only">becomes</span>
									<span className="font-medium">{after}</span>
								</dd>
							</div>
							{note !== null && <dd className="text-xs text-pretty text-muted">{note}</dd>}
						</div>
					))}
				</dl>
				{different.length === 0 && (
					<p className="text-muted">Name, endpoints, password and whatever you set below.</p>
				)}
			</section>
		</div>
	);
}
