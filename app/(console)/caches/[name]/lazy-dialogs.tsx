import dynamic from "next/dynamic";

/** Most visits open at most one of these dialogs, so each loads when it is first opened. */
export const DeleteDialog = dynamic(async () => (await import("./delete-dialog.tsx")).DeleteDialog);
export const FailoverDialog = dynamic(
	async () => (await import("./failover-dialog.tsx")).FailoverDialog,
);
export const LimitsDialog = dynamic(
	async () => (await import("./serverless/limits-dialog.tsx")).LimitsDialog,
);
export const MoveInDialog = dynamic(
	async () => (await import("./migration/move-in-dialog.tsx")).MoveInDialog,
);
export const MoveDialog = dynamic(async () => (await import("./move-dialog.tsx")).MoveDialog);
export const RemoveDialog = dynamic(async () => (await import("./remove-dialog.tsx")).RemoveDialog);
export const RebootDialog = dynamic(async () => (await import("./reboot-dialog.tsx")).RebootDialog);
export const SlotsDialog = dynamic(async () => (await import("./slots-dialog.tsx")).SlotsDialog);
