"use client";

import type { Snapshot } from "../../../server/contract/snapshot.ts";
import { Status } from "../../_ui/status.tsx";
import { SnapshotProgress } from "./snapshot-progress.tsx";

/** A list's cell: the status, how far along it is, and why. */
export function SnapshotStatusCell({ snapshot }: { snapshot: Snapshot }) {
	const { status, statusReason } = snapshot;
	return (
		<span className="cell-stack inline-flex min-w-0 flex-col gap-1">
			<Status status={status} />
			{status === "creating" && <SnapshotProgress snapshot={snapshot} />}
			{statusReason !== null && (
				<span className="line-clamp-2 max-w-60 text-xs text-muted" title={statusReason}>
					{statusReason}
				</span>
			)}
		</span>
	);
}
