"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import {
	type BackupSchedule,
	setBackupScheduleInputSchema,
} from "../../../server/contract/backup-schedule.ts";
import { firstIssues } from "../../_lib/form-issues.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormDialog } from "../../_ui/form-dialog.tsx";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { StepperField } from "../../_ui/stepper-field.tsx";
import { StoreField, useStores } from "../backups/store-field.tsx";
import { useStoresChanged } from "./use-stores-changed.ts";

interface ScheduleDialogProps {
	/** Null for none yet. */
	schedule: BackupSchedule | null;
	onClose: () => void;
}

/** When and where the control plane backs itself up. Mounted while it is open. */
export function ScheduleDialog({ schedule, onClose }: ScheduleDialogProps) {
	const trpc = useTRPC();
	const onChanged = useStoresChanged();
	const stores = useStores();
	const [store, setStore] = useState(schedule?.store ?? "");
	const [everyHours, setEveryHours] = useState(schedule?.everyHours ?? 24);
	const [keep, setKeep] = useState(schedule?.keep ?? 14);
	const [passphrase, setPassphrase] = useState("");
	const [repeated, setRepeated] = useState("");
	const set = useMutation(
		trpc.controlPlane.setBackupSchedule.mutationOptions({
			gcTime: 0,
			onSuccess: () => {
				onChanged();
				onClose();
			},
		}),
	);
	const input = { store, everyHours, keep, ...(passphrase !== "" && { passphrase }) };
	const parsed = setBackupScheduleInputSchema.safeParse(input);
	const issues = firstIssues(parsed.error);
	const isMissing = schedule === null && passphrase === "";
	const isLocal = stores.some(({ name, isDefault }) => isDefault && name === store);
	return (
		<FormDialog
			onClose={onClose}
			title={schedule === null ? "Back up the control plane" : "Change the schedule"}
			action={schedule === null ? "Set schedule" : "Save schedule"}
			isDisabled={!parsed.success || isMissing || passphrase !== repeated}
			isPending={set.isPending}
			onSubmit={() => {
				if (parsed.success) set.mutate(parsed.data);
			}}
		>
			{set.isError && <ProblemBanner title="The schedule wasn't changed" error={set.error} />}
			<StoreField value={store} onChange={setStore} />
			{isLocal && (
				<p className="text-[0.8125rem] text-warning-soft-foreground">
					This store is on the control plane's own disk, and would be lost with it. Choose one that
					is elsewhere.
				</p>
			)}
			<div className="grid gap-4 sm:grid-cols-2">
				<StepperField
					label="Hours between backups"
					name="everyHours"
					value={everyHours}
					min={1}
					max={168}
					onChange={setEveryHours}
				/>
				<StepperField
					label="Backups to keep"
					name="keep"
					value={keep}
					min={1}
					max={365}
					onChange={setKeep}
					hint="Older ones are deleted after each new one."
				/>
			</div>
			<FormTextField
				label="Passphrase"
				name="passphrase"
				type="password"
				value={passphrase}
				onChange={setPassphrase}
				autoComplete="new-password"
				error={passphrase === "" ? undefined : issues.get("passphrase")}
				hint={
					schedule === null
						? "Encrypts each backup. Keep it elsewhere too: without it, no backup can be restored."
						: "Leave it empty to keep the one that is set. Earlier backups keep theirs."
				}
			/>
			{passphrase !== "" && (
				<FormTextField
					label="Passphrase again"
					name="repeated"
					type="password"
					value={repeated}
					onChange={setRepeated}
					autoComplete="new-password"
					error={
						repeated !== "" && repeated !== passphrase ? "The two passphrases differ." : undefined
					}
				/>
			)}
		</FormDialog>
	);
}
