"use client";

import { useQuery } from "@tanstack/react-query";
import { Archive, DatabaseBackup, Trash2 } from "lucide-react";
import { useParams, useRouter } from "next/navigation";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { isMissing } from "../../../_lib/api-problem.ts";
import { engineTitle } from "../../../_lib/engines.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ActionsMenu } from "../../../_ui/actions-menu.tsx";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { Chip } from "../../../_ui/chip.tsx";
import { DetailFrame, MissingPage } from "../../../_ui/detail-frame.tsx";
import { ForAdministrators } from "../../../_ui/for-administrators.tsx";
import { PageHeader } from "../../../_ui/page-header.tsx";
import { pageHeadAt } from "../../../_ui/shell/page-heads.ts";
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
					state.data !== undefined && isSnapshotChanging(state.data) && !isMissing(state.error)
						? BUSY_POLL_MS
						: CALM_POLL_MS,
			},
		),
	);
	return (
		<DetailFrame
			name={name}
			query={query}
			missing={(wasHere) => <MissingSnapshot name={name} wasDeleted={wasHere} />}
		>
			{(snapshot) => <LoadedSnapshot snapshot={snapshot} />}
		</DetailFrame>
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
					{snapshot.cache !== "" && <ParametersPanel snapshot={snapshot} />}
					<SnapshotTags snapshot={snapshot} />
				</div>
			</div>
			{dialog}
		</>
	);
}

function MissingSnapshot({ name, wasDeleted }: { name: string; wasDeleted: boolean }) {
	return (
		<MissingPage
			path={snapshotPath(name)}
			icon={wasDeleted ? Trash2 : Archive}
			title={wasDeleted ? `${name} was deleted` : `There is no snapshot named ${name}`}
			action={<ButtonLink href="/backups">Go to all snapshots</ButtonLink>}
		>
			{wasDeleted
				? "Larder removed its files from the store."
				: "It may have been deleted, renamed or have expired, or the name may be misspelled."}
		</MissingPage>
	);
}
