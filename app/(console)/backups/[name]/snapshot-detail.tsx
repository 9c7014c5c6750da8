"use client";

import { useQuery } from "@tanstack/react-query";
import { Archive, DatabaseBackup, Trash2 } from "lucide-react";
import { useParams, useRouter } from "next/navigation";
import { useState } from "react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { toApiProblem } from "../../../_lib/api-problem.ts";
import { engineTitle } from "../../../_lib/engines.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ActionsMenu } from "../../../_ui/actions-menu.tsx";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { Chip } from "../../../_ui/chip.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../../_ui/notices.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
import { PageSkeleton } from "../../../_ui/shell/session-gate.tsx";
import { Status } from "../../../_ui/status.tsx";
import {
	isSnapshotChanging,
	restorePath,
	SNAPSHOT_KIND_WORDS,
	snapshotPath,
} from "../snapshot-words.ts";
import { useSnapshotActions } from "../use-snapshot-actions.tsx";
import { ParametersPanel } from "./parameters-panel.tsx";
import { ShardsPanel } from "./shards-panel.tsx";
import { SnapshotFacts } from "./snapshot-facts.tsx";
import { SnapshotNotice } from "./snapshot-notice.tsx";
import { SnapshotTags } from "./snapshot-tags.tsx";

export function SnapshotDetail() {
	const trpc = useTRPC();
	const params = useParams<{ name: string }>();
	const name = decodeURIComponent(params.name);
	const query = useQuery(
		trpc.snapshots.get.queryOptions(
			{ name },
			{
				refetchInterval: ({ state }) =>
					state.data !== undefined && isSnapshotChanging(state.data) ? BUSY_POLL_MS : CALM_POLL_MS,
			},
		),
	);
	// The API refuses a name that no snapshot can have; such a snapshot is missing like any other.
	const isMissing =
		query.isError && ["not_found", "invalid_argument"].includes(toApiProblem(query.error).code);
	if (isMissing) return <MissingSnapshot name={name} wasHere={query.data !== undefined} />;
	if (query.isPending) return <PageSkeleton />;
	if (query.data === undefined) {
		return (
			<Panel flush>
				<ProblemState
					title={`${name} couldn't be loaded`}
					error={query.error}
					onRetry={() => void query.refetch()}
				/>
			</Panel>
		);
	}
	return (
		<>
			{query.isError && (
				<div className="mb-4">
					<ProblemBanner title="This page isn't up to date" error={query.error} />
				</div>
			)}
			<LoadedSnapshot snapshot={query.data} />
		</>
	);
}

function LoadedSnapshot({ snapshot }: { snapshot: Snapshot }) {
	const router = useRouter();
	const { actionsFor, dialog } = useSnapshotActions((name) => router.replace(snapshotPath(name)));
	const { name, status, kind, engine, engineVersion } = snapshot;
	return (
		<>
			<PageHeader
				{...pageHeadAt(snapshotPath(name))}
				title={<span className="break-all">{name}</span>}
				meta={
					<>
						<Status status={status} />
						<Chip>{SNAPSHOT_KIND_WORDS[kind]}</Chip>
						<Chip>{engineTitle(engine, engineVersion)}</Chip>
					</>
				}
				actions={
					<>
						{status === "available" && (
							<ForAdministrators>
								<ButtonLink href={restorePath(name)}>
									<DatabaseBackup aria-hidden />
									Restore
								</ButtonLink>
							</ForAdministrators>
						)}
						<ActionsMenu
							label="Actions"
							actions={actionsFor(snapshot).filter(({ id }) => id !== "restore")}
						/>
					</>
				}
			/>
			<SnapshotNotice snapshot={snapshot} />
			<div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_21.5rem]">
				<div className="flex min-w-0 flex-col gap-4">
					<SnapshotFacts snapshot={snapshot} />
					<ShardsPanel snapshot={snapshot} />
				</div>
				<div className="grid min-w-0 items-start gap-4 md:grid-cols-2 xl:grid-cols-1">
					<ParametersPanel snapshot={snapshot} />
					<SnapshotTags snapshot={snapshot} />
				</div>
			</div>
			{dialog}
		</>
	);
}

function MissingSnapshot({ name, wasHere }: { name: string; wasHere: boolean }) {
	// A snapshot that this page has shown and that no longer exists was deleted. The message stays while the page is open.
	const [wasDeleted] = useState(wasHere);
	return (
		<>
			<PageHeader {...pageHeadAt(snapshotPath(name))} />
			<Panel flush>
				<EmptyState
					icon={wasDeleted ? Trash2 : Archive}
					title={wasDeleted ? `${name} was deleted` : `There is no snapshot named ${name}`}
					action={<ButtonLink href="/backups">Go to all snapshots</ButtonLink>}
				>
					{wasDeleted
						? "Larder removed its files from the store."
						: "It may have been deleted, renamed or have expired, or the name may be misspelled."}
				</EmptyState>
			</Panel>
		</>
	);
}
