import dynamic from "next/dynamic";

/** Most visits open none of these, so each loads when it is first opened. */
export const CreateStoreDialog = dynamic(
	async () => (await import("./create-store-dialog.tsx")).CreateStoreDialog,
);
export const ModifyStoreDialog = dynamic(
	async () => (await import("./modify-store-dialog.tsx")).ModifyStoreDialog,
);
export const DeleteStoreDialog = dynamic(
	async () => (await import("./delete-store-dialog.tsx")).DeleteStoreDialog,
);
export const ScheduleDialog = dynamic(
	async () => (await import("./schedule-dialog.tsx")).ScheduleDialog,
);
export const EndScheduleDialog = dynamic(
	async () => (await import("./end-schedule-dialog.tsx")).EndScheduleDialog,
);
