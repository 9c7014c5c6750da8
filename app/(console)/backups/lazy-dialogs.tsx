import dynamic from "next/dynamic";

/** Most visits open none of these, so each loads when it is first opened. */
export const CreateSnapshotDialog = dynamic(
	async () => (await import("./create-snapshot-dialog.tsx")).CreateSnapshotDialog,
);
export const ImportDialog = dynamic(async () => (await import("./import-dialog.tsx")).ImportDialog);
