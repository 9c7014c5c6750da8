"use client";

import type { Migration } from "../../../../../server/contract/migration.ts";
import { formatDuration } from "../../../../_lib/format/time.ts";
import { ConfirmDialog } from "../../../../_ui/confirm-dialog.tsx";
import { useMigrationChanges } from "./use-migration.ts";

interface EndDialogProps {
	migration: Migration;
	onClose: () => void;
}

/** Between the hosts and the control plane, even if the cache has everything already. */
const ROUND_TRIPS_MS = 300;

/** Says what a cut-over does and how long writes will pause. Mounted while it is open. */
export function CompleteDialog({ migration, onClose }: EndDialogProps) {
	const { cache, lagSeconds, holdsWrites, status, source } = migration;
	const { complete } = useMigrationChanges(cache, onClose);
	const pauseMs = ROUND_TRIPS_MS + (lagSeconds ?? 0) * 1_000;
	return (
		<ConfirmDialog
			title={`Let ${cache} take the place of ${source.host}:${source.port}?`}
			confirm="Complete migration"
			cancel="Not yet"
			isObstructed={status !== "replicating"}
			failure="The migration wasn't completed"
			change={complete}
			onConfirm={() => complete.mutate()}
			onClose={onClose}
		>
			<ul className="flex list-disc flex-col gap-1.5 pl-5">
				{holdsWrites === false ? (
					<li>
						<strong>Stop the source's writers first.</strong> It doesn't let Larder hold its writes,
						so the cache takes the lead once the source has been quiet for a second.
					</li>
				) : (
					<>
						<li>
							Writes will pause for about <strong>{formatDuration(pauseMs)}</strong> at the source
							and the cache, by the lag right now. Reads go on.
						</li>
						<li>If it takes longer than 15 s, the source takes writes again.</li>
						<li>
							Afterward, the source's writes stay held for five minutes. Point its clients to the
							cache in that time.
						</li>
					</>
				)}
				<li>From then on, the cache's clients can write. This can't be undone.</li>
			</ul>
		</ConfirmDialog>
	);
}

/** Mounted while it is open. */
export function CancelDialog({ migration, onClose }: EndDialogProps) {
	const { cache, status } = migration;
	const { cancel } = useMigrationChanges(cache, onClose);
	return (
		<ConfirmDialog
			title={`Cancel the migration into ${cache}?`}
			confirm="Cancel migration"
			cancel="Go on"
			isDanger
			failure="The migration wasn't canceled"
			change={cancel}
			onConfirm={() => cancel.mutate()}
			onClose={onClose}
		>
			<p>
				{status === "checking"
					? "If the source is still being checked, the cache keeps its data. Otherwise, it will be empty."
					: `${cache} will be empty, and its clients can write again. The source isn't affected.`}
			</p>
		</ConfirmDialog>
	);
}
