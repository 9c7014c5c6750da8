"use client";

import { Copy, DatabaseBackup, Pencil, Tags, Trash2, Upload } from "lucide-react";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import type { Snapshot } from "../../../server/contract/snapshot.ts";
import type { MenuAction } from "../../_ui/actions-menu.tsx";
import { statusWord } from "../../_ui/status.tsx";
import { restorePath } from "./snapshot-words.ts";

const CopyDialog = dynamic(async () => (await import("./name-dialogs.tsx")).CopyDialog);
const ExportDialog = dynamic(async () => (await import("./export-dialog.tsx")).ExportDialog);
const RenameDialog = dynamic(async () => (await import("./name-dialogs.tsx")).RenameDialog);
const TagsDialog = dynamic(async () => (await import("./tags-dialog.tsx")).TagsDialog);
const DeleteDialog = dynamic(
	async () => (await import("./delete-snapshot-dialog.tsx")).DeleteSnapshotDialog,
);

const DIALOGS = {
	copy: CopyDialog,
	export: ExportDialog,
	rename: RenameDialog,
	tags: TagsDialog,
	delete: DeleteDialog,
} as const;

/** Why its data can't be used; null if it can. */
function obstacleToUse({ status }: Snapshot): string | null {
	return status === "available"
		? null
		: `Possible once the snapshot is available. It is ${statusWord(status).toLowerCase()}.`;
}

interface SnapshotActions {
	actionsFor(snapshot: Snapshot): MenuAction[];
	/** The dialog that is open. */
	dialog: ReactNode;
}

/** What can be done with a snapshot, wherever it is listed. */
export function useSnapshotActions(onRenamed?: (name: string) => void): SnapshotActions {
	const router = useRouter();
	const [open, setOpen] = useState<{ name: keyof typeof DIALOGS; snapshot: Snapshot } | null>(null);
	const actionsFor = (snapshot: Snapshot): MenuAction[] => {
		const obstacle = obstacleToUse(snapshot);
		const leaving = snapshot.status === "deleting" ? "It is being deleted." : null;
		const ask = (name: keyof typeof DIALOGS) => () => setOpen({ name, snapshot });
		return [
			{
				...{ id: "restore", label: "Restore", icon: DatabaseBackup, obstacle },
				run: () => router.push(restorePath(snapshot.name)),
			},
			{ id: "copy", label: "Copy", icon: Copy, obstacle, run: ask("copy") },
			{ id: "export", label: "Export", icon: Upload, obstacle, run: ask("export") },
			{ id: "rename", label: "Rename", icon: Pencil, obstacle: leaving, run: ask("rename") },
			{ id: "tags", label: "Edit tags", icon: Tags, obstacle: leaving, run: ask("tags") },
			{
				...{ id: "delete", label: "Delete", icon: Trash2, isDanger: true, obstacle: leaving },
				run: ask("delete"),
			},
		];
	};
	const Dialog = open === null ? null : DIALOGS[open.name];
	const dialog =
		open === null || Dialog === null ? null : (
			<Dialog
				snapshot={open.snapshot}
				onClose={() => setOpen(null)}
				{...(onRenamed === undefined ? {} : { onRenamed })}
			/>
		);
	return { actionsFor, dialog };
}
