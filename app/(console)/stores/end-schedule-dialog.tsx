"use client";

import { useMutation } from "@tanstack/react-query";
import type { BackupSchedule } from "../../../server/contract/backup-schedule.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ConfirmDialog } from "../../_ui/confirm-dialog.tsx";
import { useStoresChanged } from "./use-stores-changed.ts";

interface EndScheduleDialogProps {
	schedule: BackupSchedule;
	onClose: () => void;
}

/** Mounted while it is open. */
export function EndScheduleDialog({ schedule, onClose }: EndScheduleDialogProps) {
	const trpc = useTRPC();
	const onChanged = useStoresChanged();
	const end = useMutation(
		trpc.controlPlane.removeBackupSchedule.mutationOptions({
			onSuccess: () => {
				onChanged();
				onClose();
			},
		}),
	);
	return (
		<ConfirmDialog
			title="End the schedule?"
			confirm="End schedule"
			isDanger
			failure="The schedule wasn't ended"
			change={end}
			onConfirm={() => end.mutate({})}
			onClose={onClose}
		>
			<p>
				The control plane makes no more backups of itself. Those in store {schedule.store} stay, and
				Larder forgets their passphrase: keep it while you may need them.
			</p>
		</ConfirmDialog>
	);
}
