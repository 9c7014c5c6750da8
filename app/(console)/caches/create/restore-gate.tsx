"use client";

import { useQuery } from "@tanstack/react-query";
import { Archive } from "lucide-react";
import type { ReactNode } from "react";
import type { Snapshot } from "../../../../server/contract/snapshot.ts";
import { isMissing } from "../../../_lib/api-problem.ts";
import { CALM_POLL_MS } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { EmptyState, ProblemState } from "../../../_ui/notices.tsx";
import { type Crumb, PageHeader } from "../../../_ui/page-header.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { BlockSkeleton } from "../../../_ui/skeletons.tsx";
import { statusWord } from "../../../_ui/status.tsx";
import { snapshotPath } from "../../backups/snapshot-words.ts";

interface RestoreGateProps {
	name: string;
	head: { title: string; crumbs: readonly Crumb[] };
	/** Shows the form once the snapshot is known and can be restored. */
	children: (snapshot: Snapshot) => ReactNode;
}

/** Loads the snapshot that the address names, or says why a cache can't begin with it. */
export function RestoreGate({ name, head, children }: RestoreGateProps) {
	const trpc = useTRPC();
	const query = useQuery(
		trpc.snapshots.get.queryOptions({ name }, { refetchInterval: CALM_POLL_MS }),
	);
	const snapshot = query.data;
	if (snapshot?.status === "available") return children(snapshot);
	return (
		<>
			<PageHeader {...head} />
			{query.isPending ? (
				<BlockSkeleton className="h-72" label="Loading the snapshot" />
			) : (
				<Panel flush>
					{snapshot === undefined ? (
						<Unknown name={name} error={query.error} onRetry={() => void query.refetch()} />
					) : (
						<EmptyState
							icon={Archive}
							title={`${name} can't be restored now`}
							action={<ButtonLink href={snapshotPath(name)}>View snapshot</ButtonLink>}
						>
							It is {statusWord(snapshot.status).toLowerCase()}. A cache can begin with it only
							while it is available.
						</EmptyState>
					)}
				</Panel>
			)}
		</>
	);
}

interface UnknownProps {
	name: string;
	error: unknown;
	onRetry: () => void;
}

function Unknown({ name, error, onRetry }: UnknownProps) {
	if (isMissing(error)) {
		return (
			<EmptyState
				icon={Archive}
				title={`There is no snapshot named ${name}`}
				action={<ButtonLink href="/backups">Choose another snapshot</ButtonLink>}
			>
				It may have been deleted, renamed or have expired, or the name may be misspelled.
			</EmptyState>
		);
	}
	return <ProblemState title={`${name} couldn't be loaded`} error={error} onRetry={onRetry} />;
}
