"use client";

import { Button } from "@heroui/react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, FlaskConical, Link2, Square, Trash2 } from "lucide-react";
import { useParams, useRouter } from "next/navigation";
import { useState } from "react";
import type { LabRun } from "../../../../server/contract/lab.ts";
import { describeLabWorkload, labReportMarkdown } from "../../../../server/contract/lab-report.ts";
import { BUSY_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { Chip } from "../../../_ui/chip.tsx";
import { ConfirmDialog } from "../../../_ui/confirm-dialog.tsx";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { DetailFrame, MissingPage } from "../../../_ui/detail-frame.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { Banner, ProblemBanner } from "../../../_ui/notices.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { Status } from "../../../_ui/status.tsx";
import { engineWords, labPath } from "../lab-words.ts";
import { LabCharts } from "./lab-charts.tsx";
import { LabReport } from "./lab-report.tsx";

/** A run while it is under way, and its report from then on. Its address can be passed on. */
export function LabRunPage() {
	const trpc = useTRPC();
	const params = useParams<{ id: string }>();
	const id = decodeURIComponent(params.id);
	const query = useQuery(
		trpc.labRuns.get.queryOptions(
			{ id },
			{
				refetchInterval: ({ state }) => (state.data?.status === "running" ? BUSY_POLL_MS : false),
			},
		),
	);
	return (
		<DetailFrame
			name={id}
			query={query}
			missing={() => (
				<MissingPage
					path={labPath(id)}
					icon={FlaskConical}
					title={`There is no lab run ${id}`}
					action={<ButtonLink href="/lab">Go to the strategy lab</ButtonLink>}
				>
					It may have been deleted.
				</MissingPage>
			)}
		>
			{(run) => <LoadedRun run={run} />}
		</DetailFrame>
	);
}

function LoadedRun({ run }: { run: LabRun }) {
	const { id, status, statusReason, cache, engine, results } = run;
	return (
		<>
			<PageHeader
				{...pageHeadAt(labPath(id))}
				title={`Caching strategies on ${cache}`}
				description={describeLabWorkload(run).join(" · ")}
				meta={
					<>
						<Status status={status} />
						<Chip>{engineWords(engine)}</Chip>
					</>
				}
				actions={<RunActions run={run} />}
			/>
			<div className="flex flex-col gap-4">
				{status === "failed" && (
					<Banner tone="danger" title="The run failed" alerts>
						{statusReason}
					</Banner>
				)}
				{status === "stopped" && (
					<Banner tone="neutral" title={statusReason ?? "The run was stopped."}>
						The figures are those until then.
					</Banner>
				)}
				{results.length > 0 && <LabReport run={run} />}
				<LabCharts run={run} />
			</div>
		</>
	);
}

function RunActions({ run }: { run: LabRun }) {
	const trpc = useTRPC();
	const router = useRouter();
	const queryClient = useQueryClient();
	const [isDeleting, setDeleting] = useState(false);
	const { id } = run;
	const stop = useMutation(
		trpc.labRuns.stop.mutationOptions({
			onSuccess: (stopped) => queryClient.setQueryData(trpc.labRuns.get.queryKey({ id }), stopped),
		}),
	);
	const remove = useMutation(
		trpc.labRuns.delete.mutationOptions({
			onSuccess: async () => {
				await queryClient.invalidateQueries({ queryKey: trpc.labRuns.list.queryKey() });
				router.push("/lab");
			},
		}),
	);
	const isRunning = run.status === "running";
	return (
		<>
			{stop.isError && <ProblemBanner title="The run wasn't stopped" error={stop.error} />}
			{isRunning ? (
				<ForAdministrators>
					<Button variant="outline" isPending={stop.isPending} onPress={() => stop.mutate({ id })}>
						<Square aria-hidden />
						Stop run
					</Button>
				</ForAdministrators>
			) : (
				<>
					<CopyButton
						text={async () => window.location.href}
						label="Copy link to this report"
						words="Copy link"
						icon={Link2}
					/>
					<Button variant="outline" onPress={() => saveReport(run)}>
						<Download aria-hidden />
						Download report
					</Button>
					<ForAdministrators>
						<Button variant="outline" onPress={() => setDeleting(true)}>
							<Trash2 aria-hidden />
							Delete
						</Button>
					</ForAdministrators>
				</>
			)}
			{isDeleting && (
				<ConfirmDialog
					title={`Delete ${id}?`}
					confirm="Delete run"
					isDanger
					failure="The run wasn't deleted"
					change={remove}
					onConfirm={() => remove.mutate({ id })}
					onClose={() => setDeleting(false)}
				>
					<p>Links to its report stop working.</p>
				</ConfirmDialog>
			)}
		</>
	);
}

function saveReport(run: LabRun): void {
	const url = URL.createObjectURL(new Blob([labReportMarkdown(run)], { type: "text/markdown" }));
	const link = document.createElement("a");
	link.href = url;
	link.download = `${run.id}.md`;
	link.click();
	URL.revokeObjectURL(url);
}
