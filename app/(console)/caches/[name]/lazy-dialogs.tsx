import dynamic from "next/dynamic";

/** Dialogs of which a visit opens one at most: each comes when it is opened first. */
export const DeleteDialog = dynamic(async () => (await import("./delete-dialog.tsx")).DeleteDialog);
export const FailoverDialog = dynamic(
	async () => (await import("./failover-dialog.tsx")).FailoverDialog,
);
export const ModifyDialog = dynamic(async () => (await import("./modify-dialog.tsx")).ModifyDialog);
export const RebootDialog = dynamic(async () => (await import("./reboot-dialog.tsx")).RebootDialog);
